"""Look at a database file beside SQLite without breaking its locks.

POSIX drops all locks that a process holds on a file as soon as the process closes *any*
descriptor of it. A reader that opened the file, read its header and closed it again would thereby
free the shared lock under another thread's running statement, and an agent could commit into it.
So a descriptor for looking is opened once for each file, shared by all who look, and closed only
when nobody has the file open any more.
"""

import os
import stat
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stores.errors import StoreUnavailable

__all__ = ["Header", "HeaderWatch"]

MAGIC: Final = b"SQLite format 3\x00"

_FileKey = tuple[int, int]
_lock = threading.Lock()
_open: dict[_FileKey, tuple[int, int]] = {}  # (device, inode) -> descriptor, users


@dataclass(frozen=True)
class Header:
    """Which file a path names now, and whether its header says WAL."""

    device: int
    inode: int
    is_wal: bool
    modified_ns: int
    size_bytes: int


class HeaderWatch:
    """Tell again and again what a path names, for as long as somebody reads the file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: dict[_FileKey, int] = {}
        self._lock = threading.Lock()

    def look(self) -> Header:
        """Return what the path names now.

        The sentences do not name the path: viewers read them, and paths are for operators.

        Raises:
            StoreUnavailable: nothing there, not readable, not a regular file, not SQLite.
        """
        try:
            info = self._path.stat()
        except (FileNotFoundError, NotADirectoryError) as exc:
            message = "There is no file at this store's path. It was moved or deleted."
            raise StoreUnavailable(message, reason="missing") from exc
        except (OSError, ValueError) as exc:
            message = "This store's file cannot be reached. Check its path and permissions."
            raise StoreUnavailable(message, reason="permission") from exc
        if not stat.S_ISREG(info.st_mode):
            message = "This path is not a file. Name the SQLite file itself."
            raise StoreUnavailable(message, reason="not-sqlite")
        key = (info.st_dev, info.st_ino)
        with self._lock:
            descriptor = self._held.get(key)
            if descriptor is None:
                descriptor = self._held[key] = self._acquire(key)
        start = os.pread(descriptor, 20, 0)
        if start and not start.startswith(MAGIC):
            message = "This file is not a SQLite database."
            raise StoreUnavailable(message, reason="not-sqlite")
        # SQLite itself goes by this byte alone, the "read version"; the one before it may differ.
        is_wal = start[19:20] == b"\x02"
        return Header(*key, is_wal, info.st_mtime_ns, info.st_size)

    def close(self) -> None:
        """Stop looking. Call it after this watcher's connections are closed."""
        with self._lock, _lock:
            for key in self._held:
                descriptor, users = _open.pop(key)
                if users > 1:
                    _open[key] = (descriptor, users - 1)
                else:
                    os.close(descriptor)
            self._held.clear()

    def _acquire(self, key: _FileKey) -> int:
        with _lock:
            if key in _open:
                descriptor, users = _open[key]
                _open[key] = (descriptor, users + 1)
                return descriptor
            try:
                descriptor = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as exc:
                message = f"This file cannot be read: {exc.strerror}. Check its permissions."
                raise StoreUnavailable(message, reason="permission") from exc
            _open[key] = (descriptor, 1)
            return descriptor
