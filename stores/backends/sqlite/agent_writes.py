"""The writing statements of the agent store; each function runs inside a transaction."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from stores.backends.sqlite.agent_database import AgentDatabase
from stores.kode.js_text import js_text
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.row_values import column_text, first_free_fork, stored_form
from stores.kode.rows import (
    CALL_COLUMNS,
    INFO_COLUMNS,
    MESSAGE_COLUMNS,
    SNAPSHOT_COLUMNS,
    call_row,
    info_row,
    snapshot_row,
)

__all__ = [
    "copy_agent",
    "delete_agents",
    "forks_taken",
    "write_calls",
    "write_info",
    "write_messages",
    "write_snapshot",
]


def write_info(db: AgentDatabase, info: AgentInfo) -> None:
    """Insert or replace the columns of an agent; its messages and calls stay."""
    statement = f"""
        INSERT INTO agents ({INFO_COLUMNS})
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(agent_id) DO UPDATE SET
            template_id = excluded.template_id,
            created_at = excluded.created_at,
            config_version = excluded.config_version,
            lineage = excluded.lineage,
            message_count = excluded.message_count,
            last_sfp_index = excluded.last_sfp_index,
            last_bookmark = excluded.last_bookmark,
            breakpoint = excluded.breakpoint,
            metadata = excluded.metadata
    """
    with stored_form():
        values = info_row(info)
    with db.transaction():
        db.execute(statement, values)


def write_messages(
    db: AgentDatabase,
    agent_id: str,
    messages: Sequence[Message],
    *,
    now_ms: int,
    new_id: Callable[[], str],
) -> None:
    """Replace all messages of an agent: new row ids, and all dated now, as the SDK does."""
    statement = f"""
        INSERT INTO messages ({MESSAGE_COLUMNS}, id, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?)
    """
    with stored_form():
        rows = [
            (
                agent_id,
                seq,
                column_text(message.role),
                js_text(message.content),
                None if message.metadata is None else js_text(message.metadata),
                new_id(),
                now_ms,
            )
            for seq, message in enumerate(messages)
        ]
    with db.transaction():
        db.execute("DELETE FROM messages WHERE agent_id = ?", (agent_id,))
        db.execute_many(statement, rows)
        db.execute("UPDATE agents SET message_count = ? WHERE agent_id = ?", (len(rows), agent_id))


def write_calls(db: AgentDatabase, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
    """Replace all tool calls of an agent."""
    statement = f"""
        INSERT INTO tool_calls ({CALL_COLUMNS}, agent_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    """
    with stored_form():
        rows = [call_row(agent_id, record) for record in records]
    with db.transaction():
        db.execute("DELETE FROM tool_calls WHERE agent_id = ?", (agent_id,))
        db.execute_many(statement, rows)


def write_snapshot(db: AgentDatabase, agent_id: str, snapshot: Snapshot) -> None:
    """Insert a snapshot, or replace the one of the same id."""
    statement = f"""
        INSERT INTO snapshots ({SNAPSHOT_COLUMNS})
        VALUES (?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT(agent_id, snapshot_id) DO UPDATE SET
            messages = excluded.messages,
            last_sfp_index = excluded.last_sfp_index,
            last_bookmark = excluded.last_bookmark,
            created_at = excluded.created_at,
            metadata = excluded.metadata
    """
    with stored_form():
        values = snapshot_row(agent_id, snapshot)
    with db.transaction():
        db.execute(statement, values)


def delete_agents(db: AgentDatabase, agent_id: str, *, with_forks: bool) -> None:
    """Delete the row of an agent, and those of its forks when asked; what they have cascades."""
    with db.transaction():
        db.execute("DELETE FROM agents WHERE agent_id = ?", (agent_id,))
        if with_forks:
            inside = f"{agent_id}/"
            db.execute("DELETE FROM agents WHERE substr(agent_id, 1, ?) = ?", (len(inside), inside))


def forks_taken(db: AgentDatabase, agent_id: str) -> int:
    """Return the first number that no copied call of this agent's calls bears yet."""
    own = db.fetch("SELECT id FROM tool_calls WHERE agent_id = ?", (agent_id,))
    taken = db.fetch(
        """
        SELECT copies.id
        FROM tool_calls AS own
        CROSS JOIN tool_calls AS copies
            ON copies.id >= own.id || '_fork_' AND copies.id < own.id || '_fork`'
        WHERE own.agent_id = ?
        """,
        (agent_id,),
    )
    return first_free_fork((row[0] for row in own), (row[0] for row in taken))


def copy_agent(
    db: AgentDatabase, source: str, copy: dict[str, Any], *, number: int, now_ms: int
) -> None:
    """Copy rows verbatim: the agent's, its messages with new ids, its calls as ``_fork_<number>``.

    ``copy`` gives ``agent_id``, ``created_at`` and ``lineage`` of the new agent. Message ids come
    from the SQL function ``message_id``.
    """
    params = {**copy, "source": source, "suffix": f"_fork_{number}", "now": now_ms}
    for statement in _COPIES:
        db.execute(statement, params)


_COPIES = (
    """
    INSERT INTO agents (
        agent_id, template_id, created_at, config_version, lineage, message_count,
        last_sfp_index, last_bookmark, breakpoint, metadata
    )
    SELECT :agent_id, template_id, :created_at, config_version, :lineage, message_count,
           last_sfp_index, last_bookmark, breakpoint, metadata
    FROM agents
    WHERE agent_id = :source
    """,
    """
    INSERT INTO messages (id, agent_id, role, content, seq, metadata, created_at)
    SELECT message_id(), :agent_id, role, content, seq, metadata, :now
    FROM messages
    WHERE agent_id = :source
    ORDER BY seq
    """,
    """
    INSERT INTO tool_calls (
        id, agent_id, name, input, state, approval, result, error, is_error,
        started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    )
    SELECT id || :suffix, :agent_id, name, input, state, approval, result, error, is_error,
           started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    FROM tool_calls
    WHERE agent_id = :source
    ORDER BY created_at, rowid
    """,
)
