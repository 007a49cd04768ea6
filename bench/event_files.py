"""The file half of the generated store: event logs, as the SDK leaves them beside the database.

Every agent gets the end of its monitor and progress logs, which is what a status needs; the two
agents of the transcript pages get an event for each message, so that the price is the full one.
"""

import json
from pathlib import Path

from bench.plan import AGENT_OF_200, AGENT_OF_5000, AgentPlan
from bench.rows import Conversation

__all__ = ["write_events"]

_TAIL_MESSAGES = 6


def write_events(folder: Path, plan: AgentPlan, made: Conversation) -> None:
    """Write the progress and monitor logs of one agent below ``folder``."""
    events = folder / plan.agent_id / "events"
    events.mkdir(parents=True, exist_ok=True)
    is_full = plan.agent_id in (AGENT_OF_200, AGENT_OF_5000)
    first = 0 if is_full else max(0, plan.messages - _TAIL_MESSAGES)
    pace = (plan.saved_ms - plan.created_ms) / plan.messages
    progress: list[str] = []
    for seq in range(first, plan.messages):
        content = str(made.messages[seq][3])
        if made.messages[seq][2] == "assistant":
            at_ms = plan.created_ms + int(seq * pace)
            progress.extend(_message_lines(content, seq, at_ms))
    end = plan.messages * 3
    done = {"type": "done", "step": 1, "reason": "completed"}
    progress.append(_line(done, "progress", end, plan.saved_ms))
    monitor = [
        _line({"type": "breakpoint_changed", "previous": "STREAMING_MODEL", "current": "READY",
               "timestamp": plan.saved_ms}, "monitor", end + 1, plan.saved_ms),
        _line({"type": "state_changed", "state": "READY"}, "monitor", end + 2, plan.saved_ms),
    ]  # fmt: skip
    (events / "progress.log").write_text("".join(progress), encoding="utf-8")
    (events / "monitor.log").write_text("".join(monitor), encoding="utf-8")


def _message_lines(content: str, seq: int, at_ms: int) -> list[str]:
    lines: list[str] = []
    for block in json.loads(content):
        if block["type"] == "text":
            event = {"type": "text_chunk_end", "step": 1, "text": block["text"]}
        elif block["type"] == "tool_use":
            call = {"id": block["id"], "name": block["name"], "state": "PENDING",
                    "approval": {"required": False},
                    "inputPreview": json.dumps(block["input"])[:200]}  # fmt: skip
            event = {"type": "tool:start", "call": call}
        else:
            continue
        lines.append(_line(event, "progress", seq * 3 + len(lines), at_ms))
    return lines


def _line(event: dict[str, object], channel: str, seq: int, at_ms: int) -> str:
    bookmark = {"seq": seq, "timestamp": at_ms}
    document = {"cursor": seq, "bookmark": bookmark,
                "event": {**event, "channel": channel, "bookmark": bookmark}}  # fmt: skip
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
