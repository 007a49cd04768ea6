"""The statements that change rows. Each function runs inside one transaction."""

from collections.abc import Callable, Sequence
from typing import Any

from pymysql.cursors import Cursor

from kode_mysql.database import Params
from stores.kode.row_values import first_free_fork
from stores.kode.rows import CALL_COLUMNS, INFO_COLUMNS, SNAPSHOT_COLUMNS

__all__ = ["copy_agent", "delete_agents", "forks_taken", "write_calls", "write_info",
           "write_messages", "write_snapshot"]  # fmt: skip

Row = Sequence[Any]


def write_info(values: Row) -> Callable[[Cursor], None]:
    """Insert or replace the columns of a session; its messages and calls stay."""
    statement = f"""
        INSERT INTO agents ({INFO_COLUMNS})
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        ON DUPLICATE KEY UPDATE
            template_id = VALUES(template_id),
            created_at = VALUES(created_at),
            config_version = VALUES(config_version),
            lineage = VALUES(lineage),
            message_count = VALUES(message_count),
            last_sfp_index = VALUES(last_sfp_index),
            last_bookmark = VALUES(last_bookmark),
            breakpoint = VALUES(breakpoint),
            metadata = VALUES(metadata)
    """
    return lambda cursor: _run(cursor, statement, values)


def write_messages(agent_id: str, rows: Sequence[Row]) -> Callable[[Cursor], None]:
    """Replace all messages of a session; rows are agent_id, seq, role, content, ..."""
    statement = """
        INSERT INTO messages (agent_id, seq, role, content, metadata, id, created_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s)
    """

    def work(cursor: Cursor) -> None:
        _lock_agent(cursor, agent_id)
        cursor.execute("DELETE FROM messages WHERE agent_id = %s", (agent_id,))
        cursor.executemany(statement, rows)
        cursor.execute(
            "UPDATE agents SET message_count = %s WHERE agent_id = %s", (len(rows), agent_id)
        )

    return work


def write_calls(agent_id: str, rows: Sequence[Row]) -> Callable[[Cursor], None]:
    """Replace all tool calls of a session."""
    statement = f"""
        INSERT INTO tool_calls ({CALL_COLUMNS}, agent_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    """

    def work(cursor: Cursor) -> None:
        _lock_agent(cursor, agent_id)
        cursor.execute("DELETE FROM tool_calls WHERE agent_id = %s", (agent_id,))
        cursor.executemany(statement, rows)

    return work


def write_snapshot(values: Row) -> Callable[[Cursor], None]:
    """Insert a snapshot, or replace the one of the same id."""
    statement = f"""
        INSERT INTO snapshots ({SNAPSHOT_COLUMNS})
        VALUES (%s, %s, %s, %s, %s, %s, %s)
        ON DUPLICATE KEY UPDATE
            messages = VALUES(messages),
            last_sfp_index = VALUES(last_sfp_index),
            last_bookmark = VALUES(last_bookmark),
            created_at = VALUES(created_at),
            metadata = VALUES(metadata)
    """
    return lambda cursor: _run(cursor, statement, values)


def delete_agents(agent_id: str, *, with_forks: bool) -> Callable[[Cursor], None]:
    """Delete a session's row, and its forks' when asked; what belongs to them cascades."""

    def work(cursor: Cursor) -> None:
        cursor.execute("DELETE FROM agents WHERE agent_id = %s", (agent_id,))
        if with_forks:
            inside = f"{agent_id}/"
            cursor.execute(
                "DELETE FROM agents WHERE LEFT(agent_id, %s) = %s", (len(inside), inside)
            )

    return work


def forks_taken(cursor: Cursor, agent_id: str) -> int:
    """Return the first number that no copy of this session's calls bears yet."""
    cursor.execute("SELECT id FROM tool_calls WHERE agent_id = %s", (agent_id,))
    own = [row[0] for row in cursor.fetchall()]
    cursor.execute(
        """
        SELECT copies.id
        FROM tool_calls AS own
        JOIN tool_calls AS copies
            ON copies.id >= CONCAT(own.id, '_fork_') AND copies.id < CONCAT(own.id, '_fork`')
        WHERE own.agent_id = %s
        """,
        (agent_id,),
    )
    return first_free_fork(own, (row[0] for row in cursor.fetchall()))


def copy_agent(cursor: Cursor, params: Params) -> None:
    """Copy a session's row, messages and calls.

    ``params``: ``source``, ``agent_id``, ``created_at``, ``lineage``, ``suffix`` of call ids and
    ``now`` in ms.
    """
    for statement in _COPIES:
        cursor.execute(statement, params)


def _run(cursor: Cursor, statement: str, values: Row) -> None:
    cursor.execute(statement, values)


def _lock_agent(cursor: Cursor, agent_id: str) -> None:
    """Let one save of a session follow the other instead of meeting half way."""
    cursor.execute("SELECT 1 FROM agents WHERE agent_id = %s FOR UPDATE", (agent_id,))


_COPIES = (
    """
    INSERT INTO agents (
        agent_id, template_id, created_at, config_version, lineage, message_count,
        last_sfp_index, last_bookmark, breakpoint, metadata
    )
    SELECT %(agent_id)s, template_id, %(created_at)s, config_version, %(lineage)s, message_count,
           last_sfp_index, last_bookmark, breakpoint, metadata
    FROM agents
    WHERE agent_id = %(source)s
    """,
    """
    INSERT INTO messages (agent_id, seq, id, role, content, metadata, created_at)
    SELECT %(agent_id)s, seq, CONCAT('msg_', %(now)s, '_', SHA2(CONCAT(%(agent_id)s, seq), 224)),
           role, content, metadata, %(now)s
    FROM messages
    WHERE agent_id = %(source)s
    """,
    """
    INSERT INTO tool_calls (
        id, agent_id, name, input, state, approval, result, error, is_error,
        started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    )
    SELECT CONCAT(id, %(suffix)s), %(agent_id)s, name, input, state, approval, result, error,
           is_error, started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    FROM tool_calls
    WHERE agent_id = %(source)s
    """,
)
