"""The filters of the agent store as statements that take the right index.

The SDK never runs ANALYZE, so SQLite would take an equality index even for a value that half of
the rows have and sort them all; a short look decides that here. Rows that have to be sorted or
passed over are found by rowid first, so that neither touches a payload.
"""

from collections.abc import Sequence
from typing import Any, Final

from stores.backends.sqlite.agent_database import AgentDatabase
from stores.browse.times import iso_from_ms
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import Message, ToolCallRecord
from stores.kode.results import SessionInfo
from stores.kode.row_values import column_text, readable
from stores.kode.rows import (
    CALL_COLUMNS,
    MESSAGE_COLUMNS,
    SESSION_COLUMNS,
    call_of,
    message_of,
    session_of,
)

__all__ = ["find_calls", "find_messages", "find_sessions"]

#: Ties come as SQLite gives them to the SDK: an index read backwards gives the last row first.
_SESSION_ORDERS: Final = {
    ("created_at", "desc"): "created_at DESC, rowid DESC",
    ("created_at", "asc"): "created_at, rowid",
    ("message_count", "desc"): "message_count DESC, rowid",
    ("message_count", "asc"): "message_count, rowid",
}
_DAY_MS: Final = 86_400_000
_BY_TIME: Final = "created_at DESC, rowid"
#: Up to so many rows it is cheaper to read them through their own index and sort. Rows of agents
#: are wide, and the walk by time ends soon among so few.
_FEW_ROWS: Final = {"agents": 500, "messages": 5000, "tool_calls": 5000}


class _Where:
    """Conditions on one table that are joined by AND, and their parameters."""

    def __init__(self, db: AgentDatabase, table: str, query: Filter) -> None:
        self.db = db
        self.table = table
        self.clauses: list[str] = []
        self.params: dict[str, Any] = {}
        self.is_one_session = query.agent_id is not None
        #: No index gives the order of what these conditions find.
        self.is_sorted = self.is_one_session or getattr(query, "sort_by", "") == "message_count"
        if self.is_one_session:
            self.add(f"agent_id = {self.bind(query.agent_id)}")

    def __str__(self) -> str:
        return " AND ".join(self.clauses) or "TRUE"

    def bind(self, value: Any) -> str:
        """Add a parameter and return its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = column_text(value) if isinstance(value, str) else value
        return f":{name}"

    def add(self, clause: str) -> None:
        """Add a condition."""
        self.clauses.append(f"({clause})")

    def among(self, column: str, values: Sequence[str]) -> None:
        """Narrow an indexed column; a plus hides its index when many rows have the value."""
        binds = ", ".join(self.bind(value) for value in values)
        if self.is_one_session:
            self.add(f"+{column} IN ({binds})")
            return
        few = _FEW_ROWS[self.table]
        look = f"SELECT 1 FROM {self.table} WHERE {column} IN ({binds}) LIMIT 1 OFFSET {few}"
        is_rare = not self.db.fetch(look, self.params)
        self.is_sorted = self.is_sorted or is_rare
        self.add(f"{'' if is_rare else '+'}{column} IN ({binds})")

    def between(self, low: Any, high: Any) -> None:
        """Add an inclusive range of the time of creation; an open end adds nothing."""
        for bound, sign in ((low, ">="), (high, "<=")):
            if bound is not None:
                self.add(f"created_at {sign} {self.bind(bound)}")

    def created(self, at_ms: int, sign: str, slack_ms: int) -> None:
        """Compare the ISO time of a session; what the SDK writes sorts as the time does.

        Others may write another offset: the index finds these a day around the bound.
        """
        at = self.bind(iso_from_ms(at_ms))
        self.add(f"created_at {sign} {self.bind(iso_from_ms(at_ms + slack_ms))}")
        self.add(
            f"CASE WHEN created_at GLOB '*.???Z' THEN created_at {sign} {at}"
            f" ELSE julianday(created_at) {sign} julianday({at}) END"
        )


def find_sessions(db: AgentDatabase, query: SessionFilter) -> list[SessionInfo]:
    """Return the sessions that a filter admits."""
    where = _Where(db, "agents", query)
    if query.template_id is not None:
        where.among("template_id", [query.template_id])
    for at_ms, sign, slack_ms in (
        (query.after_ms, ">=", -_DAY_MS),
        (query.before_ms, "<=", _DAY_MS),
    ):
        if at_ms is not None:
            where.created(at_ms, sign, slack_ms)
    order = _SESSION_ORDERS[query.sort_by, query.sort_order]
    rows = _rows(where, SESSION_COLUMNS, order, query)
    return readable(rows, session_of)


def find_messages(db: AgentDatabase, query: MessageFilter) -> list[Message]:
    """Return the messages that a filter admits, last saved first."""
    where = _Where(db, "messages", query)
    if query.role is not None:
        where.among("role", [query.role])
    where.between(query.after_ms, query.before_ms)
    if query.content_type is not None:
        # The text is looked for first: parsing what cannot have the block is what takes long.
        quoted = where.bind(f'"{query.content_type}"')
        wanted = where.bind(query.content_type)
        where.add(
            f"""instr(content, {quoted}) > 0 AND CASE WHEN json_valid(content) THEN EXISTS (
                SELECT 1
                FROM json_each(content) AS block
                WHERE CASE block.type WHEN 'object'
                    THEN json_extract(block.value, '$.type') END = {wanted}
            ) END"""
        )
    return readable(_rows(where, MESSAGE_COLUMNS, _BY_TIME, query), message_of)


def find_calls(db: AgentDatabase, query: ToolCallFilter) -> list[ToolCallRecord]:
    """Return the tool calls that a filter admits, newest first."""
    where = _Where(db, "tool_calls", query)
    if query.tool_name is not None:
        where.among("name", [query.tool_name])
    if query.state is not None:
        where.among("state", [query.state, query.state.lower()])
    where.between(query.after_ms, query.before_ms)
    if query.is_error is not None:
        where.add(f"COALESCE(is_error, 0) {'=' if query.is_error else '<>'} 1")
    if query.has_approval is not None:
        asked = "CASE WHEN json_valid(approval) THEN json_extract(approval, '$.required') END"
        where.add(f"COALESCE({asked}, 0) {'=' if query.has_approval else '<>'} 1")
    return readable(_rows(where, CALL_COLUMNS, _BY_TIME, query), call_of)


def _rows(where: _Where, columns: str, order: str, query: Filter) -> list[tuple[Any, ...]]:
    """Read a page; where rows have to be sorted or passed over, their payloads are left out."""
    db, table = where.db, where.table
    order = order.replace("rowid", f"{table}.rowid")
    page = ""
    if query.limit is not None or query.offset:
        limit = where.bind(-1 if query.limit is None else query.limit)
        page = f"LIMIT {limit} OFFSET {where.bind(query.offset)}"
    if not query.offset and not (where.is_sorted and page):
        statement = f"SELECT {columns} FROM {table} WHERE {where} ORDER BY {order} {page}"
        return db.fetch(statement, where.params)
    statement = f"""
        SELECT {columns}
        FROM (SELECT {table}.rowid AS place FROM {table} WHERE {where} ORDER BY {order} {page})
        CROSS JOIN {table} ON {table}.rowid = place
        ORDER BY {order}
    """
    return db.fetch(statement, where.params)
