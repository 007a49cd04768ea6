"""The file half of a store, read side: events, todos and live status, never writing anything.

The SDK's own readers create folders and replay WAL files; this one overlays the WAL in memory.
"""

import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from stores.browse.json_text import parse_json, to_text
from stores.browse.records import SessionStatus, Turn
from stores.browse.transcript import TurnTimes
from stores.errors import InvalidQuery
from stores.kode.agent_ids import id_parts
from stores.kode.event_log import (
    CHANNELS,
    EventPage,
    EventPosition,
    EventSlice,
    LogLines,
    merge,
    read_lines,
)
from stores.kode.live_status import MonitorTail, decide_status, last_event_at, scan_monitor
from stores.kode.log_marks import Mark, marks_of
from stores.kode.recent import Recent
from stores.kode.safe_files import (
    FileSignature,
    TailBytes,
    open_folder,
    read_tail,
    signature,
)
from stores.kode.todos import TodoList, todo_list
from stores.kode.turn_times import MarkIndex, times_from_marks

__all__ = ["SessionFiles"]

_LOG_BYTES: Final = 4 << 20
_PAGE_BYTES: Final = 2 << 20
_TAIL_BYTES: Final = 64 << 10
_LAST_TAIL_BYTES: Final = 1 << 20
_TODO_BYTES: Final = 1 << 20
_RETRY_AFTER_S: Final = 0.01

LogSignature = tuple[FileSignature | None, FileSignature | None]


class SessionFiles:
    """Read the files that agents keep below a base folder. Safe to share between threads."""

    def __init__(self, base: Path) -> None:
        self.base = base
        self._tails: Recent[MonitorTail] = Recent(8192)
        self._last_events: Recent[int | None] = Recent(8192)
        self._marks: Recent[tuple[MarkIndex, bool]] = Recent(8)

    def is_present(self) -> bool:
        """Tell whether the base folder is there."""
        with open_folder(self.base, ()) as folder:
            return folder is not None

    def find(self, agent_id: str) -> Path | None:
        """Return the folder of a session, None when there is none or it is a link."""
        parts = id_parts(agent_id)
        if parts is None:
            return None
        with open_folder(self.base, parts) as folder:
            return self.base.joinpath(*parts) if folder is not None else None

    def read_events(
        self,
        agent_id: str,
        channel: str,
        *,
        max_bytes: int = _LOG_BYTES,
        types: frozenset[str] | None = None,
    ) -> EventSlice:
        """Return the events of one channel in file order, of a long log the last ones.

        Raises:
            InvalidQuery: no such channel.
        """
        if channel not in CHANNELS:
            raise InvalidQuery("There is no such event channel.")
        return read_lines(self._log_lines(agent_id, channel, max_bytes), channel, types)

    def list_events(
        self,
        agent_id: str,
        *,
        after: EventPosition | None = None,
        limit: int = 200,
        types: frozenset[str] | None = None,
    ) -> EventPage:
        """Return events of all channels merged by time and seq, from a position on."""
        slices = [
            self.read_events(agent_id, channel, max_bytes=_PAGE_BYTES, types=types)
            for channel in CHANNELS
        ]
        events = merge(slices)
        if after is not None:
            events = [event for event in events if event.position > after]
        shown = tuple(events[:limit])
        return EventPage(
            shown,
            next=shown[-1].position if shown and len(events) > limit else None,
            is_cut=any(part.is_cut for part in slices),
            problems=sum(part.problems for part in slices),
        )

    def read_todos(self, agent_id: str) -> TodoList | None:
        """Return the todo list, None when the session has none.

        The SDK overwrites the file in place, so one that does not parse is read once more.
        """
        value, problem = self._todo_json(agent_id)
        if problem:
            time.sleep(_RETRY_AFTER_S)
            value, problem = self._todo_json(agent_id)
        if problem:
            return TodoList(problem=problem)
        if value is None:
            return None
        return todo_list(value)

    def live_status(
        self,
        agent_id: str,
        *,
        now_ms: int,
        message_count: int | None,
        awaiting_count: int | None,
    ) -> tuple[SessionStatus, int | None]:
        """Return what a session is doing and the time this is known from."""
        tail = last_at = None
        parts = id_parts(agent_id)
        if parts is not None:
            with open_folder(self.base, (*parts, "events")) as folder:
                if folder is not None:
                    tail = self._monitor_tail(folder, agent_id)
                    if tail is not None and tail.state not in ("READY", "PAUSED"):
                        last_at = self._last_event_at(folder, agent_id)
        return decide_status(
            tail,
            last_at=last_at,
            now_ms=now_ms,
            message_count=message_count,
            awaiting_count=awaiting_count,
        )

    def last_event_at(self, agent_id: str) -> int | None:
        """Return the time of the last event of any channel, None without one."""
        parts = id_parts(agent_id)
        if parts is None:
            return None
        with open_folder(self.base, (*parts, "events")) as folder:
            if folder is None:
                return None
            tail = self._monitor_tail(folder, agent_id)
            times = (tail.last_at if tail else None, self._last_event_at(folder, agent_id))
            return max((at for at in times if at is not None), default=None)

    def turn_times(
        self, agent_id: str, turns: Iterable[Turn], *, is_end: bool = False
    ) -> TurnTimes:
        """Return the times and tokens of turns, as far as logs and call rows tell them.

        ``is_end``: the last turn is the last one of the session.
        """
        marks: tuple[Mark, ...] | MarkIndex = ()
        is_whole = True
        parts = id_parts(agent_id)
        if parts is not None:
            with open_folder(self.base, (*parts, "events")) as folder:
                if folder is not None:
                    marks, is_whole = self._read_marks(folder, agent_id)
        shown = tuple(turns)
        # A fork's log begins where it left its parent, a compressed session's before its turns.
        is_own = is_whole and "/" not in agent_id
        is_start = is_own and bool(shown) and shown[0].seq == 0 and shown[0].kind != "summary"
        return times_from_marks(marks, shown, is_start=is_start, is_end=is_end)

    def _read_marks(self, folder: int, agent_id: str) -> tuple[MarkIndex, bool]:
        key = tuple(_log_signature(folder, channel) for channel in ("progress", "monitor"))

        def read() -> tuple[MarkIndex, bool]:
            logs = [_read_log(folder, channel, _LOG_BYTES) for channel in ("progress", "monitor")]
            return MarkIndex(marks_of(*logs)), not any(log.is_cut for log in logs)

        return self._marks.get(agent_id, key, read)

    def _log_lines(self, agent_id: str, channel: str, max_bytes: int) -> LogLines:
        parts = id_parts(agent_id)
        if parts is None:
            return LogLines()
        with open_folder(self.base, (*parts, "events")) as folder:
            return LogLines() if folder is None else _read_log(folder, channel, max_bytes)

    def _todo_json(self, agent_id: str) -> tuple[Any, str | None]:
        parts = id_parts(agent_id)
        if parts is None:
            return None, None
        with open_folder(self.base, (*parts, "runtime")) as folder:
            found = read_tail(folder, "todos.json", max_bytes=_TODO_BYTES) if folder else None
        if found is None:
            return None, None
        if found.is_cut:
            return None, "todos.json is too large"
        value, problem = parse_json(to_text(found.data)[0])
        return value, f"todos.json: {problem}" if problem else None

    def _monitor_tail(self, folder: int, agent_id: str) -> MonitorTail | None:
        key = _log_signature(folder, "monitor")
        if key == (None, None):
            return None

        def read() -> MonitorTail:
            return _read_monitor_tail(folder)

        return self._tails.get(agent_id, key, read)

    def _last_event_at(self, folder: int, agent_id: str) -> int | None:
        """Return the time of the last event of the channels beside the monitor."""

        def read_channel(channel: str) -> int | None:
            def read() -> int | None:
                return last_event_at(_tail_data(folder, channel, _TAIL_BYTES)[0])

            key = _log_signature(folder, channel)
            return self._last_events.get(f"{channel} {agent_id}", key, read)

        times = (read_channel(channel) for channel in ("progress", "control"))
        return max((at for at in times if at is not None), default=None)


def _read_monitor_tail(folder: int) -> MonitorTail:
    data, is_whole = _tail_data(folder, "monitor", _TAIL_BYTES)
    tail = scan_monitor(data, is_whole=is_whole)
    if tail.state or is_whole:
        return tail
    data, is_whole = _tail_data(folder, "monitor", _LAST_TAIL_BYTES)
    return scan_monitor(data, is_whole=is_whole)


def _tail_data(folder: int, channel: str, max_bytes: int) -> tuple[bytes, bool]:
    """Return the end of a log with its WAL behind it, and whether this is all there is.

    The first line may be cut: the end of a huge line still tells when it was written.
    """
    found = _read_both(folder, channel, max_bytes)
    return b"\n".join(part.data for part in found), not any(part.is_cut for part in found)


def _read_both(folder: int, channel: str, max_bytes: int) -> tuple[TailBytes, ...]:
    # WAL first: what a writer moves to the log in between is then there twice, not lost.
    waiting = read_tail(folder, f"{channel}.wal", max_bytes=max_bytes)
    log = read_tail(folder, f"{channel}.log", max_bytes=max_bytes)
    return tuple(found for found in (log, waiting) if found is not None)


def _read_log(folder: int, channel: str, max_bytes: int) -> LogLines:
    parts: list[tuple[bytes, int]] = []
    end = 0
    read = _read_both(folder, channel, max_bytes)
    for found in read:
        data, start = found.data, found.start
        if found.is_cut:
            whole = data.find(b"\n") + 1
            data, start = (data[whole:], start + whole) if whole else (b"", start + len(data))
        parts.append((data, end + start))
        end += start + len(data)
    return LogLines(tuple(parts), is_cut=any(found.is_cut for found in read))


def _log_signature(folder: int, channel: str) -> LogSignature:
    return signature(folder, f"{channel}.log"), signature(folder, f"{channel}.wal")
