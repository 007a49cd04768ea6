"""What the SDK's store holds, read with plain sqlite3: none of the project's code decides it."""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

__all__ = ["STORY", "Failure", "count_sessions_with_failures", "failures_of"]

STORY = "agt-01M3FGZN42CSJXFZZGW278CCHM"  # “Review src/app.ts”: 17 calls, 5 of them failed


@dataclass(frozen=True)
class Failure:
    """A failed call and the message that it stands in."""

    call_id: str
    name: str
    error: str
    seq: int


def failures_of(path: Path, agent_id: str) -> list[Failure]:
    """Return the failed calls of a session in the order of its transcript."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    failed: dict[str, tuple[str, str]] = {
        row[0]: row[1:]
        for row in connection.execute(
            "SELECT id, name, error FROM tool_calls WHERE agent_id = ? AND state = 'FAILED'",
            (agent_id,),
        )
    }
    messages = connection.execute(
        "SELECT seq, content FROM messages WHERE agent_id = ? ORDER BY seq", (agent_id,)
    ).fetchall()
    connection.close()
    return [
        Failure(block["id"], *failed[block["id"]], seq)
        for seq, content in messages
        for block in json.loads(content)
        if block["type"] == "tool_use" and block["id"] in failed
    ]


def count_sessions_with_failures(path: Path) -> int:
    """Return how many sessions have a failed call."""
    connection = sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)
    statement = """
        SELECT COUNT(DISTINCT tool_calls.agent_id)
        FROM tool_calls JOIN agents USING (agent_id)
        WHERE state = 'FAILED'
    """
    (number,) = connection.execute(statement).fetchone()
    connection.close()
    return int(number)
