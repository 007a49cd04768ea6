"""Fill the rows of the session list: counts of calls, first words, forks, live status.

Each of these is one short statement for the whole page. One that reaches its time limit leaves
its column unknown, which the page shows as a dash, never as zero.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final, Protocol

from stores.browse.json_text import parse_json, to_text
from stores.browse.previews import first_human_text
from stores.browse.records import SessionRow, SessionStatus
from stores.browse.sql.reading import Reading, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import Schema
from stores.browse.sql.session_failures import NOT_COUNTED, CallCounts
from stores.browse.sql.sessions import ROW_COLUMNS
from stores.browse.sql.tool_calls import columns_of
from stores.browse.times import ms_from_iso

__all__ = [
    "LiveStatus",
    "awaiting_sessions",
    "fill_session_rows",
    "lineage_of",
    "relation_of",
    "session_row",
    "with_status",
]

_FIRST_MESSAGES: Final = 4
_PREFIX_CHARS: Final = 800


class LiveStatus(Protocol):
    """What the file half tells about a session."""

    def live_status(
        self, agent_id: str, *, now_ms: int, message_count: int | None, awaiting_count: int | None
    ) -> tuple[SessionStatus, int | None]:
        """Return the status and since when, from the end of the session's logs."""
        ...


def session_row(row: Sequence[Any]) -> SessionRow:
    """Return the record of one row of ``session_source``, as far as the row itself tells."""
    columns = columns_of(ROW_COLUMNS, row)
    problems = [
        f"{name} is not UTF-8 text"
        for name in ("agent_id", "template_id", "created_at")
        if not to_text(columns[name])[1]
    ]
    agent_id = to_text(columns["agent_id"])[0]
    created_at = ms_from_iso(columns["created_at"])
    if created_at is None:
        problems.append("created_at is not a time")
    lineage, lineage_problem = lineage_of(columns["lineage"])
    if lineage_problem:
        problems.append(lineage_problem)
    count = columns["message_count"]
    if not isinstance(count, int):
        problems.append("message_count is not a number")
    return SessionRow(
        agent_id=agent_id,
        template_id=to_text(columns["template_id"])[0],
        created_at=created_at,
        active_at=ms_from_iso(columns["updated_at"]) or created_at,
        message_count=count if isinstance(count, int) else None,
        relation=relation_of(agent_id, lineage, columns["parent_id"]),
        parent_id=lineage[-1] if lineage else None,
        problems=tuple(problems),
    )


def lineage_of(stored: Any) -> tuple[tuple[str, ...], str | None]:
    """Return the ancestors, oldest first, and what was wrong with the stored value, if anything."""
    if stored is None:
        return (), None
    value, problem = parse_json(to_text(stored)[0])
    if problem or not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        return (), "lineage is not a list of ids"
    return tuple(value), None


def relation_of(agent_id: str, lineage: Sequence[str], parent_id: Any) -> str:
    """Tell forks, sub-agents and copies apart: they differ in id and a mark (kode-store 8.6)."""
    if not lineage:
        return "root"
    if agent_id.startswith(f"{lineage[-1]}/"):
        return "fork"
    return "sub-agent" if parent_id else "copy"


def fill_session_rows(
    reading: Reading,
    schema: Schema,
    rows: Sequence[SessionRow],
    files: LiveStatus | None,
    now_ms: int,
    calls: Mapping[str, CallCounts] | None = None,
) -> tuple[SessionRow, ...]:
    """Return the rows with everything that is not in their own row.

    ``calls`` are the counts by session where they are known already.
    """
    ids = [row.agent_id for row in rows]
    if not ids:
        return ()
    if calls is None:
        calls = _count_calls(reading, schema, ids)
    texts = _first_texts(reading, schema, ids)
    forks = _count_forks(reading, schema, ids)
    filled = []
    for row in rows:
        counts = NOT_COUNTED if calls is None else calls.get(row.agent_id, CallCounts())
        status, status_at = _status_of(row, counts.awaiting, files, now_ms)
        filled.append(
            replace(
                row,
                first_text=texts.get(row.agent_id, ""),
                call_count=counts.total,
                failed_count=counts.failed,
                denied_count=counts.denied,
                sealed_count=counts.sealed,
                awaiting_count=counts.awaiting,
                fork_count=None if forks is None else forks.get(row.agent_id, 0),
                status=status,
                status_at=status_at,
            )
        )
    return tuple(filled)


def awaiting_sessions(reading: Reading, schema: Schema) -> dict[str, int]:
    """Return how many calls wait for approval, by session; empty when that takes too long."""
    state = schema.column("tool_calls", "state")
    statement = f"""
        SELECT agent_id, count(*) FROM tool_calls
        WHERE {state} IN ('APPROVAL_REQUIRED', 'approval_required')
        GROUP BY agent_id LIMIT 5000
    """
    try:
        return {str(agent_id): count for agent_id, count in reading.fetch(statement)}
    except (StatementTimeout, RowTooLarge):
        return {}


def with_status(row: SessionRow, files: LiveStatus | None, now_ms: int) -> SessionRow:
    """Return the row with what the session is doing now, as far as its files tell."""
    status, status_at = _status_of(row, row.awaiting_count, files, now_ms)
    return replace(row, status=status, status_at=status_at)


def _status_of(
    row: SessionRow, awaiting_count: int | None, files: LiveStatus | None, now_ms: int
) -> tuple[SessionStatus, int | None]:
    if files is None:
        return (SessionStatus.AWAITING if awaiting_count else SessionStatus.UNKNOWN), None
    return files.live_status(
        row.agent_id,
        now_ms=now_ms,
        message_count=row.message_count,
        awaiting_count=awaiting_count,
    )


def _in_list(ids: Iterable[str]) -> tuple[str, dict[str, Any]]:
    params = {f"i{index}": value for index, value in enumerate(ids)}
    return f"({', '.join(f':{name}' for name in params)})", params


def _count_calls(reading: Reading, schema: Schema, ids: list[str]) -> dict[str, CallCounts] | None:
    marks, params = _in_list(ids)
    state = schema.column("tool_calls", "state")
    statement = f"""
        SELECT agent_id, {state}, count(*)
        FROM tool_calls
        WHERE agent_id IN {marks}
        GROUP BY agent_id, {state}
    """
    try:
        rows = reading.fetch(statement, params)
    except (StatementTimeout, RowTooLarge):
        return None
    totals: dict[str, Counter[str]] = defaultdict(Counter)
    for agent_id, name, count in rows:
        totals[str(agent_id)][str(name).upper()] += count
    return {agent_id: CallCounts.of_states(states) for agent_id, states in totals.items()}


def _first_texts(reading: Reading, schema: Schema, ids: list[str]) -> dict[str, str]:
    """Return the first words of a person in each session: message 0 is often a reminder."""
    marks, params = _in_list(ids)
    content = schema.head("messages", "content", _PREFIX_CHARS)
    role = schema.unindexed(schema.column("messages", "role"))
    statement = f"""
        SELECT agent_id, {content}
        FROM messages
        WHERE agent_id IN {marks} AND seq < {_FIRST_MESSAGES} AND {role} = 'user'
        ORDER BY agent_id, seq
    """
    texts: dict[str, str] = {}
    try:
        rows = reading.fetch(statement, params)
    except (StatementTimeout, RowTooLarge):
        return texts
    for agent_id, prefix in rows:
        if agent_id not in texts and (text := first_human_text(prefix)):
            texts[str(agent_id)] = text
    return texts


def _count_forks(reading: Reading, schema: Schema, ids: list[str]) -> dict[str, int] | None:
    """Count the forks below each session, forks of forks included, by the range of their ids."""
    params = {f"i{index}": value for index, value in enumerate(ids)}
    parts = [
        f"SELECT :{name} AS agent_id, (SELECT count(*) FROM agents "
        f"WHERE {schema.below('agents', f':{name}')}) AS forks"
        for name in params
    ]
    counts: dict[str, int] = {}
    try:
        for start in range(0, len(parts), _COMPOUND_PARTS):
            statement = " UNION ALL ".join(parts[start : start + _COMPOUND_PARTS])
            names = [f"i{index}" for index in range(start, min(start + _COMPOUND_PARTS, len(ids)))]
            for agent_id, forks in reading.fetch(statement, {name: params[name] for name in names}):
                counts[str(agent_id)] = int(forks)
    except (StatementTimeout, RowTooLarge):
        return None
    return counts


_COMPOUND_PARTS: Final = 200
