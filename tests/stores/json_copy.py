"""The SDK's SQLite rows as a folder of JSON, written as the SDK would and read back plainly."""

import json
import os
import shutil
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

__all__ = ["json_rows", "write_json_copy"]

Rows = list[dict[str, Any]]

_INFO = {
    "agent_id": "agentId",
    "template_id": "templateId",
    "created_at": "createdAt",
    "lineage": "lineage",
    "config_version": "configVersion",
    "message_count": "messageCount",
    "last_sfp_index": "lastSfpIndex",
    "last_bookmark": "lastBookmark",
    "metadata": "metadata",
}
_CALL = {
    "id": "id",
    "name": "name",
    "input": "input",
    "state": "state",
    "approval": "approval",
    "result": "result",
    "error": "error",
    "is_error": "isError",
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "duration_ms": "durationMs",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
    "audit_trail": "auditTrail",
}
_MESSAGE = {"role": "role", "content": "content", "metadata": "metadata"}
_SNAPSHOT = {
    "snapshot_id": "id",
    "messages": "messages",
    "last_sfp_index": "lastSfpIndex",
    "last_bookmark": "lastBookmark",
    "created_at": "createdAt",
    "metadata": "metadata",
}
_JSON = frozenset(
    {"lineage", "last_bookmark", "metadata", "content", "input", "approval", "result", "messages"}
    | {"audit_trail"}
)


def write_json_copy(tables: Mapping[str, Rows], files: Path, base: Path) -> None:
    """Write the rows into a new folder, with the file half that belongs to them."""
    shutil.copytree(files, base)
    parts: dict[str, dict[str, Rows]] = defaultdict(lambda: defaultdict(list))
    for table in ("messages", "tool_calls", "snapshots"):
        for row in sorted(tables[table], key=lambda row: (row.get("seq", 0), row["rowid"])):
            parts[row["agent_id"]][table].append(row)
    for info in tables["agents"]:
        folder, own = base / info["agent_id"], parts[info["agent_id"]]
        (folder / "runtime").mkdir(parents=True, exist_ok=True)
        _write(folder / "meta.json", _object(info, _INFO))
        if own["messages"]:
            path = folder / "runtime" / "messages.json"
            _write(path, [_object(row, _MESSAGE) for row in own["messages"]])
            saved_ns = own["messages"][0]["created_at"] * 1_000_000
            os.utime(path, ns=(saved_ns, saved_ns))
        if own["tool_calls"]:
            calls = [_object(row, _CALL) for row in own["tool_calls"]]
            _write(folder / "runtime" / "tool-calls.json", calls)
        for row in own["snapshots"]:
            (folder / "snapshots").mkdir(exist_ok=True)
            _write(folder / "snapshots" / f"{row['snapshot_id']}.json", _object(row, _SNAPSHOT))


def json_rows(base: Path) -> dict[str, Rows]:
    """Return the rows that a folder stands for, in the columns of the SDK's tables."""
    tables: dict[str, Rows] = {"agents": [], "messages": [], "tool_calls": [], "snapshots": []}
    for meta in sorted(base.rglob("meta.json")):
        agent_id = str(meta.parent.relative_to(base))
        tables["agents"].append(_row(_read(meta), _INFO, agent_id))
        path = meta.parent / "runtime" / "messages.json"
        for seq, message in enumerate(_read(path) if path.exists() else []):
            at = path.stat().st_mtime_ns // 1_000_000
            row = _row(message, _MESSAGE, agent_id) | {"seq": seq, "created_at": at}
            tables["messages"].append(row)
        path = meta.parent / "runtime" / "tool-calls.json"
        for call in _read(path) if path.exists() else []:
            row = _row(call, _CALL, agent_id)
            tables["tool_calls"].append(row | {"is_error": int(bool(row["is_error"]))})
        for path in sorted(meta.parent.glob("snapshots/*.json")):
            tables["snapshots"].append(_row(_read(path), _SNAPSHOT, agent_id))
    return tables


def _object(row: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    found = {}
    for name, key in names.items():
        value = row[name]
        if value is not None:
            found[key] = json.loads(value) if name in _JSON else value
    if "isError" in found:
        found["isError"] = bool(found["isError"])
    return found


def _row(found: Mapping[str, Any], names: Mapping[str, str], agent_id: str) -> dict[str, Any]:
    row: dict[str, Any] = {}
    for name, key in names.items():
        value = found.get(key)
        row[name] = _text(value) if name in _JSON and value is not None else value
    return row | {"agent_id": agent_id}


def _text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def _write(path: Path, value: Any) -> None:
    path.write_text(json.dumps(value, indent=2, ensure_ascii=True), encoding="utf-8")
