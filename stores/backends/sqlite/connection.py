"""Open a KODE SQLite file so that reading it can never be felt by the agent that writes it.

Rules that this module alone enforces (spec trust 0.6-0.8, product F12):

- read-only, and no file is created or touched: ``mode=ro`` with ``readonly_shm``; a cleanly closed
  WAL database, which SQLite could only open by creating two files, is read as immutable and the
  read is thrown away when a writer turned up meanwhile;
- no statement holds the lock longer than the limit: 25 ms on a rollback journal, 250 ms on WAL;
- every statement is fetched whole and closed, so no lock survives a call, and the lock is given
  back before the first row reaches Python (see ``statement``);
- an authorizer admits reads only, and writing to one table in memory. ``query_only`` would forbid
  that table too; the file itself is open for reading only.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from stores.backends.sqlite.failures import (
    DRIVER_ERRORS,
    UNREADABLE,
    translate,
)
from stores.backends.sqlite.header import HeaderWatch
from stores.backends.sqlite.statement import (
    BUSY_WAIT_S,
    COPY_TABLE,
    Reading,
    prepare_copying,
)
from stores.browse.sql.reading import RawText, RowTooLarge, StatementTimeout
from stores.errors import StoreError, StoreUnavailable

__all__ = ["RawText", "Reading", "SqliteFile"]

#: A waiting writer looks again 18, 33, 53 and 78 ms after its first try. With what stopping takes
#: on a busy machine, it then gets the lock at the second or third look.
ROLLBACK_LIMIT_MS: Final = 25
WAL_LIMIT_MS: Final = 250
#: Cells above this are reported as too large instead of being loaded into memory.
MAX_CELL_BYTES: Final = 64 * 1024 * 1024
_VERSION: Final = ("schema_version", None)
_DENIED_FUNCTIONS: Final = frozenset(
    {"load_extension", "fts3_tokenizer", "readfile", "writefile", "edit", "zeroblob", "randomblob"}
)


def _decode(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return RawText.of(raw)


def _authorize(
    action: int, first: str | None, second: str | None, database: str | None, _trigger: str | None
) -> int:
    if action in (sqlite3.SQLITE_INSERT, sqlite3.SQLITE_DELETE):
        is_copy = (first, database) == (COPY_TABLE, "temp")
        return sqlite3.SQLITE_OK if is_copy else sqlite3.SQLITE_DENY
    if action in (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_RECURSIVE):
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_FUNCTION and (second or "").lower() not in _DENIED_FUNCTIONS:
        return sqlite3.SQLITE_OK
    if action == sqlite3.SQLITE_PRAGMA and (first == "table_info" or (first, second) == _VERSION):
        return sqlite3.SQLITE_OK
    return sqlite3.SQLITE_DENY


@dataclass(frozen=True)
class _Identity:
    """What tells that a path still names the file that was opened, in the same journal mode."""

    device: int
    inode: int
    is_wal: bool
    is_quiet: bool  # WAL, and no writer has it open: nothing but the main file exists
    stamp: tuple[int, int] = (0, 0)  # an immutable connection must not outlive a change


class SqliteFile:
    """One SQLite file and its few pooled read-only connections; safe to share among threads."""

    def __init__(
        self, path: Path, *, pool_size: int = 4, on_read: Callable[[], None] | None = None
    ) -> None:
        self.path = path.absolute()
        self._header = HeaderWatch(self.path)
        self._pool_size = pool_size
        self._idle: list[tuple[_Identity, sqlite3.Connection]] = []
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(pool_size)
        self._turn = threading.Lock()
        self._on_read = on_read
        #: Statements run so far and the longest of them, for tests and benchmarks that count.
        self.statements = 0
        self.longest_ms = 0.0

    def journal_mode(self) -> str:
        """Return ``wal`` or ``rollback``, as the file is now."""
        return "wal" if self._header.look().is_wal else "rollback"

    def size_bytes(self) -> int:
        """Return the size of the database file."""
        return self._header.look().size_bytes

    @contextmanager
    def read(self) -> Iterator[Reading]:
        """Check out a connection for a few short statements.

        Raises:
            StoreUnavailable: see :class:`stores.errors.StoreUnavailable` for the reasons.
        """
        if not self._slots.acquire(timeout=10):
            message = "Too many pages read this store at once. Try again in a moment."
            raise StoreUnavailable(message, reason="locked")
        try:
            identity = self._identify()
            connection = self._checkout(identity)
            if identity.is_wal:  # nobody waits for its readers, so they need no turns
                reading = Reading(connection, WAL_LIMIT_MS, identity.inode)
            else:
                reading = Reading(connection, ROLLBACK_LIMIT_MS, identity.inode, self._turn)
            try:
                yield reading
                self.statements += reading.statements
                self.longest_ms = max(self.longest_ms, reading.longest_ms)
            except (StatementTimeout, RowTooLarge) as exc:
                self._give_back(identity, connection)
                message = "This store answers too slowly just now to be read beside its agent."
                raise StoreUnavailable(message, reason="slow") from exc
            except BaseException:
                connection.close()
                raise
            if identity.is_quiet and self._identify() != identity:
                connection.close()
                message = "An agent opened this store while it was read. Reload the page."
                raise StoreUnavailable(message, reason="locked")
            self._give_back(identity, connection)
            if self._on_read is not None:
                self._on_read()
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close the pooled connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for _identity, connection in idle:
            connection.close()
        self._header.close()

    def _checkout(self, identity: _Identity) -> sqlite3.Connection:
        with self._lock:
            while self._idle:
                known, connection = self._idle.pop()
                if known == identity:
                    return connection
                connection.close()
        return self._open(identity)

    def _give_back(self, identity: _Identity, connection: sqlite3.Connection) -> None:
        with self._lock:
            if self._is_kept(identity) and len(self._idle) < self._pool_size:
                self._idle.append((identity, connection))
                return
        connection.close()

    def _is_kept(self, identity: _Identity) -> bool:
        # An open connection to a live WAL store keeps the agent from removing its -wal at the end.
        return identity.is_quiet or not identity.is_wal

    def _identify(self) -> _Identity:
        header = self._header.look()
        if header.is_wal and self._is_quiet():
            stamp = (header.modified_ns, header.size_bytes)
            return _Identity(header.device, header.inode, is_wal=True, is_quiet=True, stamp=stamp)
        return _Identity(header.device, header.inode, is_wal=header.is_wal, is_quiet=False)

    def _is_quiet(self) -> bool:
        wal, shm = Path(f"{self.path}-wal"), Path(f"{self.path}-shm")
        has_shm = shm.exists()
        try:
            wal_bytes = wal.stat().st_size
        except FileNotFoundError:
            wal_bytes = 0
        if wal_bytes and not has_shm:
            message = (
                f"{self.path.name} was copied while an agent wrote it: its -wal file has no -shm "
                "file beside it. Open it once with the agent or the sqlite3 program, then reload."
            )
            raise StoreUnavailable(message, reason="journal")
        return not wal_bytes and not has_shm

    def _uri(self, identity: _Identity) -> str:
        uri = self.path.as_uri() + "?mode=ro&readonly_shm=1"
        return uri + "&immutable=1" if identity.is_quiet else uri

    def _open(self, identity: _Identity) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self._uri(identity),
                uri=True,
                isolation_level=None,
                timeout=BUSY_WAIT_S,
                check_same_thread=False,
                cached_statements=256,
            )
        except DRIVER_ERRORS as exc:
            raise translate(exc) from exc
        try:
            _prepare(connection)
        except DRIVER_ERRORS as exc:
            connection.close()
            error = translate(exc)
            if isinstance(error, StoreError):
                raise error from exc
            raise StoreUnavailable(UNREADABLE, reason="damaged") from exc
        return connection


def _prepare(connection: sqlite3.Connection) -> None:
    """Set the limits and forbid all but reading; this may already read the file's schema."""
    connection.text_factory = _decode
    connection.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MAX_CELL_BYTES)
    connection.setlimit(sqlite3.SQLITE_LIMIT_ATTACHED, 0)
    for pragma in (
        "trusted_schema=OFF",
        "cell_size_check=ON",
        "temp_store=MEMORY",
        "mmap_size=0",
    ):
        connection.execute(f"PRAGMA {pragma}")
    # Declares table-valued functions, which looks like CREATE TABLE to an authorizer.
    for function in ("json_each('[]')", "pragma_schema_version", "pragma_table_info('')"):
        connection.execute(f"SELECT 1 FROM {function}").fetchall()
    prepare_copying(connection)
    connection.execute("PRAGMA busy_timeout=0")  # waiting is done where it is not timed
    connection.set_authorizer(_authorize)
