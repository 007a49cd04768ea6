"""The SDK's SQLite schema, split so that a bulk load can build the indexes last.

Spelled as the SDK spells it: the plans that SQLite picks are part of what is measured.
"""

__all__ = [
    "INDEXES",
    "INSERT_AGENT",
    "INSERT_MESSAGE",
    "INSERT_SNAPSHOT",
    "INSERT_TOOL_CALL",
    "TABLES",
]

TABLES = """
CREATE TABLE agents (
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
      );
CREATE TABLE messages (
        id TEXT PRIMARY KEY,
        agent_id TEXT NOT NULL,
        role TEXT NOT NULL,
        content TEXT NOT NULL,
        seq INTEGER NOT NULL,
        metadata TEXT,
        created_at INTEGER NOT NULL,
        FOREIGN KEY (agent_id) REFERENCES agents(agent_id) ON DELETE CASCADE
      );
CREATE TABLE tool_calls (
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
      );
CREATE TABLE snapshots (
        agent_id TEXT NOT NULL,
        snapshot_id TEXT NOT NULL,
        messages TEXT NOT NULL,
        last_sfp_index INTEGER NOT NULL,
        last_bookmark TEXT NOT NULL,
        created_at TEXT NOT NULL,
        metadata TEXT,
        PRIMARY KEY (agent_id, snapshot_id),
        FOREIGN KEY (agent_id) REFERENCES agents(agent_id) ON DELETE CASCADE
      );
"""

INDEXES = """
CREATE INDEX idx_agents_template_id ON agents(template_id);
CREATE INDEX idx_agents_created_at ON agents(created_at);
CREATE INDEX idx_messages_agent_id ON messages(agent_id);
CREATE INDEX idx_messages_role ON messages(role);
CREATE INDEX idx_messages_created_at ON messages(created_at DESC);
CREATE UNIQUE INDEX idx_messages_agent_seq ON messages(agent_id, seq);
CREATE INDEX idx_tool_calls_agent_id ON tool_calls(agent_id);
CREATE INDEX idx_tool_calls_name ON tool_calls(name);
CREATE INDEX idx_tool_calls_state ON tool_calls(state);
CREATE INDEX idx_tool_calls_created_at ON tool_calls(created_at DESC);
CREATE INDEX idx_snapshots_agent_id ON snapshots(agent_id);
CREATE INDEX idx_snapshots_created_at ON snapshots(created_at DESC);
"""

INSERT_AGENT = "INSERT INTO agents VALUES (?,?,?,?,?,?,?,?,?,?)"
INSERT_MESSAGE = "INSERT INTO messages VALUES (?,?,?,?,?,?,?)"
INSERT_TOOL_CALL = "INSERT INTO tool_calls VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
INSERT_SNAPSHOT = "INSERT INTO snapshots VALUES (?,?,?,?,?,?,?)"
