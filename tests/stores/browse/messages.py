"""Stored messages and call rows for tests."""

import json
from typing import Any

from stores.browse.calls import call_from_columns
from stores.browse.records import ToolCall
from stores.browse.transcript import RawMessage

__all__ = ["REMINDER", "make_call", "make_message", "result", "text", "use"]


def make_message(seq: int, role: str, *blocks: Any) -> RawMessage:
    """Return a stored message with these blocks."""
    content = json.dumps(blocks, ensure_ascii=False)
    return RawMessage(seq, role, content, len(content.encode()))


def make_call(call_id: str, agent_id: str = "agt-1") -> ToolCall:
    """Return the row of a call."""
    return call_from_columns({"id": call_id, "agent_id": agent_id, "state": "COMPLETED"})


def use(call_id: str) -> dict[str, Any]:
    return {"type": "tool_use", "id": call_id, "name": "kv_get", "input": {"key": call_id}}


def result(call_id: str, value: Any = 1) -> dict[str, Any]:
    return {
        "type": "tool_result",
        "tool_use_id": call_id,
        "content": {"ok": True, "data": value},
        "is_error": False,
    }


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


REMINDER = text("<system-reminder>\nkeep going\n</system-reminder>")
