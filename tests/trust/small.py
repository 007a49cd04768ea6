"""A small store in the SDK's schema: few rows, so that each mutation has a chance to hit one."""

import json
import sqlite3
from pathlib import Path
from typing import Any, Final

from stores.backends.sqlite.schema import SCHEMA

__all__ = ["AGENTS", "CALLS", "MESSAGES", "agent_id", "call_id", "make_small_store"]

AGENTS: Final = 8
MESSAGES: Final = 12
CALLS: Final = 4
_BEGAN_MS: Final = 1_790_000_000_000
_STATES: Final = ("COMPLETED", "FAILED", "DENIED", "APPROVAL_REQUIRED")


def agent_id(number: int) -> str:
    """Return the id of a session; the last one is a fork of the first."""
    if number == AGENTS - 1:
        return f"{agent_id(0)}/fork-1"
    return f"agt-01SMALL{number:04d}"


def call_id(number: int, index: int) -> str:
    """Return the id of a call of a session."""
    return f"call-{number}-{index}"


def make_small_store(path: Path, *, is_wal: bool = False) -> Path:
    """Write the store and return its path."""
    db = sqlite3.connect(path, isolation_level=None)
    if is_wal:
        db.execute("PRAGMA journal_mode = WAL")
    db.execute("BEGIN")
    for statement in SCHEMA:
        db.execute(statement)
    for number in range(AGENTS):
        _add_agent(db, number)
    db.execute("COMMIT")
    db.close()
    return path


def _add_agent(db: sqlite3.Connection, number: int) -> None:
    created_ms = _BEGAN_MS + number * 3_600_000
    lineage = [agent_id(0)] if number == AGENTS - 1 else []
    metadata = {"agentId": agent_id(number), "templateId": "reviewer", "updatedAt": _iso(number)}
    agent = (
        agent_id(number), ("reviewer", "analyst")[number % 2], _iso(number), "v2.7",
        _json(lineage), MESSAGES, MESSAGES - 1, None, "READY", _json(metadata),
    )  # fmt: skip
    _insert(db, "agents", agent)
    for seq in range(MESSAGES):
        role = "assistant" if seq % 2 else "user"
        message = (
            f"msg_{number}_{seq}", agent_id(number), role, _json(_blocks(number, seq)), seq,
            None, created_ms + 1000,
        )  # fmt: skip
        _insert(db, "messages", message)
    for index in range(CALLS):
        _insert(db, "tool_calls", _call(number, index, created_ms))
    snapshot = (agent_id(number), "sfp-3", "[]", 3, _json({"seq": 3}), _iso(number), None)
    _insert(db, "snapshots", snapshot)


def _blocks(number: int, seq: int) -> list[dict[str, Any]]:
    """Return what a message holds: calls at odd places, their results at the next even ones."""
    text = {"type": "text", "text": f"Message {seq} of session {number}: the quick brown fox."}
    call = call_id(number, seq // 2 % CALLS)
    if seq % 2:
        use = {"type": "tool_use", "id": call, "name": "bash_run", "input": {"cmd": "ls"}}
        return [text, use]
    result = {"type": "tool_result", "tool_use_id": call, "content": "done"}
    return [text, result] if seq else [text]


def _call(number: int, index: int, created_ms: int) -> tuple[Any, ...]:
    state = _STATES[index % len(_STATES)]
    approval = {"required": state != "COMPLETED"}
    trail = [
        {"state": "PENDING", "timestamp": created_ms},
        {"state": state, "timestamp": _BEGAN_MS},
    ]
    return (
        call_id(number, index), agent_id(number), ("bash_run", "fs_read")[index % 2],
        _json({"cmd": "ls -la"}), state, _json(approval), _json({"out": "x" * 200}),
        "it failed" if state == "FAILED" else None, int(state == "FAILED"), created_ms,
        created_ms + 50, 50, created_ms, created_ms + 50, _json(trail),
    )  # fmt: skip


def _insert(db: sqlite3.Connection, table: str, values: tuple[Any, ...]) -> None:
    marks = ", ".join("?" * len(values))
    db.execute(f"INSERT INTO {table} VALUES ({marks})", values)


def _iso(number: int) -> str:
    return f"2026-10-{number + 1:02d}T08:00:00.000Z"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
