"""Turn the JSON files of a session into the rows that the SDK's SQL stores would hold.

The rows are what the SQLite backend reads, so that one reader answers for both. Nothing of
``metadata`` gets into them but two members that lists show: it holds provider keys.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any, Final

from stores.backends.jsondir.session_files import JsonFile, SnapshotFile
from stores.browse.json_text import clean_text
from stores.kode.js_text import js_text

__all__ = ["Row", "agent_row", "call_rows", "json_text", "message_rows", "snapshot_rows"]

Row = dict[str, Any]

_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
_INT64: Final = 1 << 63
_CALL_TIMES: Final = {
    "started_at": "startedAt",
    "completed_at": "completedAt",
    "duration_ms": "durationMs",
    "created_at": "createdAt",
    "updated_at": "updatedAt",
}


def json_text(value: Any) -> str:
    """Return JSON as the SDK's SQL stores write it, without spaces."""
    try:
        text = _ENCODER.encode(value)
        text.encode()
    except UnicodeEncodeError:
        return js_text(value)  # half a surrogate pair: JavaScript writes its escape
    except (ValueError, RecursionError):
        return ""
    return text


def agent_row(agent_id: str, info: Mapping[str, Any], message_count: int | None) -> Row:
    """Return the row of ``agents``. The id is the folder's: ``meta.json`` may name another."""
    metadata = info.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    own = metadata.get("metadata")
    parent = own.get("parentAgentId") if isinstance(own, dict) else None
    shown: dict[str, Any] = {"updatedAt": _text(metadata.get("updatedAt"))}
    if isinstance(parent, str):
        shown["metadata"] = {"parentAgentId": clean_text(parent)}
    stored_count = info.get("messageCount")
    return {
        "agent_id": agent_id,
        "template_id": _text(info.get("templateId")) or "",
        "created_at": _text(info.get("createdAt")) or "",
        "config_version": _text(info.get("configVersion")) or "",
        "lineage": json_text(info.get("lineage") or []),
        "message_count": _number(stored_count if message_count is None else message_count) or 0,
        "last_sfp_index": _number(info.get("lastSfpIndex", -1)) or 0,
        "last_bookmark": None,
        "breakpoint": _text(info.get("breakpoint")),
        "metadata": json_text(shown),
    }


def message_rows(agent_id: str, file: JsonFile) -> list[Row]:
    """Return the rows of ``messages``; a file that is no list of messages is one broken row."""
    if file.value is None:
        if not file.problem:
            return []
        text = file.text or file.problem
        return [_message_row(agent_id, 0, "", text, file.saved_at)]
    rows = []
    for seq, message in enumerate(file.value):
        is_message = isinstance(message, dict) and "content" in message
        content = json_text(message["content"] if is_message else message)
        role = _text(message.get("role")) if is_message else ""
        rows.append(_message_row(agent_id, seq, role or "", content, file.saved_at))
    return rows


def call_rows(agent_id: str, file: JsonFile) -> list[Row]:
    """Return the rows of ``tool_calls``; ids that repeat within the session get a number."""
    records = file.value if isinstance(file.value, list) else []
    rows: list[Row] = []
    taken: set[str] = set()
    for place, record in enumerate(records):
        record = record if isinstance(record, dict) else {"name": json_text(record)[:200]}
        call_id = _text(record.get("id")) or f"call-{place}"
        if call_id in taken:
            call_id = f"{call_id}@{place}"
        taken.add(call_id)
        rows.append(_call_row(agent_id, call_id, record))
    return rows


def snapshot_rows(agent_id: str, files: Iterable[SnapshotFile]) -> list[Row]:
    """Return the rows of ``snapshots`` without their messages, of those only the size."""
    rows = []
    for snapshot in files:
        value = snapshot.file.value or {}
        index = _number(value.get("lastSfpIndex"))
        has_messages = "messages" in value
        rows.append(
            {
                "agent_id": agent_id,
                "snapshot_id": snapshot.snapshot_id,
                "messages": "",
                "messages_size": _size(json_text(value["messages"])) if has_messages else None,
                "last_sfp_index": "" if index is None else index,
                "last_bookmark": "null",
                "created_at": _text(value.get("createdAt")) or "",
            }
        )
    return rows


def _message_row(agent_id: str, seq: int, role: str, content: str, saved_at: int) -> Row:
    return {
        "agent_id": agent_id,
        "seq": seq,
        "role": role,
        "content": content,
        "content_size": _size(content),
        "created_at": saved_at,
    }


def _call_row(agent_id: str, call_id: str, record: Mapping[str, Any]) -> Row:
    result = record.get("result")
    error = record.get("error")
    input_text = json_text(record.get("input"))
    result_text = None if result is None else json_text(result)
    times = {name: _number(record.get(key)) for name, key in _CALL_TIMES.items()}
    for name in ("created_at", "updated_at"):  # never NULL in the SDK's tables
        times[name] = "" if times[name] is None else times[name]
    return {
        "id": call_id,
        "agent_id": agent_id,
        "name": _text(record.get("name")) or "",
        "input": input_text,
        "input_size": _size(input_text),
        "state": _text(record.get("state")) or "",
        "approval": json_text(record.get("approval")),
        "result": result_text,
        "result_size": None if result_text is None else _size(result_text),
        "error": (_text(error) or None) if isinstance(error, str | None) else json_text(error),
        "is_error": _flag(record.get("isError")),
        **times,
        "audit_trail": json_text(record.get("auditTrail")),
    }


def _flag(value: Any) -> Any:
    if value is None or isinstance(value, bool):
        return int(bool(value))
    return json_text(value)


def _number(value: Any) -> Any:
    """Return a number as SQLite can hold it; anything else as text, which readers then mark."""
    if value is None:
        return None
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    return json_text(value)


def _text(value: Any) -> str | None:
    return clean_text(value) if isinstance(value, str) else None


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode())
