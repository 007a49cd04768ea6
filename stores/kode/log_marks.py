"""Pick from the event logs the moments that turns can be dated by.

Most lines are chunks of text, and a few carry large results: neither is parsed.
"""

import re
from dataclasses import dataclass
from typing import Final

from stores.kode.event_log import LogLines, parse_event

__all__ = ["TEXT_KEY_CHARS", "Mark", "marks_of"]

TEXT_KEY_CHARS: Final = 512
_TYPES: Final = {
    "text_chunk_end": "text",
    "tool:start": "start",
    "tool:end": "end",
    "token_usage": "tokens",
    "state_changed": "work",
    "breakpoint_changed": "step",
}
# The head that the SDK writes: enough of a tool event, whose result may be large.
_HEAD: Final = re.compile(
    rb'\{"cursor":\d+,"bookmark":\{"seq":(-?\d{1,15}),"timestamp":(\d{1,15})\},"event":'
    rb'\{"channel":"\w+","type":"([\w:]+)"(?:,"call":\{"id":"([^"\\]*)")?'
)
_MENTIONS: Final = re.compile(
    rb'"(?:' + b"|".join(re.escape(name.encode()) for name in _TYPES) + rb')"'
).search


@dataclass(frozen=True)
class Mark:
    """A moment: ``kind`` is text, start, end (of a call), tokens, work or step."""

    at: int
    seq: int
    kind: str
    key: str = ""
    tokens: int = 0


def marks_of(*logs: LogLines) -> tuple[Mark, ...]:
    """Return the marks of several logs by time, then seq.

    A clock that was set back never moves a mark before the one above it in its file.
    """
    marks: list[Mark] = []
    for log in logs:
        latest = 0
        for _, line, _ in log:
            mark = _mark(line, latest)
            if mark is not None:
                latest = mark.at
                marks.append(mark)
    return tuple(sorted(marks, key=lambda mark: (mark.at, mark.seq)))


def _mark(line: bytes, latest: int) -> Mark | None:
    head = _HEAD.match(line)
    if head is not None:
        kind = _TYPES.get(head[3].decode())
        if kind is None:
            return None
        if kind in ("start", "end") and head[4] is not None:
            return Mark(
                max(int(head[2]), latest), int(head[1]), kind, head[4].decode("utf-8", "replace")
            )
    elif not _MENTIONS(line):
        return None
    event = parse_event(line, "", 0)
    kind = _TYPES.get(event.type) if event is not None else None
    if event is None or kind is None:
        return None
    at, data = max(event.at, latest), event.data
    if kind == "text":
        text = data.get("text")
        return Mark(at, event.seq, kind, text[:TEXT_KEY_CHARS]) if isinstance(text, str) else None
    if kind == "tokens":
        total = data.get("totalTokens")
        return Mark(at, event.seq, kind, tokens=total) if type(total) is int else None
    if kind in ("work", "step"):
        wanted = ("state", "WORKING") if kind == "work" else ("current", "PRE_MODEL")
        return Mark(at, event.seq, kind) if data.get(wanted[0]) == wanted[1] else None
    call = data.get("call")
    name = call.get("id") if isinstance(call, dict) else None
    return Mark(at, event.seq, kind, name) if isinstance(name, str) else None
