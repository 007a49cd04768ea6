"""Read event logs as a writer left them: torn, glued, doubled after a recovery, or huge."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from stores.browse.json_text import parse_json, to_text

__all__ = ["CHANNELS", "Event", "EventPage", "EventPosition", "EventSlice", "read_lines"]

CHANNELS: Final = ("progress", "control", "monitor")
_GLUED: Final = b'{"cursor":'

# Place of an event in the merged order: time, seq, channel, place in the channel's log.
EventPosition = tuple[int, int, str, int]


@dataclass(frozen=True)
class Event:
    """One event. ``data`` is the event object; ``offset`` is its place in the channel's log.

    Identity is (channel, offset): seq and cursor repeat after a resume.
    """

    channel: str
    seq: int
    at: int
    type: str
    data: dict[str, Any]
    offset: int

    @property
    def position(self) -> EventPosition:
        return (self.at, self.seq, self.channel, self.offset)


@dataclass(frozen=True)
class EventSlice:
    """Events in file order. ``is_cut``: the beginning of the log was left out."""

    events: tuple[Event, ...] = ()
    is_cut: bool = False
    problems: int = 0


@dataclass(frozen=True)
class EventPage:
    """Events of all channels, oldest first. ``next`` is the place to go on from."""

    events: tuple[Event, ...] = ()
    next: EventPosition | None = None
    is_cut: bool = False
    problems: int = 0


@dataclass
class LogLines:
    """The lines of one channel: the end of the log, then what waits in the WAL.

    ``parts`` are (bytes, place of the first byte in the log).
    """

    parts: tuple[tuple[bytes, int], ...] = ()
    is_cut: bool = False
    problems: int = field(default=0)

    def __iter__(self) -> Iterator[tuple[int, bytes, bool]]:
        """Yield (offset, line, is_last) once for each different line.

        A crash between append and WAL removal doubles whole lines byte for byte.
        """
        seen: set[bytes] = set()
        for data, start in self.parts:
            lines = data.split(b"\n")
            offset = start
            last = len(lines) - 1
            for number, line in enumerate(lines):
                if line and line not in seen:
                    seen.add(line)
                    yield offset, line, number == last
                offset += len(line) + 1


def read_lines(lines: LogLines, channel: str, types: frozenset[str] | None) -> EventSlice:
    """Return the events of these types, all when None; count the lines that are no events."""
    mentions = _mentions(types) if types is not None else None
    events: list[Event] = []
    problems = 0
    for offset, line, is_last in lines:
        if mentions is not None and not mentions(line):
            continue
        event = parse_event(line, channel, offset)
        if event is None:
            # A torn last line is a write in progress or one that a crash cut off.
            problems += not is_last
            event = _glued_event(line, channel, offset)
        if event is not None and (types is None or event.type in types):
            events.append(event)
    return EventSlice(tuple(events), is_cut=lines.is_cut, problems=problems)


def parse_event(line: bytes, channel: str, offset: int) -> Event | None:
    """Return the event of one line, None when it is none."""
    value, _ = parse_json(to_text(line)[0])
    event = value.get("event") if isinstance(value, dict) else None
    if not isinstance(event, dict):
        return None
    bookmark = value.get("bookmark")
    if not isinstance(bookmark, dict):
        return None
    seq, at, kind = bookmark.get("seq"), bookmark.get("timestamp"), event.get("type")
    if type(at) is not int or not isinstance(kind, str) or not 0 <= at < 1 << 53:
        return None
    return Event(channel, seq if type(seq) is int else -1, at, kind, event, offset)


def merge(slices: Iterable[EventSlice]) -> list[Event]:
    """Return the events of several channels by time, then seq."""
    return sorted((event for part in slices for event in part.events), key=_position)


def _position(event: Event) -> EventPosition:
    return event.position


def _glued_event(line: bytes, channel: str, offset: int) -> Event | None:
    """Recover the whole event that was appended right behind a torn one."""
    place = line.rfind(_GLUED, 1)
    return parse_event(line[place:], channel, offset + place) if place > 0 else None


@lru_cache(maxsize=64)
def _mentions(types: frozenset[str]) -> Any:
    names = b"|".join(re.escape(name.encode(errors="replace")) for name in sorted(types))
    return re.compile(b'"(?:' + names + b')"').search
