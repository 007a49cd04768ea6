"""The index of one JSON store: a SQLite file of kodeweb's own, with the SDK's tables, narrow.

It can be deleted at any time, is made anew when it is damaged or of another version, and holds
nothing that is not in the store's files. Pages read it while it is written (WAL); writers take
turns by a lock on a file beside it, so that two servers cannot both build it.
"""

import fcntl
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Final

from stores.backends.jsondir.index_writer import IndexWriter
from stores.backends.sqlite.schema import SCHEMA
from stores.errors import StoreUnavailable

__all__ = ["PROGRESS", "Index"]

#: Name of the note that says how far a build is: "done/total", "0/0" before anything is known.
PROGRESS: Final = "building"
#: Another number, another shape: an index of any other version is thrown away.
_VERSION: Final = 1
#: What says nothing against the index itself.
_OUTSIDE: Final = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)
_SUFFIXES: Final = ("", "-wal", "-shm", "-journal")
_BUSY_S: Final = 10.0
_LOCK_PAUSE_S: Final = 0.01
_MORE: Final = (
    "ALTER TABLE messages ADD COLUMN content_size INTEGER",
    "ALTER TABLE tool_calls ADD COLUMN input_size INTEGER",
    "ALTER TABLE tool_calls ADD COLUMN result_size INTEGER",
    # The id in its own session; ``id`` is unique in the whole store.
    "ALTER TABLE tool_calls ADD COLUMN local_id TEXT",
    "ALTER TABLE snapshots ADD COLUMN messages_size INTEGER",
    """CREATE TABLE kodeweb_folders (
        agent_id TEXT PRIMARY KEY, signature TEXT NOT NULL,
        size_bytes INTEGER NOT NULL, problems TEXT NOT NULL)""",
    "CREATE TABLE kodeweb_state (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
)


class Index:
    """Where the index is, and who may write it now."""

    def __init__(self, base: Path, folder: Path) -> None:
        self.base = base
        self.path = folder / "index.sqlite3"
        self._lock_path = folder / "lock"

    def exists(self) -> bool:
        """Tell whether there is an index, whatever it holds."""
        return self.path.exists()

    @contextmanager
    def writing(self, *, wait_s: float = 0.0) -> Iterator["IndexWriter | None"]:
        """Give a writer, None when another one has the lock for longer than the wait.

        Raises:
            StoreUnavailable: reason ``index``: kodeweb's own folder cannot be written.
        """
        try:
            self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            lock = os.open(self._lock_path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as exc:
            raise _unwritable(exc) from exc
        try:
            if not _take(lock, wait_s):
                yield None
                return
            with closing(self._opened()) as connection:
                yield IndexWriter(self.base, connection)
        except sqlite3.DatabaseError as exc:
            raise self._failed(exc) from exc
        finally:
            os.close(lock)

    def discard(self) -> None:
        """Remove the index; the next writer makes it anew."""
        for suffix in _SUFFIXES:
            with suppress(FileNotFoundError):
                Path(f"{self.path}{suffix}").unlink()

    def _opened(self) -> sqlite3.Connection:
        try:
            return self._open()
        except OSError as exc:  # such as a folder in the file's place
            raise _unwritable(exc) from exc

    def _open(self) -> sqlite3.Connection:
        """Open the index for writing, made anew unless it is ours, whole and of this folder."""
        if not self.exists():
            self.discard()  # a WAL without its file would be played into the next one
        try:
            connection = _connect(self.path)
            if self._is_ours(connection):
                return connection
            connection.close()
        except sqlite3.DatabaseError:
            pass
        self.discard()
        os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        connection = _connect(self.path)
        self._make_tables(connection)
        return connection

    def _is_ours(self, connection: sqlite3.Connection) -> bool:
        if connection.execute("PRAGMA user_version").fetchone()[0] != _VERSION:
            return False
        rows = connection.execute("SELECT value FROM kodeweb_state WHERE name = 'base'").fetchall()
        return rows == [(self._place(),)]

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        connection.execute("BEGIN IMMEDIATE")
        for statement in (*SCHEMA, *_MORE):
            connection.execute(statement)
        notes = [("base", self._place()), (PROGRESS, "0/0")]
        connection.executemany("INSERT INTO kodeweb_state VALUES (?, ?)", notes)
        connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    def _failed(self, exc: sqlite3.DatabaseError) -> StoreUnavailable:
        """Return the error to raise; what is not the disk's or a lock's fault is a broken index."""
        code = getattr(exc, "sqlite_errorcode", None)
        if isinstance(code, int) and code & 0xFF in _OUTSIDE:
            return _unwritable(exc)
        self.discard()
        message = "kodeweb's index of this folder was damaged and is made anew. Reload the page."
        return StoreUnavailable(message, reason="index")

    def _place(self) -> str:
        return str(self.base).encode(errors="replace").decode()


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, isolation_level=None, timeout=_BUSY_S)
    try:
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=NORMAL")
        connection.execute("PRAGMA foreign_keys=OFF")
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


def _take(lock: int, wait_s: float) -> bool:
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= until:
                return False
            time.sleep(_LOCK_PAUSE_S)
        else:
            return True


def _unwritable(exc: Exception) -> StoreUnavailable:
    detail = getattr(exc, "strerror", None) or str(exc)
    message = (
        f"kodeweb cannot write its index of this folder ({detail}). Look at the owner and the "
        "free space of kodeweb's data directory."
    )
    return StoreUnavailable(message, reason="index")
