"""Turns and calls as the reader makes them, from messages written as plain Python."""

import json
from typing import Any

from dashboard.render.place import Place
from dashboard.render.turns import turns_html
from stores.browse.calls import call_from_columns
from stores.browse.transcript import RawMessage, TurnTimes, build_turns
from stores.interface import ToolCall, Turn
from tests.dashboard.markup import Markup

__all__ = [
    "AT",
    "SESSION",
    "Fragment",
    "make_call",
    "make_turns",
    "result",
    "show",
    "text",
    "use",
]

SESSION = "agt-1"
AT = 1_791_537_557_515
ENDS = {
    "COMPLETED": "execution complete",
    "FAILED": "tool reported failure",
    "DENIED": "approval denied",
    "SEALED": "auto seal",
}


class Fragment(Markup):
    """Markup that is not a response."""

    def __init__(self, source: str) -> None:
        super().__init__(type("Response", (), {"content": source.encode()})())


def text(words: str) -> dict[str, Any]:
    """Return a text block."""
    return {"type": "text", "text": words}


def use(call_id: str, name: str, **given: Any) -> dict[str, Any]:
    """Return a tool_use block."""
    return {"type": "tool_use", "id": call_id, "name": name, "input": given}


def result(call_id: str, content: Any, *, is_error: bool = False) -> dict[str, Any]:
    """Return a tool_result block."""
    return {
        "type": "tool_result",
        "tool_use_id": call_id,
        "content": content,
        "is_error": is_error,
    }


def make_call(call_id: str, state: str = "COMPLETED", **changes: Any) -> ToolCall:
    """Return a call as its row has it; times count from ``AT``."""
    trail = [{"state": "PENDING", "timestamp": AT}]
    if state in ENDS:
        trail.append({"state": state, "timestamp": AT + 743, "note": ENDS[state]})
    columns: dict[str, Any] = {
        "id": call_id,
        "agent_id": SESSION,
        "name": "bash_run",
        "state": state,
        "is_error": int(state in ("FAILED", "DENIED", "SEALED")),
        "input": "{}",
        "result": None,
        "error": None,
        "approval": '{"required":false}',
        "audit_trail": json.dumps(trail),
        "started_at": AT,
        "completed_at": None,
        "duration_ms": None,
        "created_at": AT,
        "updated_at": AT,
    }
    return call_from_columns({**columns, **changes})


def make_turns(
    *messages: tuple[str, Any],
    calls: tuple[ToolCall, ...] = (),
    at: dict[int, int] | None = None,
) -> tuple[Turn, ...]:
    """Return turns of (role, blocks); content that is a string is stored as it is."""
    raw = []
    for seq, (role, content) in enumerate(messages):
        stored = content if isinstance(content, str) else json.dumps(content)
        raw.append(RawMessage(seq, role, stored, len(stored.encode())))
    times = TurnTimes(at=at) if at else None
    return build_turns(raw, {call.id: call for call in calls}, owner=SESSION, times=times)


def show(
    *messages: tuple[str, Any],
    calls: tuple[ToolCall, ...] = (),
    at: dict[int, int] | None = None,
    **marks: Any,
) -> Fragment:
    """Return a transcript as elements."""
    place = Place.of("agents", SESSION, now_ms=AT + 60_000)
    return Fragment(turns_html(make_turns(*messages, calls=calls, at=at), place, **marks))
