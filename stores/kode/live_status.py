"""Tell what a session is doing from the end of its monitor log (product F17, F18).

The breakpoint in the database is never filled and the one in the metadata is stale, so the log
is the only witness; rows that wait for approval are written at once and can be trusted too.
"""

import re
from dataclasses import dataclass
from typing import Final

from stores.browse.records import SessionStatus
from stores.kode.event_log import Event, parse_event

__all__ = ["STUCK_AFTER_MS", "MonitorTail", "decide_status", "last_event_at", "scan_monitor"]

STUCK_AFTER_MS: Final = 600_000
_MAX_FALSE_HITS: Final = 50
_BOOKMARK: Final = re.compile(rb'"bookmark": ?\{"seq": ?-?\d{1,15}, ?"timestamp": ?(\d{1,15})\}')
_STATE_TYPES: Final = (b'"state_changed"', b'"agent_resumed"')


@dataclass(frozen=True)
class MonitorTail:
    """The last things a monitor log says; ``is_whole`` when nothing before them was left out.

    ``breakpoint`` is empty when a state came after it.
    """

    state: str = ""
    state_at: int | None = None
    breakpoint: str = ""
    breakpoint_at: int | None = None
    last_at: int | None = None
    is_whole: bool = True


def scan_monitor(data: bytes, *, is_whole: bool) -> MonitorTail:
    """Find the last state and the last breakpoint in the end of a monitor log."""
    state = _last_event(data, _STATE_TYPES)
    mark = _last_event(data, (b'"breakpoint_changed"',))
    if state is not None and mark is not None and mark.offset < state.offset:
        mark = None
    return MonitorTail(
        state=_state_name(state),
        state_at=state.at if state else None,
        breakpoint=str(mark.data.get("current", "")) if mark else "",
        breakpoint_at=mark.at if mark else None,
        last_at=last_event_at(data),
        is_whole=is_whole,
    )


def last_event_at(data: bytes) -> int | None:
    """Return the time of the last bookmark in the end of a log."""
    found = _BOOKMARK.findall(data, max(0, len(data) - 4096)) or _BOOKMARK.findall(data)
    return int(found[-1]) if found else None


def decide_status(
    tail: MonitorTail | None,
    *,
    last_at: int | None,
    now_ms: int,
    message_count: int | None,
    awaiting_count: int | None,
) -> tuple[SessionStatus, int | None]:
    """Return the status and the time it is known from.

    ``last_at`` is the time of the last event of any channel; ``tail`` None means no log.
    """
    is_awaited = bool(awaiting_count)
    if tail is None or not (tail.state or tail.breakpoint):
        return _without_state(tail, message_count=message_count, is_awaited=is_awaited)
    state = tail.state or {"READY": "READY", "AWAITING_APPROVAL": "PAUSED"}.get(
        tail.breakpoint, "WORKING"
    )
    if state == "READY":
        is_empty = message_count == 0
        return (SessionStatus.EMPTY if is_empty else SessionStatus.IDLE), _state_at(tail)
    if state == "PAUSED" or is_awaited or tail.breakpoint == "AWAITING_APPROVAL":
        return SessionStatus.AWAITING, _state_at(tail)
    seen_at = max((at for at in (last_at, tail.last_at) if at is not None), default=None)
    if seen_at is None or now_ms - seen_at >= STUCK_AFTER_MS:
        return SessionStatus.STUCK, seen_at
    return SessionStatus.RUNNING, seen_at


def _without_state(
    tail: MonitorTail | None, *, message_count: int | None, is_awaited: bool
) -> tuple[SessionStatus, int | None]:
    if is_awaited:
        return SessionStatus.AWAITING, None
    if message_count == 0:
        return SessionStatus.EMPTY, None
    if tail is not None and tail.is_whole and tail.last_at is not None:
        # A whole log without any change of state: opened, and never worked here (a fresh fork).
        return SessionStatus.IDLE, tail.last_at
    return SessionStatus.UNKNOWN, None


def _state_at(tail: MonitorTail) -> int | None:
    return tail.state_at if tail.state_at is not None else tail.breakpoint_at


def _state_name(event: Event | None) -> str:
    if event is None:
        return ""
    # A resumed agent starts ready; the log of the process before it may end in PAUSED.
    return "READY" if event.type == "agent_resumed" else str(event.data.get("state", ""))


def _last_event(data: bytes, needles: tuple[bytes, ...]) -> Event | None:
    """Return the last event of these types; the words also occur inside other events."""
    end = len(data)
    wanted = {needle.strip(b'"').decode() for needle in needles}
    for _ in range(_MAX_FALSE_HITS):
        place = max(data.rfind(needle, 0, end) for needle in needles)
        if place < 0:
            return None
        start = data.rfind(b"\n", 0, place) + 1
        stop = data.find(b"\n", place)
        line = data[start : stop if stop >= 0 else len(data)]
        event = parse_event(line, "monitor", start)
        if event is not None and event.type in wanted:
            return event
        end = place
    return None
