"""The tables and indexes of the SDK's ``PostgresStore``, and whether a database has them.

Tables are made when one is missing, as the SDK does on every open. Indexes are made with their
tables only: building one on a large table would stop the agents that write it.
"""

from typing import Any, Final

from stores.backends.postgres.connection import PostgresConnection
from stores.errors import StoreUnavailable

__all__ = ["SCHEMA", "ensure_tables"]

SCHEMA: Final = (
    """
    CREATE TABLE IF NOT EXISTS agents (
        agent_id TEXT PRIMARY KEY,
        template_id TEXT NOT NULL,
        created_at TIMESTAMP NOT NULL,
        config_version TEXT NOT NULL,
        lineage JSONB NOT NULL,
        message_count INTEGER NOT NULL DEFAULT 0,
        last_sfp_index INTEGER NOT NULL DEFAULT -1,
        last_bookmark JSONB,
        breakpoint TEXT,
        metadata JSONB NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS messages (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL REFERENCES agents(agent_id) ON DELETE CASCADE,
        role TEXT NOT NULL CHECK (role IN ('user', 'assistant', 'system')),
        content JSONB NOT NULL,
        seq INTEGER NOT NULL,
        metadata JSONB,
        created_at BIGINT NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS tool_calls (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL REFERENCES agents(agent_id) ON DELETE CASCADE,
        name TEXT NOT NULL,
        input JSONB NOT NULL,
        state TEXT NOT NULL,
        approval JSONB NOT NULL,
        result JSONB,
        error TEXT,
        is_error BOOLEAN DEFAULT FALSE,
        started_at BIGINT,
        completed_at BIGINT,
        duration_ms INTEGER,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        audit_trail JSONB NOT NULL
    )
    """,
    """
    CREATE TABLE IF NOT EXISTS snapshots (
        agent_id TEXT NOT NULL REFERENCES agents(agent_id) ON DELETE CASCADE,
        snapshot_id TEXT NOT NULL,
        messages JSONB NOT NULL,
        last_sfp_index INTEGER NOT NULL,
        last_bookmark JSONB NOT NULL,
        created_at TIMESTAMP NOT NULL,
        metadata JSONB,
        PRIMARY KEY (agent_id, snapshot_id)
    )
    """,
    "CREATE INDEX IF NOT EXISTS idx_agents_template_id ON agents(template_id)",
    "CREATE INDEX IF NOT EXISTS idx_agents_created_at ON agents(created_at DESC)",
    "CREATE INDEX IF NOT EXISTS idx_agents_lineage_gin ON agents USING GIN(lineage)",
    "CREATE INDEX IF NOT EXISTS idx_messages_agent_id ON messages(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_messages_role ON messages(role)",
    "CREATE INDEX IF NOT EXISTS idx_messages_created_at ON messages(created_at DESC)",
    "CREATE UNIQUE INDEX IF NOT EXISTS idx_messages_agent_seq ON messages(agent_id, seq)",
    "CREATE INDEX IF NOT EXISTS idx_messages_content_gin ON messages USING GIN(content)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_agent_id ON tool_calls(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_name ON tool_calls(name)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_state ON tool_calls(state)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_created_at ON tool_calls(created_at DESC)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_input_gin ON tool_calls USING GIN(input)",
    "CREATE INDEX IF NOT EXISTS idx_snapshots_agent_id ON snapshots(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_snapshots_created_at ON snapshots(created_at DESC)",
)

_TABLES: Final = ("agents", "messages", "tool_calls", "snapshots")
_TIMESTAMP: Final = "timestamp without time zone"

#: Columns whose type must be the SDK's; the others are text.
_TYPES: Final[dict[str, dict[str, str]]] = {
    "agents": {
        "created_at": _TIMESTAMP,
        "lineage": "jsonb",
        "message_count": "integer",
        "last_sfp_index": "integer",
        "last_bookmark": "jsonb",
        "metadata": "jsonb",
    },
    "messages": {"content": "jsonb", "seq": "integer", "metadata": "jsonb", "created_at": "bigint"},
    "tool_calls": {
        "input": "jsonb",
        "approval": "jsonb",
        "result": "jsonb",
        "is_error": "boolean",
        "started_at": "bigint",
        "completed_at": "bigint",
        "duration_ms": "integer",
        "created_at": "bigint",
        "updated_at": "bigint",
        "audit_trail": "jsonb",
    },
    "snapshots": {
        "messages": "jsonb",
        "last_sfp_index": "integer",
        "last_bookmark": "jsonb",
        "created_at": _TIMESTAMP,
        "metadata": "jsonb",
    },
}
_TEXTS: Final = {
    "agents": ("agent_id", "template_id", "config_version", "breakpoint"),
    "messages": ("id", "agent_id", "role"),
    "tool_calls": ("id", "agent_id", "name", "state", "error"),
    "snapshots": ("agent_id", "snapshot_id"),
}

_COLUMNS: Final = """
    SELECT wanted.name, attname, atttypid::regtype::text
    FROM unnest(%(tables)s::text[]) AS wanted(name)
    LEFT JOIN pg_attribute
        ON attrelid = to_regclass(wanted.name) AND attnum > 0 AND NOT attisdropped
    WHERE to_regclass(wanted.name) IS NOT NULL
"""
#: One number for all who make tables: two at once would stumble over each other's names.
_MAKING: Final = "SELECT pg_advisory_xact_lock(5270, 1)"


def ensure_tables(connection: PostgresConnection) -> None:
    """Make what tables are missing; reading roles need no right for tables that are there.

    Raises:
        StoreUnavailable: tables of these names that are not the SDK's (``foreign``). A driver's
            error, when the role may not make tables.
    """
    if _missing(connection):
        with connection.transaction():
            connection.execute(_MAKING)
            if _missing(connection):
                for statement in SCHEMA:
                    connection.execute(statement)


def _missing(connection: PostgresConnection) -> set[str]:
    """Return the names of the tables that are not there, having looked at those that are."""
    rows: list[tuple[Any, ...]]
    rows = connection.execute(_COLUMNS, {"tables": list(_TABLES)}).fetchall()
    found: dict[str, dict[str, str]] = {}
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    for table, columns in found.items():
        wanted = {**dict.fromkeys(_TEXTS[table], "text"), **_TYPES[table]}
        for column, kind in wanted.items():
            if columns.get(column) not in (kind, "character varying" if kind == "text" else kind):
                has = f"is {columns[column]}" if column in columns else "is missing"
                message = (
                    f"This database has a table {table} that is not KODE's: its column {column} "
                    f"{has}, and should be {kind}. Name another database or schema."
                )
                raise StoreUnavailable(message, reason="foreign")
    return set(_TABLES) - set(found)
