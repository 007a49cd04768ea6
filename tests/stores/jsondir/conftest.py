"""A small JSON store to change at will, and its index looked at without any code of ours."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stores.backends.jsondir.index import Index
from stores.backends.jsondir.keeper import IndexKeeper

__all__ = ["Folder"]

KEY = "sk-live-0123456789abcdefghij"


class Folder:
    """A JSON store in the SDK's layout, written as plainly as can be."""

    def __init__(self, base: Path) -> None:
        self.base = base
        base.mkdir()

    def add(self, agent_id: str, *texts: str, **info: Any) -> Path:
        """Write a session with one user message for each text; return its folder."""
        folder = self.base / agent_id
        (folder / "runtime").mkdir(parents=True)
        metadata = {
            "agentId": agent_id,
            "updatedAt": "2026-11-01T10:00:00.000Z",
            "modelConfig": {"provider": "x", "model": "y", "apiKey": KEY},
            "metadata": {"parentAgentId": "somebody", "token": KEY},
        }
        plain: dict[str, Any] = {
            "agentId": agent_id,
            "templateId": "helper",
            "createdAt": "2026-11-01T09:00:00.000Z",
            "lineage": [],
            "configVersion": "v2.7.0",
            "messageCount": len(texts),
            "lastSfpIndex": -1,
            "metadata": metadata,
        }
        self.write(folder / "meta.json", plain | info)
        self.say(agent_id, *texts)
        return folder

    def say(self, agent_id: str, *texts: str) -> None:
        """Replace the messages of a session."""
        path = self.base / agent_id / "runtime" / "messages.json"
        self.write(path, [_message(text) for text in texts])

    def call(self, agent_id: str, *calls: dict[str, Any]) -> None:
        """Replace the tool calls of a session."""
        self.write(self.base / agent_id / "runtime" / "tool-calls.json", list(calls))

    def write(self, path: Path, value: Any) -> None:
        """Write JSON as the SDK does, with two spaces."""
        path.write_text(json.dumps(value, indent=2, ensure_ascii=False), encoding="utf-8")


def _message(text: str) -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "text", "text": text}]}


def call(call_id: str, **fields: Any) -> dict[str, Any]:
    """Return a tool-call record as the SDK writes it."""
    record = {
        "id": call_id,
        "name": "bash_run",
        "input": {"cmd": "ls"},
        "state": "COMPLETED",
        "approval": {"required": False},
        "result": {"code": 0},
        "createdAt": 1_790_000_000_000,
        "updatedAt": 1_790_000_000_000,
        "auditTrail": [],
    }
    return record | fields


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Return an empty JSON store."""
    return Folder(tmp_path / "agents")


@pytest.fixture
def index(folder: Folder, tmp_path: Path) -> Index:
    """Return where the index of the store is, not yet made."""
    return Index(folder.base, tmp_path / "own" / "id")


@pytest.fixture
def keeper(index: Index) -> Iterator[IndexKeeper]:
    """Return what keeps the index."""
    keeper = IndexKeeper("store", index)
    yield keeper
    keeper.close()


@pytest.fixture(autouse=True)
def _attentive(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at each request, and wait for the look to end."""
    for name, value in (("PAUSE_S", 0.0), ("_PAUSE_FACTOR", 0), ("WAIT_S", 30.0), ("TURN_S", 30.0)):
        monkeypatch.setattr(f"stores.backends.jsondir.keeper.{name}", value)


def rows(index: Index, statement: str) -> list[tuple[Any, ...]]:
    """Return rows of the index, read with plain sqlite3."""
    with closing(sqlite3.connect(index.path)) as connection:
        return connection.execute(statement).fetchall()
