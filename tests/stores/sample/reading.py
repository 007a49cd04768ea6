"""Read a sample store back with the standard library alone, to check it independently."""

import json
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

__all__ = ["NOW_MS", "Sample", "read_sample"]

NOW_MS = 1_795_000_000_000


@dataclass
class Sample:
    """A built store, read back with the standard library."""

    path: Path
    agents: dict[str, sqlite3.Row]
    messages: dict[str, list[dict[str, Any]]]
    calls: list[dict[str, Any]]
    logs: dict[str, list[dict[str, Any]]]

    @cached_property
    def blocks(self) -> list[dict[str, Any]]:
        return [b for rows in self.messages.values() for row in rows for b in row["content"]]

    @cached_property
    def texts(self) -> str:
        return "\n".join(block["text"] for block in self.blocks if block["type"] == "text")

    def metadata(self, agent_id: str) -> dict[str, Any]:
        value: dict[str, Any] = json.loads(self.agents[agent_id]["metadata"])
        return value

    def events(self, agent_id: str) -> list[dict[str, Any]]:
        """Return an agent's log entries: channel after channel, each in file order."""
        return self.logs[agent_id]

    @cached_property
    def all_events(self) -> list[dict[str, Any]]:
        return [entry["event"] for entries in self.logs.values() for entry in entries]

    def files(self, pattern: str) -> list[Path]:
        return sorted((self.path.parent / "store").glob(pattern))


def read_sample(path: Path) -> Sample:
    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.row_factory = sqlite3.Row
        agents = {row["agent_id"]: row for row in db.execute("SELECT * FROM agents")}
        messages: dict[str, list[dict[str, Any]]] = {agent_id: [] for agent_id in agents}
        for row in db.execute("SELECT * FROM messages ORDER BY agent_id, seq"):
            shape = {**dict(row), "content": json.loads(row["content"])}
            messages[row["agent_id"]].append(shape)
        calls = []
        for row in db.execute("SELECT * FROM tool_calls ORDER BY created_at, id"):
            shape = dict(row)
            for key in ("input", "approval", "result", "audit_trail"):
                shape[key] = json.loads(shape[key]) if shape[key] is not None else None
            calls.append(shape)
    logs = {agent_id: _events(path.parent / "store" / agent_id) for agent_id in agents}
    return Sample(path, agents, messages, calls, logs)


def _events(directory: Path) -> list[dict[str, Any]]:
    found = []
    for channel in ("progress", "control", "monitor"):
        for suffix in ("log", "wal"):
            log = directory / "events" / f"{channel}.{suffix}"
            if log.exists():
                found += [json.loads(line) for line in log.read_text("utf-8").splitlines()]
    return found
