"""The statements that read: one session, the filters, the numbers."""

from collections.abc import Sequence
from typing import Any, Final

from kode_mysql.database import Database
from stores.browse.times import iso_from_ms
from stores.kode.consistency import call_issues, message_issues
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import Message, ToolCallRecord
from stores.kode.results import SessionInfo, StorageMetrics, StoreStats
from stores.kode.row_values import readable
from stores.kode.rows import (
    CALL_COLUMNS,
    INFO_COLUMNS,
    MESSAGE_COLUMNS,
    SESSION_COLUMNS,
    call_of,
    info_of,
    message_of,
    session_of,
)

__all__ = ["count_rows", "find_calls", "find_messages", "find_sessions", "read_stats", "row_issues"]

#: What "no limit" is called, since OFFSET needs one.
_EVERY_ROW: Final = (1 << 63) - 1
_SESSION_ORDERS: Final = {
    ("created_at", "desc"): "created_at DESC, agent_id DESC",
    ("created_at", "asc"): "created_at, agent_id",
    ("message_count", "desc"): "message_count DESC, agent_id",
    ("message_count", "asc"): "message_count, agent_id",
}


class _Where:
    """Conditions that are joined by AND, and their parameters."""

    def __init__(self, query: Filter, bounds: Sequence[Any]) -> None:
        self.clauses = ["TRUE"]
        self.params: dict[str, Any] = {}
        self.add("agent_id = {}", query.agent_id)
        self.add("created_at >= {}", bounds[0])
        self.add("created_at <= {}", bounds[1])

    def add(self, clause: str, value: Any) -> None:
        """Add a condition with its value; a filter that is None adds nothing."""
        if value is not None:
            name = f"p{len(self.params)}"
            self.params[name] = value
            self.clauses.append(clause.format(f"%({name})s"))

    def page(self, query: Filter, order: str) -> str:
        """Return what follows FROM: conditions, order and page."""
        self.params["limit"] = _EVERY_ROW if query.limit is None else query.limit
        self.params["offset"] = query.offset
        where = " AND ".join(self.clauses)
        return f"WHERE {where} ORDER BY {order} LIMIT %(limit)s OFFSET %(offset)s"


def find_sessions(db: Database, query: SessionFilter) -> list[SessionInfo]:
    """Return the sessions that a filter admits."""
    # ISO 8601 text in UTC sorts as the time does.
    bounds = [None if at is None else iso_from_ms(at) for at in (query.after_ms, query.before_ms)]
    where = _Where(query, bounds)
    where.add("template_id = {}", query.template_id)
    page = where.page(query, _SESSION_ORDERS[query.sort_by, query.sort_order])
    rows = db.fetch(f"SELECT {SESSION_COLUMNS} FROM agents {page}", where.params)
    return readable(rows, session_of)


def find_messages(db: Database, query: MessageFilter) -> list[Message]:
    """Return the messages that a filter admits, last saved first."""
    where = _Where(query, (query.after_ms, query.before_ms))
    where.add("role = {}", query.role)
    where.add(
        "JSON_CONTAINS(JSON_EXTRACT(content, '$[*].type'), JSON_QUOTE({}))", query.content_type
    )
    page = where.page(query, "created_at DESC, agent_id, seq")
    rows = db.fetch(f"SELECT {MESSAGE_COLUMNS} FROM messages {page}", where.params)
    return readable(rows, message_of)


def find_calls(db: Database, query: ToolCallFilter) -> list[ToolCallRecord]:
    """Return the tool calls that a filter admits, newest first."""
    where = _Where(query, (query.after_ms, query.before_ms))
    where.add("name = {}", query.tool_name)
    where.add("UPPER(state) = {}", query.state)
    where.add("is_error = {}", query.is_error)
    where.add("COALESCE(JSON_VALUE(approval, '$.required') IN ('true', '1'), FALSE) = {}",
              query.has_approval)  # fmt: skip
    page = where.page(query, "created_at DESC, id")
    rows = db.fetch(f"SELECT {CALL_COLUMNS} FROM tool_calls {page}", where.params)
    return readable(rows, call_of)


def read_stats(db: Database, agent_id: str) -> StoreStats:
    """Count what one session has."""
    statement = """
        SELECT 'messages', '', COUNT(*) FROM messages WHERE agent_id = %(agent_id)s
        UNION ALL
        SELECT 'snapshots', '', COUNT(*) FROM snapshots WHERE agent_id = %(agent_id)s
        UNION ALL
        SELECT 'name', name, COUNT(*) FROM tool_calls WHERE agent_id = %(agent_id)s GROUP BY name
        UNION ALL
        SELECT 'state', UPPER(state), COUNT(*) FROM tool_calls WHERE agent_id = %(agent_id)s
        GROUP BY UPPER(state)
    """
    rows = db.fetch(statement, {"agent_id": agent_id})
    counts = {kind: number for kind, _, number in rows}
    by_name = {name: number for kind, name, number in rows if kind == "name"}
    return StoreStats(
        total_messages=counts["messages"],
        total_tool_calls=sum(by_name.values()),
        total_snapshots=counts["snapshots"],
        avg_messages_per_session=counts["messages"],
        tool_calls_by_name=by_name,
        tool_calls_by_state={name: number for kind, name, number in rows if kind == "state"},
    )


def row_issues(db: Database, agent_id: str) -> list[str] | None:
    """Return what is wrong with the rows of a session, None when it has no row."""
    one = {"agent_id": agent_id}
    found = db.fetch(f"SELECT {INFO_COLUMNS} FROM agents WHERE agent_id = %(agent_id)s", one)
    if not found:
        return None
    seqs = db.fetch("SELECT seq FROM messages WHERE agent_id = %(agent_id)s ORDER BY seq", one)
    calls = db.fetch("SELECT id, name FROM tool_calls WHERE agent_id = %(agent_id)s", one)
    issues = message_issues(info_of(found[0]), (row[0] for row in seqs))
    return issues + call_issues((row[0], row[1]) for row in calls)


def count_rows(db: Database) -> StorageMetrics:
    """Return how much the store holds; the size is the server's own estimate."""
    statement = """
        SELECT (SELECT COUNT(*) FROM agents),
               (SELECT COUNT(*) FROM messages),
               (SELECT COUNT(*) FROM tool_calls),
               (SELECT SUM(data_length + index_length)
                FROM information_schema.TABLES
                WHERE table_schema = DATABASE())
    """
    agents, messages, calls, size = db.fetch(statement)[0]
    return StorageMetrics(
        total_agents=agents,
        total_messages=messages,
        total_tool_calls=calls,
        db_size_bytes=None if size is None else int(size),
    )
