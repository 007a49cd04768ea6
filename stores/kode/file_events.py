"""The event logs of one agent: appended as the SDK does, read as any crash may leave them.

A line goes to ``<channel>.wal`` first, then to ``<channel>.log``, then the WAL is removed. The SDK
replays a WAL that it finds without looking, which doubles lines and glues one to a torn one;
here a line that the log has is not added again, and a torn line is ended first.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Final

from stores.kode.event_log import CHANNELS
from stores.kode.js_value import js_value
from stores.kode.records import Bookmark, Timeline
from stores.kode.safe_files import open_regular, read_whole, signature
from stores.kode.safe_writes import write_all

__all__ = ["CHANNELS", "add_to_wal", "append_lines", "event_lines", "event_of"]

_LOG: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_WAL: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CHUNK_BYTES: Final = 1 << 20
_GLUED: Final = b'{"cursor":'
# The SDK flushes after 50 ms, so an older WAL belongs to a process that died.
_OLD_NS: Final = 1_000_000_000


def append_lines(folder: int, channel: str, lines: Sequence[bytes], *, must_recover: bool) -> None:
    """Append lines that each end in a line feed; the caller holds the lock of the folder.

    ``must_recover``: a WAL that is there is replayed first however young it is, as the SDK does
    when a store object meets a channel for the first time.

    Raises:
        OSError: not written.
    """
    wal_name = f"{channel}.wal"
    descriptor = os.open(f"{channel}.log", _LOG, 0o666, dir_fd=folder)
    try:
        waiting = signature(folder, wal_name)
        if waiting and (must_recover or waiting[0] < time.time_ns() - _OLD_NS):
            _replay(folder, descriptor, wal_name)
            waiting = None
        # Another writer's WAL is its memory: it stays, and these lines do without.
        has_wal = not waiting and _write_wal(folder, wal_name, lines)
        try:
            _append(descriptor, b"".join(lines))
        finally:
            if has_wal:
                with suppress(FileNotFoundError):
                    os.unlink(wal_name, dir_fd=folder)
    finally:
        os.close(descriptor)


def add_to_wal(folder: int, channel: str, lines: Sequence[bytes]) -> None:
    """Leave lines in the WAL, as a process does that dies within 50 ms of an event."""
    _write_wal(folder, f"{channel}.wal", lines, mode=os.O_APPEND)


def event_lines(folder: int, channel: str) -> Iterator[bytes]:
    """Yield the lines of a channel as the log has them, then those that only the WAL has.

    The WAL is read first: what a writer moves to the log meanwhile is then there twice, not lost.
    Lines that the SDK doubled in the log stay doubled: equal events can also be meant.

    Raises:
        OSError: a log is there and may not be read.
    """
    waiting = [line for line in (read_whole(folder, f"{channel}.wal") or b"").split(b"\n") if line]
    missing = set(waiting)
    with open_regular(folder, f"{channel}.log") as log:
        if log is not None:
            for line in _lines(log):
                missing.discard(line)
                yield line
    yield from (line for line in waiting if line in missing)


def event_of(line: bytes) -> Timeline | None:
    """Return the event of a line, also one glued to a torn one; None when there is none."""
    if not line.strip():
        return None
    event = _parsed(line)
    if event is None:
        place = line.rfind(_GLUED, 1)
        event = _parsed(line[place:]) if place > 0 else None
    return event


def _parsed(text: bytes) -> Timeline | None:
    try:
        event = Timeline.from_json(js_value(text))
    except ValueError:
        return None
    is_whole = isinstance(event.bookmark, Bookmark) and isinstance(event.event, dict)
    return event if is_whole else None


def _lines(descriptor: int) -> Iterator[bytes]:
    end = os.fstat(descriptor).st_size
    start = 0
    torn: list[bytes] = []  # a line may be many chunks long
    while start < end:
        chunk = os.pread(descriptor, min(_CHUNK_BYTES, end - start), start)
        if not chunk:
            break
        start += len(chunk)
        first, *others = chunk.split(b"\n")
        torn.append(first)
        if others:
            yield b"".join(torn)
            yield from others[:-1]
            torn = [others[-1]]
    if any(torn):
        yield b"".join(torn)


def _replay(folder: int, log: int, wal_name: str) -> None:
    """Move to the log what only the WAL has, and remove it."""
    waiting = [line for line in (read_whole(folder, wal_name) or b"").split(b"\n") if line]
    missing = set(waiting)
    for line in _lines(log):
        missing.discard(line)
    lines = [line + b"\n" for line in waiting if line in missing]
    _append(log, b"".join(lines))
    with suppress(FileNotFoundError):
        os.unlink(wal_name, dir_fd=folder)


def _append(log: int, data: bytes) -> None:
    if not data:
        return
    size = os.fstat(log).st_size
    is_torn = size > 0 and os.pread(log, 1, size - 1) != b"\n"
    try:
        write_all(log, b"\n" + data if is_torn else data)
    except OSError:
        # A full disk: what was refused must not come back as half an event.
        with suppress(OSError):
            os.ftruncate(log, size)
        raise


def _write_wal(folder: int, name: str, lines: Sequence[bytes], *, mode: int = os.O_EXCL) -> bool:
    """Write a WAL; False when there is one already, or something else of its name."""
    try:
        descriptor = os.open(name, _WAL | mode, 0o666, dir_fd=folder)
    except FileExistsError:
        return False
    try:
        write_all(descriptor, b"".join(lines))
    except OSError:
        with suppress(OSError):
            os.unlink(name, dir_fd=folder)
        raise
    finally:
        os.close(descriptor)
    return True
