"""The tables and indexes of the SDK's ``SqliteStore``, in the order it creates them.

The text is kept as SQLite stores it, so that ``sqlite_master`` of a store made here equals
that of one made by the SDK.
"""

__all__ = ["SCHEMA"]

_AGENTS = """
      CREATE TABLE IF NOT EXISTS agents (
        agent_id TEXT PRIMARY KEY,
        template_id TEXT NOT NULL,
        created_at TEXT NOT NULL,
        config_version TEXT NOT NULL,
        lineage TEXT NOT NULL,
        message_count INTEGER NOT NULL DEFAULT 0,
        last_sfp_index INTEGER NOT NULL DEFAULT -1,
        last_bookmark TEXT,
        breakpoint TEXT,
        metadata TEXT NOT NULL
      )"""

_MESSAGES = """
      CREATE TABLE IF NOT EXISTS messages (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        seq INTEGER NOT NULL,
        metadata TEXT,
        created_at INTEGER NOT NULL,
        FOREIGN KEY (agent_id) REFERENCES agents(agent_id) ON DELETE CASCADE
      )"""

_TOOL_CALLS = """
      CREATE TABLE IF NOT EXISTS tool_calls (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        name TEXT NOT NULL,
        input TEXT NOT NULL,
        state TEXT NOT NULL,
        approval TEXT NOT NULL,
        result TEXT,
        error TEXT,
        is_error INTEGER DEFAULT 0,
        started_at INTEGER,
        completed_at INTEGER,
        duration_ms INTEGER,
        created_at INTEGER NOT NULL,
        updated_at INTEGER NOT NULL,
        audit_trail TEXT NOT NULL,
        FOREIGN KEY (agent_id) REFERENCES agents(agent_id) ON DELETE CASCADE
      )"""

_SNAPSHOTS = """
      CREATE TABLE IF NOT EXISTS snapshots (
        agent_id TEXT NOT NULL,
        snapshot_id TEXT NOT NULL,
        messages TEXT NOT NULL,
        last_sfp_index INTEGER NOT NULL,
        last_bookmark TEXT NOT NULL,
        created_at TEXT NOT NULL,
        metadata TEXT,
        PRIMARY KEY (agent_id, snapshot_id),
        FOREIGN KEY (agent_id) REFERENCES agents(agent_id) ON DELETE CASCADE
      )"""

_INDEXES = (
    "CREATE INDEX IF NOT EXISTS idx_agents_template_id ON agents(template_id)",
    "CREATE INDEX IF NOT EXISTS idx_agents_created_at ON agents(created_at)",
    "CREATE INDEX IF NOT EXISTS idx_messages_agent_id ON messages(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_messages_role ON messages(role)",
    "CREATE INDEX IF NOT EXISTS idx_messages_created_at ON messages(created_at DESC)",
    "CREATE UNIQUE INDEX IF NOT EXISTS idx_messages_agent_seq ON messages(agent_id, seq)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_agent_id ON tool_calls(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_name ON tool_calls(name)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_state ON tool_calls(state)",
    "CREATE INDEX IF NOT EXISTS idx_tool_calls_created_at ON tool_calls(created_at DESC)",
    "CREATE INDEX IF NOT EXISTS idx_snapshots_agent_id ON snapshots(agent_id)",
    "CREATE INDEX IF NOT EXISTS idx_snapshots_created_at ON snapshots(created_at DESC)",
)

SCHEMA = (_AGENTS, _MESSAGES, _TOOL_CALLS, _SNAPSHOTS, *_INDEXES)
