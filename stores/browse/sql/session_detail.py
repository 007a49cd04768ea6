"""One session: its row, family, snapshots, transcript window and the place of a call in it."""

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from stores.browse.calls import call_from_columns
from stores.browse.json_text import to_text
from stores.browse.records import ChildSession, SnapshotRow, ToolCall
from stores.browse.sql.reading import Reading, Row, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import Schema
from stores.browse.sql.session_rows import lineage_of, relation_of
from stores.browse.sql.tool_calls import CALL_COLUMNS, call_columns, columns_of
from stores.browse.sql.where import Where
from stores.browse.times import ms_from_iso
from stores.browse.transcript import RawMessage

__all__ = [
    "calls_by_id",
    "calls_of_session",
    "children_of",
    "message_bounds",
    "messages_between",
    "seq_back",
    "seq_of_call",
    "seqs_from",
    "snapshot_names",
    "snapshots_of",
]

#: A message above this is shown by its start; the whole is a download.
WHOLE_MESSAGE_BYTES: Final = 2 * 1024 * 1024
CUT_MESSAGE_CHARS: Final = 64 * 1024
_IDS_PER_STATEMENT: Final = 200
_CHILDREN: Final = 200
_COPY_SUFFIX: Final = re.compile(r"_fork_\d+\Z")


def message_bounds(
    reading: Reading, schema: Schema, agent_id: str
) -> tuple[int, int | None, int | None]:
    """Return the number of messages, the first and the last seq, from the index alone."""
    # Each part is a walk of the index by itself; asked together, every entry would be looked at.
    of_session = "FROM messages WHERE agent_id = :agent_id"
    whole = schema.numbered("seq")
    statement = f"""
        SELECT (SELECT count(*) {of_session} AND {schema.numbered("seq", in_index=True)}),
               (SELECT seq {of_session} AND {whole} ORDER BY seq LIMIT 1),
               (SELECT seq {of_session} AND {whole} ORDER BY seq DESC LIMIT 1)
    """
    count, first, last = reading.fetch(statement, {"agent_id": agent_id})[0]
    return count, first, last


def seqs_from(reading: Reading, schema: Schema, agent_id: str, first: int, rows: int) -> list[int]:
    """Return up to so many stored numbers from one on, in order, from the index alone."""
    statement = f"""
        SELECT seq FROM messages
        WHERE agent_id = :agent_id AND seq >= :first AND {schema.numbered("seq")}
        ORDER BY seq LIMIT :rows
    """
    params = {"agent_id": agent_id, "first": first, "rows": rows}
    return [row[0] for row in reading.fetch(statement, params)]


def seq_back(reading: Reading, schema: Schema, agent_id: str, last: int, rows: int) -> int:
    """Return the first of so many stored numbers that end at one."""
    statement = f"""
        SELECT min(seq) FROM (
            SELECT seq FROM messages
            WHERE agent_id = :agent_id AND seq <= :last AND {schema.numbered("seq")}
            ORDER BY seq DESC LIMIT :rows
        ) AS back
    """
    params = {"agent_id": agent_id, "last": last, "rows": rows}
    found = reading.fetch(statement, params)[0][0]
    return last if found is None else int(found)


def messages_between(
    reading: Reading, schema: Schema, agent_id: str, first: int, last: int
) -> list[RawMessage]:
    """Return messages by seq, both ends included; a large one by its start only."""
    role = schema.column("messages", "role")
    source, content, size = schema.stored("messages", "content")
    columns = f"""
        seq, {role}, {size},
        CASE WHEN {size} <= {WHOLE_MESSAGE_BYTES} THEN {content}
             ELSE substr({content}, 1, {CUT_MESSAGE_CHARS}) END
    """
    statement = f"""
        SELECT {columns} FROM {source}
        WHERE agent_id = :agent_id AND seq BETWEEN :first AND :last
        ORDER BY seq
    """
    params = {"agent_id": agent_id, "first": first, "last": last}
    try:
        return [_raw_message(row) for row in reading.fetch(statement, params)]
    except (StatementTimeout, RowTooLarge):
        if first == last:
            return [RawMessage(first, "", None, MAX_UNREAD, is_cut=True)]
    middle = (first + last) // 2
    return [
        *messages_between(reading, schema, agent_id, first, middle),
        *messages_between(reading, schema, agent_id, middle + 1, last),
    ]


#: Size given to a message that could not be read at all: above every limit.
MAX_UNREAD: Final = 64 * 1024 * 1024


def _raw_message(row: Row) -> RawMessage:
    seq, role, size, content = row
    content = content if content is None or isinstance(content, str | bytes) else str(content)
    raw = getattr(content, "raw", content)
    return RawMessage(
        seq, to_text(role)[0], raw, size or 0, is_cut=(size or 0) > WHOLE_MESSAGE_BYTES
    )


def calls_by_id(reading: Reading, schema: Schema, ids: Iterable[str]) -> dict[str, ToolCall]:
    """Return calls by id without their inputs, of any session; unknown ids are left out."""
    wanted, calls = list(dict.fromkeys(ids)), {}
    for start in range(0, len(wanted), _IDS_PER_STATEMENT):
        part = wanted[start : start + _IDS_PER_STATEMENT]
        params = {f"i{index}": value for index, value in enumerate(part)}
        marks = ", ".join(f":{name}" for name in params)
        calls.update(_calls(reading, schema, f"id IN ({marks})", params))
    return calls


def calls_of_session(
    reading: Reading, schema: Schema, agent_id: str, *, limit: int = 2000
) -> dict[str, ToolCall]:
    """Return the calls that belong to one session, by id, without their inputs."""
    condition = "agent_id = :agent_id LIMIT :limit"
    return _calls(reading, schema, condition, {"agent_id": agent_id, "limit": limit})


def _calls(
    reading: Reading, schema: Schema, condition: str, params: dict[str, Any]
) -> dict[str, ToolCall]:
    # The input is in the transcript's tool_use block already, so it is not read twice.
    columns = {
        name: f"substr({column}, 1, {CUT_MESSAGE_CHARS})" if name in ("result", "error") else column
        for name, column in zip(CALL_COLUMNS, call_columns(schema), strict=True)
        if name != "input"
    }
    columns["result_size"] = schema.size("tool_calls", "result")
    statement = f"""
        SELECT {", ".join(columns.values())} FROM tool_calls WHERE {condition}
    """
    try:
        rows = reading.fetch(statement, params)
    except (StatementTimeout, RowTooLarge):
        return {}
    names = tuple(columns)
    calls = (call_from_columns(columns_of(names, row)) for row in rows)
    return {call.id: call for call in calls}


def children_of(
    reading: Reading, schema: Schema, agent_id: str, *, whole: bool
) -> tuple[tuple[ChildSession, ...], bool]:
    """Return sessions whose direct parent this is, and whether all were looked for.

    Forks are found by their ids; others only by reading every lineage, which in a large store is
    done for the ``whole`` answer alone and may still not end within the limit.
    """
    lineage = schema.column("agents", "lineage")
    parent = schema.member("agents", "metadata", "metadata", "parentAgentId")
    template = schema.column("agents", "template_id")
    created = schema.column("agents", "created_at")
    head = f"""
        SELECT agent_id, {template}, {created}, {lineage},
               {schema.if_json("agents", "metadata", parent)}
        FROM agents
    """
    nested = f"{head} WHERE {schema.below('agents', ':id')} LIMIT {_CHILDREN}"
    rows = reading.fetch(nested, {"id": agent_id})
    is_complete = whole or schema.is_family_quick(reading)
    try:
        where = Where()
        where.add(schema.child(agent_id, where))
        others = f"{head} WHERE {where} LIMIT {_CHILDREN}"
        rows += reading.fetch(others, where.params) if is_complete else []
    except (StatementTimeout, RowTooLarge):
        is_complete = False
    found = {}
    for child_id, template_id, created_at, stored, parent_id in rows:
        ancestors = lineage_of(stored)[0]
        if child_id != agent_id and ancestors and ancestors[-1] == agent_id:
            found[child_id] = ChildSession(
                to_text(child_id)[0],
                to_text(template_id)[0],
                relation_of(to_text(child_id)[0], ancestors, parent_id),
                ms_from_iso(created_at),
            )
    return tuple(sorted(found.values(), key=lambda child: child.created_at or 0)), is_complete


def snapshot_names(reading: Reading, schema: Schema, agent_id: str) -> tuple[SnapshotRow, ...]:
    """Return the snapshots by name alone, from the index: their rows may be many megabytes."""
    if not schema.has("snapshots"):
        return ()
    statement = "SELECT snapshot_id FROM snapshots WHERE agent_id = :agent_id LIMIT 500"
    rows = reading.fetch(statement, {"agent_id": agent_id})
    return tuple(SnapshotRow(to_text(row[0])[0], None, None, None) for row in rows)


def snapshots_of(reading: Reading, schema: Schema, agent_id: str) -> tuple[SnapshotRow, ...]:
    """Return the snapshots without their messages, oldest first; sizes only when cheap."""
    if not schema.has("snapshots"):
        return ()
    index = schema.column("snapshots", "last_sfp_index")
    created = schema.column("snapshots", "created_at")
    size = schema.size("snapshots", "messages")
    rows: Sequence[Row] = ()
    for column in (size, "NULL"):
        statement = f"""
            SELECT snapshot_id, {created}, {index}, {column}
            FROM snapshots WHERE agent_id = :agent_id ORDER BY {created}, snapshot_id LIMIT 500
        """
        try:
            rows = reading.fetch(statement, {"agent_id": agent_id})
        except (StatementTimeout, RowTooLarge):
            continue
        break
    return tuple(
        SnapshotRow(
            to_text(snapshot_id)[0],
            ms_from_iso(created_at),
            sfp if isinstance(sfp, int) else None,
            bytes_ if isinstance(bytes_, int) else None,
        )
        for snapshot_id, created_at, sfp, bytes_ in rows
    )


def seq_of_call(reading: Reading, schema: Schema, agent_id: str, call_id: str) -> int | None:
    """Return the seq of the message whose tool_use block has this id.

    A copied call's block keeps the id of its source. Large sessions are searched a part at a time.
    """
    _count, first, _last = message_bounds(reading, schema, agent_id)
    condition, sought = schema.holds_call(_COPY_SUFFIX.sub("", call_id))
    statement = f"""
        SELECT seq FROM messages
        WHERE agent_id = :agent_id AND seq BETWEEN :first AND :last
          AND {condition}
        ORDER BY seq LIMIT 1
    """
    step = 500
    while first is not None:
        # By rows, not by numbers: between two stored numbers may lie any distance.
        seqs = seqs_from(reading, schema, agent_id, first, step + 1)
        if not seqs:
            return None
        params = {"agent_id": agent_id, "first": seqs[0], "last": seqs[:step][-1]}
        try:
            rows = reading.fetch(statement, {**params, "call_id": sought})
        except (StatementTimeout, RowTooLarge):
            if step > 1:
                step = max(1, step // 4)
                continue
            rows = []
        if rows:
            return int(rows[0][0])
        first = seqs[step] if len(seqs) > step else None
    return None
