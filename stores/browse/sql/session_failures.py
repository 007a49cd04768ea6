"""The calls of one session: how many ended how, and those that did not succeed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from stores.browse.json_text import to_text
from stores.browse.records import ToolCallRow
from stores.browse.sql.reading import Reading, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import Schema
from stores.browse.sql.tool_calls import call_order
from stores.browse.sql.walk import Source, walk
from stores.browse.sql.where import Where

__all__ = ["NOT_COUNTED", "CallCounts", "calls_of"]

#: So many are stepped through with "next failure".
FAILURES: Final = 500
_MOST_UNSUCCESSFUL: Final = 5_000
_FAILED_STATES: Final = frozenset({"FAILED", "DENIED", "SEALED"})
_FAILURE_COLUMNS: Final = ("id", "agent_id", "name", "state", "is_error", "created_at")


@dataclass(frozen=True)
class CallCounts:
    """How many calls a session has, and how many of them by state; None where not counted."""

    total: int | None = 0
    failed: int | None = 0
    denied: int | None = 0
    sealed: int | None = 0
    awaiting: int | None = 0

    @classmethod
    def of_states(cls, states: Mapping[str, int], total: int | None = None) -> "CallCounts":
        """Take the numbers by upper-case state; ``total`` where not all states are there."""
        return cls(
            sum(states.values()) if total is None else total,
            states.get("FAILED", 0),
            states.get("DENIED", 0),
            states.get("SEALED", 0),
            states.get("APPROVAL_REQUIRED", 0),
        )


NOT_COUNTED: Final = CallCounts(None, None, None, None, None)


def calls_of(
    reading: Reading, schema: Schema, agent_id: str
) -> tuple[CallCounts | None, tuple[ToolCallRow, ...]]:
    """Return the counts of a session's calls and those that did not succeed, oldest first.

    Both come from one reading of the calls that are not completed, the total from the index
    alone. The counts are None where that takes too long; the failures are then looked for a part
    at a time.
    """
    if not schema.has("tool_calls", "state"):
        return None, ()
    columns = ", ".join(schema.column("tool_calls", name) for name in _FAILURE_COLUMNS)
    state = schema.unindexed("state")
    statement = f"""
        SELECT {columns}, (SELECT count(*) FROM tool_calls WHERE agent_id = :agent_id)
        FROM tool_calls
        WHERE agent_id = :agent_id AND {state} NOT IN ('COMPLETED', 'completed')
        ORDER BY {schema.sort_key("tool_calls", "created_at", "0")}, {schema.tie("tool_calls")}
        LIMIT :most
    """
    params = {"agent_id": agent_id, "most": _MOST_UNSUCCESSFUL}
    try:
        rows = reading.fetch(statement, params)
    except (StatementTimeout, RowTooLarge):
        rows = []
    else:
        if len(rows) < _MOST_UNSUCCESSFUL:
            return _counted(reading, agent_id, rows)
    return None, _walked(reading, schema, agent_id)


def _counted(
    reading: Reading, agent_id: str, rows: Sequence[Sequence[Any]]
) -> tuple[CallCounts | None, tuple[ToolCallRow, ...]]:
    found = [_failure(row) for row in rows]
    states = Counter(row.state for row in found)
    if rows:
        total = rows[0][-1]
    else:
        statement = "SELECT count(*) FROM tool_calls WHERE agent_id = :agent_id"
        try:
            total = reading.fetch(statement, {"agent_id": agent_id})[0][0]
        except (StatementTimeout, RowTooLarge):
            return None, ()
    failures = [row for row in found if row.state in _FAILED_STATES]
    return CallCounts.of_states(states, total), tuple(failures[:FAILURES])


def _walked(reading: Reading, schema: Schema, agent_id: str) -> tuple[ToolCallRow, ...]:
    where = Where()
    where.one_session("tool_calls", agent_id)
    state = schema.unindexed("tool_calls.state")
    where.add(f"{state} IN ('FAILED', 'DENIED', 'SEALED', 'failed', 'denied', 'sealed')")
    order = call_order(schema, "created")
    columns = tuple(schema.column("tool_calls", name) for name in _FAILURE_COLUMNS)
    source = Source("tool_calls", schema.key("tool_calls"), columns, columns)
    found = walk(reading, source, where, order, start=None, limit=FAILURES, budget_ms=50)
    return tuple(_failure(row) for row in found.rows)


def _failure(row: Sequence[Any]) -> ToolCallRow:
    """Return a call without payloads; there may be hundreds on a page, so nothing is decoded."""
    call_id, agent_id, name, state, is_error, created_at = row[: len(_FAILURE_COLUMNS)]
    return ToolCallRow(
        id=to_text(call_id)[0],
        agent_id=to_text(agent_id)[0],
        name=to_text(name)[0],
        state=to_text(state)[0].upper(),
        is_error=is_error == 1,
        input_preview="",
        result_preview="",
        result_size_bytes=None,
        error=None,
        created_at=created_at if isinstance(created_at, int) else None,
        duration_ms=None,
    )
