"""The writing statements of the agent store; a save is one transaction and few round trips."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from stores.backends.postgres.agent_database import AgentDatabase, Reading
from stores.backends.postgres.agent_rows import call_row, info_row, message_row, snapshot_row
from stores.errors import StoreError
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.row_values import first_free_fork, stored_form

__all__ = [
    "copy_agent",
    "delete_agents",
    "first_free_copy",
    "write_calls",
    "write_info",
    "write_messages",
    "write_snapshot",
]

_LOOK_AHEAD: Final = 64
_INFO: Final = """
    INSERT INTO agents (
        agent_id, template_id, created_at, config_version, lineage, message_count,
        last_sfp_index, last_bookmark, breakpoint, metadata
    )
    VALUES (
        %(agent_id)s, %(template_id)s, %(created_at)s, %(config_version)s, %(lineage)s::jsonb,
        %(message_count)s, %(last_sfp_index)s, %(last_bookmark)s::jsonb, %(breakpoint)s,
        %(metadata)s::jsonb
    )
    ON CONFLICT (agent_id) DO UPDATE SET
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

_MESSAGES: Final = """
    INSERT INTO messages (id, agent_id, role, content, seq, metadata, created_at)
    SELECT id, %(agent_id)s, role, content::jsonb, seq, metadata::jsonb, %(now)s
    FROM unnest(
        %(id)s::text[], %(role)s::text[], %(content)s::text[], %(seq)s::integer[],
        %(metadata)s::text[]
    ) AS given(id, role, content, seq, metadata)
"""

_CALLS: Final = """
    INSERT INTO tool_calls (
        id, agent_id, name, input, state, approval, result, error, is_error,
        started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    )
    SELECT id, %(agent_id)s, name, input::jsonb, state, approval::jsonb, result::jsonb, error,
           is_error, started_at, completed_at, duration_ms, created_at, updated_at,
           audit_trail::jsonb
    FROM unnest(
        %(id)s::text[], %(name)s::text[], %(input)s::text[], %(state)s::text[],
        %(approval)s::text[], %(result)s::text[], %(error)s::text[], %(is_error)s::boolean[],
        %(started_at)s::bigint[], %(completed_at)s::bigint[], %(duration_ms)s::integer[],
        %(created_at)s::bigint[], %(updated_at)s::bigint[], %(audit_trail)s::text[]
    ) AS given(
        id, name, input, state, approval, result, error, is_error, started_at, completed_at,
        duration_ms, created_at, updated_at, audit_trail
    )
"""
_CALL_NAMES: Final = (
    "id", "name", "input", "state", "approval", "result", "error", "is_error", "started_at",
    "completed_at", "duration_ms", "created_at", "updated_at", "audit_trail",
)  # fmt: skip

_SNAPSHOT: Final = """
    INSERT INTO snapshots (
        agent_id, snapshot_id, messages, last_sfp_index, last_bookmark, created_at, metadata
    )
    VALUES (
        %(agent_id)s, %(snapshot_id)s, %(messages)s::jsonb, %(last_sfp_index)s,
        %(last_bookmark)s::jsonb, %(created_at)s, %(metadata)s::jsonb
    )
    ON CONFLICT (agent_id, snapshot_id) DO UPDATE SET
        messages = excluded.messages,
        last_sfp_index = excluded.last_sfp_index,
        last_bookmark = excluded.last_bookmark,
        created_at = excluded.created_at,
        metadata = excluded.metadata
"""


def write_info(db: AgentDatabase, info: AgentInfo) -> None:
    """Insert or replace the columns of an agent; its messages and calls stay."""
    values = info_row(info)
    db.write(info.agent_id, lambda writing: writing.execute(_INFO, values))


def write_messages(
    db: AgentDatabase,
    agent_id: str,
    messages: Sequence[Message],
    *,
    now_ms: int,
    new_id: Callable[[], str],
) -> None:
    """Replace all messages of an agent: new row ids, and all dated now, as the SDK does."""
    with stored_form():
        rows = [message_row(agent_id, seq, message) for seq, message in enumerate(messages)]

    def work(writing: Reading) -> None:
        one = {"agent_id": agent_id, "count": len(rows)}
        writing.execute("DELETE FROM messages WHERE agent_id = %(agent_id)s", one)
        if rows:
            values = _columns(rows, ("role", "content", "seq", "metadata"))
            values |= {"id": [new_id() for _ in rows], "agent_id": agent_id, "now": now_ms}
            writing.execute(_MESSAGES, values)
        statement = "UPDATE agents SET message_count = %(count)s WHERE agent_id = %(agent_id)s"
        writing.execute(statement, one)

    db.write(agent_id, work)


def write_calls(db: AgentDatabase, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
    """Replace all tool calls of an agent.

    Raises:
        StoreError: an id is there twice, or belongs to a call of another session.
    """
    with stored_form():
        rows = [call_row(record) for record in records]
    ids = [row["id"] for row in rows]
    if len(set(ids)) < len(ids):
        twice = next(call_id for call_id in ids if ids.count(call_id) > 1)
        raise StoreError(f"Tool call {twice} is in this list twice. Nothing of this was kept.")

    def work(writing: Reading) -> None:
        one = {"agent_id": agent_id, "ids": ids}
        writing.execute("DELETE FROM tool_calls WHERE agent_id = %(agent_id)s", one)
        if rows:
            taken = writing.fetch("SELECT id FROM tool_calls WHERE id = ANY(%(ids)s) LIMIT 1", one)
            if taken:
                raise StoreError(
                    f"Another session has a tool call {taken[0][0]}, and ids of calls are unique "
                    "in a database. Nothing of this was kept."
                )
            writing.execute(_CALLS, {**_columns(rows, _CALL_NAMES), "agent_id": agent_id})

    db.write(agent_id, work)


def write_snapshot(db: AgentDatabase, agent_id: str, snapshot: Snapshot) -> None:
    """Insert a snapshot, or replace the one of the same id."""
    values = snapshot_row(agent_id, snapshot)
    db.write(agent_id, lambda writing: writing.execute(_SNAPSHOT, values))


def delete_agents(db: AgentDatabase, agent_id: str, *, with_forks: bool) -> None:
    """Delete the row of an agent, and those of its forks when asked; what they have cascades."""
    statement = "DELETE FROM agents WHERE agent_id = %(agent_id)s"
    if with_forks:
        statement += " OR starts_with(agent_id, %(inside)s)"
    values = {"agent_id": agent_id, "inside": f"{agent_id}/"}
    db.write(agent_id, lambda writing: writing.execute(statement, values))


def first_free_copy(writing: Reading, agent_id: str, count: int) -> int:
    """Return the first of so many numbers that no copied call of this agent's calls bears yet.

    Ids are asked for one by one: what a prefix means to an index depends on the collation.
    """
    statement = "SELECT id FROM tool_calls WHERE agent_id = %(agent_id)s"
    own = [row[0] for row in writing.fetch(statement, {"agent_id": agent_id})]
    first, wanted = 0, max(count, _LOOK_AHEAD)
    while own:
        ids = [f"{name}_fork_{number}" for name in own for number in range(first, first + wanted)]
        taken = writing.fetch("SELECT id FROM tool_calls WHERE id = ANY(%(ids)s)", {"ids": ids})
        if not taken:
            break
        first = first_free_fork(own, (row[0] for row in taken))
    return first


def copy_agent(writing: Reading, copy: dict[str, Any], *, new_id: Callable[[], str]) -> None:
    """Copy rows verbatim: the agent's, its messages with new ids, its calls with a suffix.

    ``copy`` names the ``source``, gives ``agent_id``, ``created_at`` and ``lineage`` of the new
    agent, the ``suffix`` of its calls, and the time ``now`` of its messages.
    """
    statement = "SELECT seq FROM messages WHERE agent_id = %(source)s ORDER BY seq"
    seqs = [row[0] for row in writing.fetch(statement, {"source": copy["source"]})]
    params = {**copy, "seqs": seqs, "ids": [new_id() for _ in seqs]}
    for statement in _COPIES:
        writing.execute(statement, params)


_COPIES: Final = (
    """
    INSERT INTO agents (
        agent_id, template_id, created_at, config_version, lineage, message_count,
        last_sfp_index, last_bookmark, breakpoint, metadata
    )
    SELECT %(agent_id)s, template_id, %(created_at)s, config_version, %(lineage)s::jsonb,
           message_count, last_sfp_index, last_bookmark, breakpoint, metadata
    FROM agents
    WHERE agent_id = %(source)s
    """,
    """
    INSERT INTO messages (id, agent_id, role, content, seq, metadata, created_at)
    SELECT given.id, %(agent_id)s, role, content, seq, metadata, %(now)s
    FROM messages
    JOIN unnest(%(ids)s::text[], %(seqs)s::integer[]) AS given(id, seq) USING (seq)
    WHERE agent_id = %(source)s
    """,
    """
    INSERT INTO tool_calls (
        id, agent_id, name, input, state, approval, result, error, is_error,
        started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    )
    SELECT id || %(suffix)s, %(agent_id)s, name, input, state, approval, result, error, is_error,
           started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
    FROM tool_calls
    WHERE agent_id = %(source)s
    ORDER BY created_at, ctid
    """,
)


def _columns(rows: Sequence[dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """Turn rows into one array per column."""
    return {name: [row[name] for row in rows] for name in names}
