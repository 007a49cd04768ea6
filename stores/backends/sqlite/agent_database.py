"""The connection that an agent store writes and reads through, shared by the threads of a process.

SQLite lets one writer in at a time. Within the process a lock gives the turns; between processes
each transaction asks for the write lock at its beginning, so that no save finds out half way that
another one came first, and asks often, so that a busy neighbour cannot starve it.
"""

import random
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from stores.backends.sqlite.schema import SCHEMA
from stores.browse.sql.reading import RawText
from stores.errors import StoreError, StoreUnavailable

__all__ = ["AgentDatabase", "Params"]

Params = Mapping[str, Any] | Sequence[Any]

BUSY_TIMEOUT_MS: Final = 5000
#: SQLite's own wait looks every 100 ms in the end, which a steady writer can always pass by.
_SHORT_WAIT_MS: Final = 5
_LONGEST_PAUSE_S: Final = 0.004
_TABLES: Final = frozenset({"agents", "messages", "tool_calls", "snapshots"})
_REASONS: Final = {
    sqlite3.SQLITE_BUSY: ("another process holds the database; try again", "locked"),
    sqlite3.SQLITE_LOCKED: ("another process holds the database; try again", "locked"),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened; check its path", "missing"),
    sqlite3.SQLITE_PERM: ("the database may not be written; check its rights", "permission"),
    sqlite3.SQLITE_READONLY: ("the database may not be written; check its rights", "permission"),
    sqlite3.SQLITE_NOTADB: ("the file is not a SQLite database", "not-sqlite"),
    sqlite3.SQLITE_FULL: ("the disk of the database is full", "full"),
    sqlite3.SQLITE_ERROR: ("the tables of the database are not the KODE SDK's", "foreign"),
}
_DAMAGED: Final = ("the database is damaged; restore a backup", "damaged")
#: What the driver raises: numbers beyond 64 bits and texts that have no UTF-8 form among it.
_DRIVER_ERRORS: Final = (sqlite3.Error, sqlite3.Warning, OverflowError, UnicodeError)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return RawText.of(raw)


def _translated(error: Exception) -> StoreError:
    """Say what a driver's error means for the store."""
    if isinstance(error, OverflowError | UnicodeError):
        return StoreError("the database refused a row: a number or a text that it cannot hold")
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError):
        if "closed" in str(error):  # by another thread, between its check and its statement
            return StoreUnavailable("This store is closed. Open it anew.", reason="closed")
        return StoreError("the database refused a row: a value of a type that it cannot hold")
    if code == sqlite3.SQLITE_CONSTRAINT:
        return StoreError(f"the database refused a row: {error}")
    if code in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH):
        return StoreError("the database refused a row: a value that is too large")
    message, reason = _REASONS.get(code, _DAMAGED)
    return StoreUnavailable(message, reason=reason)


class AgentDatabase:
    """One connection with the SDK's tables; ``foreign_keys`` is on, so deletes cascade.

    Raises:
        StoreUnavailable: from every method: another process holds the lock for over 5 seconds,
            or the database cannot be opened, read or written.
    """

    def __init__(self, path: Path | str, *, wal: bool = False) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._is_writing = False
        with _translating():
            self._db = sqlite3.connect(
                path,
                timeout=BUSY_TIMEOUT_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            try:
                self._prepare(wal=wal)
            except BaseException:
                self._db.close()
                raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold one writing transaction; one inside it is undone alone when it fails."""
        with self._lock, _translating():
            if self._is_writing:
                with self._undone("SAVEPOINT inner", "RELEASE inner", "ROLLBACK TO inner"):
                    yield
                return
            self._begin()
            self._is_writing = True
            try:
                with self._undone("", "COMMIT", "ROLLBACK"):
                    yield
            finally:
                self._is_writing = False

    @contextmanager
    def reading(self) -> Iterator[None]:
        """Let several statements see the database as it is at one moment."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            with _translating():
                self._db.execute("BEGIN")
                try:
                    yield
                finally:
                    if self._db.in_transaction:
                        self._db.execute("ROLLBACK")

    def execute(self, statement: str, params: Params = ()) -> int:
        """Run one writing statement inside a transaction; return how many rows it changed."""
        with self._lock, _translating():
            return self._db.execute(statement, params).rowcount

    def execute_many(self, statement: str, rows: Sequence[Params]) -> None:
        """Run one writing statement for each row, inside a transaction."""
        with self._lock, _translating():
            self._db.executemany(statement, rows)

    def fetch(self, statement: str, params: Params = ()) -> list[tuple[Any, ...]]:
        """Return all rows of one statement."""
        with self._lock, _translating():
            return self._db.execute(statement, params).fetchall()

    def define(self, name: str, function: Callable[[], str]) -> None:
        """Offer a function without parameters to the statements."""
        with _translating():
            self._db.create_function(name, 0, function)

    def close(self) -> None:
        """Close the connection, after what another thread still does with it."""
        with self._lock:
            self._db.close()

    def _prepare(self, *, wal: bool) -> None:
        self._db.text_factory = _text
        self._db.execute("PRAGMA foreign_keys = ON")
        if wal:
            self._db.execute("PRAGMA journal_mode = WAL")
        # Looking first spares a store that has its tables any write, and its readers any wait.
        names = {row[0] for row in self._db.execute("SELECT name FROM sqlite_master")}
        if names >= _TABLES:
            self._db.execute(
                "SELECT agent_id, template_id, created_at, config_version, lineage, message_count,"
                " last_sfp_index, last_bookmark, breakpoint, metadata FROM agents LIMIT 0"
            )
            return
        with self.transaction():
            for statement in SCHEMA:
                self._db.execute(statement)

    @contextmanager
    def _undone(self, begin: str, end: str, undo: str) -> Iterator[None]:
        """Run the statements around a part that is kept whole or not at all."""
        if begin:
            self._db.execute(begin)
        try:
            yield
            self._db.execute(end)
        except BaseException:
            # What failed may have ended the transaction already.
            with suppress(sqlite3.Error):
                self._db.execute(undo)
            raise

    def _begin(self) -> None:
        """Take the write lock, asking every few milliseconds for up to the time-out."""
        deadline = time.monotonic() + BUSY_TIMEOUT_MS / 1000
        self._db.execute(f"PRAGMA busy_timeout = {_SHORT_WAIT_MS}")
        try:
            while True:
                try:
                    self._db.execute("BEGIN IMMEDIATE")
                    return
                except sqlite3.OperationalError as exc:
                    is_busy = getattr(exc, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_BUSY
                    if not is_busy or time.monotonic() > deadline:
                        raise
                time.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311 - only spreads tries
        finally:
            self._db.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")


@contextmanager
def _translating() -> Iterator[None]:
    try:
        yield
    except _DRIVER_ERRORS as exc:
        raise _translated(exc) from exc
