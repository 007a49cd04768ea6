"""What the agent store reads back of one session, and what it tells of the whole."""

from stores.backends.sqlite.agent_database import AgentDatabase
from stores.kode.consistency import call_issues, message_issues
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.results import StoreStats
from stores.kode.row_values import BrokenRow, column_text, readable
from stores.kode.rows import (
    CALL_COLUMNS,
    INFO_COLUMNS,
    MESSAGE_COLUMNS,
    SNAPSHOT_COLUMNS,
    call_of,
    info_of,
    message_of,
    snapshot_of,
)

__all__ = [
    "count_rows",
    "has_agent",
    "list_agents",
    "read_calls",
    "read_info",
    "read_messages",
    "read_snapshot",
    "read_snapshots",
    "read_stats",
    "row_issues",
]


def has_agent(db: AgentDatabase, agent_id: str) -> bool:
    """Tell whether an agent has a row."""
    return bool(db.fetch("SELECT 1 FROM agents WHERE agent_id = ?", (agent_id,)))


def read_info(db: AgentDatabase, agent_id: str) -> AgentInfo | None:
    """Return what is known of an agent."""
    rows = db.fetch(f"SELECT {INFO_COLUMNS} FROM agents WHERE agent_id = ?", (agent_id,))
    return info_of(rows[0]) if rows else None


def read_messages(db: AgentDatabase, agent_id: str) -> list[Message]:
    """Return the messages by position."""
    statement = f"SELECT {MESSAGE_COLUMNS} FROM messages WHERE agent_id = ? ORDER BY seq"
    return [message_of(row) for row in db.fetch(statement, (agent_id,))]


def read_calls(db: AgentDatabase, agent_id: str) -> list[ToolCallRecord]:
    """Return the tool calls, oldest first, ties as they were saved."""
    statement = f"""
        SELECT {CALL_COLUMNS}
        FROM tool_calls
        WHERE agent_id = ?
        ORDER BY created_at, rowid
    """
    return [call_of(row) for row in db.fetch(statement, (agent_id,))]


def read_snapshot(db: AgentDatabase, agent_id: str, snapshot_id: str) -> Snapshot | None:
    """Return one snapshot."""
    statement = f"""
        SELECT {SNAPSHOT_COLUMNS}
        FROM snapshots
        WHERE agent_id = ? AND snapshot_id = ?
    """
    rows = db.fetch(statement, (agent_id, snapshot_id))
    return snapshot_of(rows[0]) if rows else None


def read_snapshots(db: AgentDatabase, agent_id: str) -> list[Snapshot]:
    """Return the snapshots that can be read, newest first."""
    statement = f"""
        SELECT {SNAPSHOT_COLUMNS}
        FROM snapshots
        WHERE agent_id = ?
        ORDER BY created_at DESC, rowid
    """
    return readable(db.fetch(statement, (agent_id,)), snapshot_of)


def list_agents(db: AgentDatabase, prefix: str) -> list[str]:
    """Return the ids that begin with a text exactly, newest first."""
    statement = """
        SELECT agent_id
        FROM agents
        WHERE substr(agent_id, 1, :length) = :prefix
        ORDER BY created_at DESC, rowid DESC
    """
    prefix = column_text(prefix)
    return [row[0] for row in db.fetch(statement, {"length": len(prefix), "prefix": prefix})]


def read_stats(db: AgentDatabase, agent_id: str) -> StoreStats:
    """Count what one session has; names and states in alphabetical order."""
    statement = """
        SELECT 'messages', '', count(*) FROM messages WHERE agent_id = :agent_id
        UNION ALL
        SELECT 'snapshots', '', count(*) FROM snapshots WHERE agent_id = :agent_id
        UNION ALL
        SELECT * FROM (
            SELECT 'name', name, count(*)
            FROM tool_calls
            WHERE agent_id = :agent_id
            GROUP BY name
        )
        UNION ALL
        SELECT * FROM (
            SELECT 'state', upper(state), count(*)
            FROM tool_calls
            WHERE agent_id = :agent_id
            GROUP BY upper(state)
        )
    """
    rows = db.fetch(statement, {"agent_id": agent_id})
    totals = {kind: number for kind, _, number in rows if kind in ("messages", "snapshots")}
    by_name = {name: number for kind, name, number in rows if kind == "name"}
    return StoreStats(
        total_messages=totals["messages"],
        total_tool_calls=sum(by_name.values()),
        total_snapshots=totals["snapshots"],
        avg_messages_per_session=totals["messages"],
        tool_calls_by_name=by_name,
        tool_calls_by_state={state: number for kind, state, number in rows if kind == "state"},
    )


def row_issues(db: AgentDatabase, agent_id: str) -> list[str] | None:
    """Return what is wrong with the rows of a session, None when it has no row."""
    with db.reading():
        try:
            info = read_info(db, agent_id)
        except BrokenRow as exc:
            return [str(exc)]
        if info is None:
            return None
        seqs = db.fetch("SELECT seq FROM messages WHERE agent_id = ? ORDER BY seq", (agent_id,))
        calls = db.fetch("SELECT id, name FROM tool_calls WHERE agent_id = ?", (agent_id,))
        issues = message_issues(info, (row[0] for row in seqs))
        issues += call_issues((row[0], row[1]) for row in calls)
        return issues + _unreadable(db, agent_id)


def _unreadable(db: AgentDatabase, agent_id: str) -> list[str]:
    issues = []
    for columns, table, read in (
        (MESSAGE_COLUMNS, "messages", message_of),
        (CALL_COLUMNS, "tool_calls", call_of),
        (SNAPSHOT_COLUMNS, "snapshots", snapshot_of),
    ):
        statement = f"SELECT {columns} FROM {table} WHERE agent_id = ? ORDER BY rowid"
        for row in db.fetch(statement, (agent_id,)):
            try:
                read(row)
            except BrokenRow as exc:
                issues.append(str(exc))
    return issues


def count_rows(db: AgentDatabase) -> tuple[int, int, int]:
    """Return how many agents, messages and tool calls the store has."""
    statement = """
        SELECT (SELECT count(*) FROM agents),
               (SELECT count(*) FROM messages),
               (SELECT count(*) FROM tool_calls)
    """
    agents, messages, calls = db.fetch(statement)[0]
    return agents, messages, calls
