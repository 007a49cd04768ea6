"""The SDK's four tables as MySQL and MariaDB have them."""

from typing import Final

__all__ = ["COLLATIONS", "tables"]

#: Collations that compare byte by byte, trailing spaces included: MySQL's name, MariaDB's name.
#: With any other, ``agt-e`` and ``AGT-é`` would be one session.
COLLATIONS: Final = ("utf8mb4_0900_bin", "utf8mb4_nopad_bin")

_AGENTS: Final = """
    CREATE TABLE IF NOT EXISTS agents (
        agent_id VARCHAR(500) NOT NULL PRIMARY KEY,
        template_id VARCHAR(255) NOT NULL,
        created_at VARCHAR(40) NOT NULL,
        config_version VARCHAR(64) NOT NULL,
        lineage JSON NOT NULL,
        message_count INT NOT NULL DEFAULT 0,
        last_sfp_index INT NOT NULL DEFAULT -1,
        last_bookmark JSON,
        breakpoint VARCHAR(64),
        metadata JSON NOT NULL,
        INDEX idx_agents_template_id (template_id),
        INDEX idx_agents_created_at (created_at)
    )
"""
_MESSAGES: Final = """
    CREATE TABLE IF NOT EXISTS messages (
        agent_id VARCHAR(500) NOT NULL,
        seq INT NOT NULL,
        id VARCHAR(80) NOT NULL,
        role VARCHAR(64) NOT NULL,
        content JSON NOT NULL,
        metadata JSON,
        created_at BIGINT NOT NULL,
        PRIMARY KEY (agent_id, seq),
        UNIQUE INDEX idx_messages_id (id),
        INDEX idx_messages_created_at (created_at),
        INDEX idx_messages_role (role),
        FOREIGN KEY (agent_id) REFERENCES agents (agent_id) ON DELETE CASCADE
    )
"""
_TOOL_CALLS: Final = """
    CREATE TABLE IF NOT EXISTS tool_calls (
        id VARCHAR(500) NOT NULL PRIMARY KEY,
        agent_id VARCHAR(500) NOT NULL,
        name VARCHAR(255) NOT NULL,
        input JSON NOT NULL,
        state VARCHAR(32) NOT NULL,
        approval JSON NOT NULL,
        result JSON,
        error LONGTEXT,
        is_error BOOLEAN NOT NULL DEFAULT FALSE,
        started_at BIGINT,
        completed_at BIGINT,
        duration_ms BIGINT,
        created_at BIGINT NOT NULL,
        updated_at BIGINT NOT NULL,
        audit_trail JSON NOT NULL,
        INDEX idx_tool_calls_agent_id (agent_id),
        INDEX idx_tool_calls_name (name),
        INDEX idx_tool_calls_state (state),
        INDEX idx_tool_calls_created_at (created_at),
        FOREIGN KEY (agent_id) REFERENCES agents (agent_id) ON DELETE CASCADE
    )
"""
_SNAPSHOTS: Final = """
    CREATE TABLE IF NOT EXISTS snapshots (
        agent_id VARCHAR(500) NOT NULL,
        snapshot_id VARCHAR(255) NOT NULL,
        messages JSON NOT NULL,
        last_sfp_index INT NOT NULL,
        last_bookmark JSON NOT NULL,
        created_at VARCHAR(40) NOT NULL,
        metadata JSON,
        PRIMARY KEY (agent_id, snapshot_id),
        FOREIGN KEY (agent_id) REFERENCES agents (agent_id) ON DELETE CASCADE
    )
"""


def tables(collation: str) -> list[str]:
    """Return the statements that make the tables where they are missing."""
    options = f"ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARSET=utf8mb4 COLLATE={collation}"
    return [f"{table} {options}" for table in (_AGENTS, _MESSAGES, _TOOL_CALLS, _SNAPSHOTS)]
