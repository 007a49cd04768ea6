"""The filters of the agent store as statements; ties end in the primary key, so pages join up."""

from collections.abc import Sequence
from typing import Any, Final

from stores.backends.postgres.agent_database import AgentDatabase, Row
from stores.backends.postgres.agent_rows import (
    CALL_COLUMNS,
    MESSAGE_COLUMNS,
    SESSION_COLUMNS,
    call_of,
    message_of,
    session_of,
)
from stores.browse.times import iso_from_ms
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import Message, ToolCallRecord
from stores.kode.results import SessionInfo
from stores.kode.row_values import column_text, readable

__all__ = ["find_calls", "find_messages", "find_sessions"]

_SESSION_ORDERS: Final = {
    ("created_at", "desc"): "created_at DESC, agent_id",
    ("created_at", "asc"): "created_at, agent_id",
    ("message_count", "desc"): "message_count DESC, agent_id",
    ("message_count", "asc"): "message_count, agent_id",
}
_MOST: Final = (1 << 63) - 1


class _Where:
    """Conditions on one table that are joined by AND, and their parameters."""

    def __init__(self, query: Filter) -> None:
        self._clauses: list[str] = []
        self.params: dict[str, Any] = {}
        if query.agent_id is not None:
            self.among("agent_id", [query.agent_id])

    def __str__(self) -> str:
        return " AND ".join(self._clauses) or "TRUE"

    def bind(self, value: Any) -> str:
        """Add a parameter and return its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f"%({name})s"

    def add(self, clause: str) -> None:
        """Add a condition."""
        self._clauses.append(f"({clause})")

    def among(self, column: str, values: Sequence[str]) -> None:
        """Narrow a text column; no text of a row has U+0000, which the driver refuses to send."""
        sendable = [value for value in values if "\0" not in value]
        if not sendable:
            self.add("FALSE")
        elif len(sendable) == 1:
            self.add(f"{column} = {self.bind(column_text(sendable[0]))}")
        else:
            self.add(f"{column} = ANY({self.bind(sendable)})")

    def between(self, bounds: Sequence[Any], cast: str) -> None:
        """Add an inclusive range of the time of creation; an open end adds nothing."""
        for bound, sign in zip(bounds, (">=", "<="), strict=True):
            if bound is not None:
                self.add(f"created_at {sign} {self.bind(bound)}::{cast}")


def find_sessions(db: AgentDatabase, query: SessionFilter) -> list[SessionInfo]:
    """Return the sessions that a filter admits."""
    where = _Where(query)
    if query.template_id is not None:
        where.among("template_id", [query.template_id])
    bounds = (query.after_ms, query.before_ms)
    where.between([None if at is None else iso_from_ms(at) for at in bounds], "timestamp")
    order = _SESSION_ORDERS[query.sort_by, query.sort_order]
    return readable(_rows(db, where, "agents", SESSION_COLUMNS, order, query), session_of)


def find_messages(db: AgentDatabase, query: MessageFilter) -> list[Message]:
    """Return the messages that a filter admits, last saved first."""
    where = _Where(query)
    if query.role is not None:
        where.among("role", [query.role])
    where.between(_clamped(query), "bigint")
    if query.content_type is not None:
        block = where.bind(f'[{{"type": "{query.content_type}"}}]')
        where.add(f"content @> {block}::jsonb")
    order = "created_at DESC, agent_id, seq"
    return readable(_rows(db, where, "messages", MESSAGE_COLUMNS, order, query), message_of)


def find_calls(db: AgentDatabase, query: ToolCallFilter) -> list[ToolCallRecord]:
    """Return the tool calls that a filter admits, newest first."""
    where = _Where(query)
    if query.tool_name is not None:
        where.among("name", [query.tool_name])
    if query.state is not None:
        where.among("state", [query.state, query.state.lower()])
    where.between(_clamped(query), "bigint")
    if query.is_error is not None:
        where.add(f"is_error IS {'TRUE' if query.is_error else 'NOT TRUE'}")
    if query.has_approval is not None:
        holds = "COALESCE(approval->'required' = 'true'::jsonb, FALSE)"
        where.add(holds if query.has_approval else f"NOT {holds}")
    order = "created_at DESC, id"
    return readable(_rows(db, where, "tool_calls", CALL_COLUMNS, order, query), call_of)


def _rows(
    db: AgentDatabase, where: _Where, table: str, columns: str, order: str, query: Filter
) -> list[Row]:
    """Find the rows of a page in their order; payloads are read for these alone."""
    limit = "ALL" if query.limit is None else where.bind(query.limit)
    statement = f"""
        SELECT {columns}
        FROM (
            SELECT *
            FROM {table}
            WHERE {where}
            ORDER BY {order}
            LIMIT {limit} OFFSET {where.bind(query.offset)}
        ) AS page
        ORDER BY {order}
    """
    return db.fetch(statement, where.params)


def _clamped(query: Filter) -> list[int | None]:
    """Return the bounds as bigints: a time beyond them is before or after every row."""
    bounds = (query.after_ms, query.before_ms)
    return [None if at is None else max(-_MOST, min(at, _MOST)) for at in bounds]
