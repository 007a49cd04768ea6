"""Run one read so that the database's lock is held while SQLite works and not a moment longer.

Python takes rows one by one and needs its interpreter lock for each. In a busy server, fetching
200 rows was measured to take up to 2 s, and the database's shared lock is held until the last one.
So a statement first copies its rows into a table in memory, in one step that needs no interpreter
lock and gives the database's lock back when it ends; the rows are then read from that copy.
"""

import sqlite3
import threading
import time
from collections.abc import Mapping
from contextlib import AbstractContextManager
from functools import lru_cache
from typing import Any, Final

from stores.backends.sqlite.failures import DRIVER_ERRORS, translate
from stores.backends.sqlite.watchdog import stopped_after
from stores.browse.sql.reading import Row

__all__ = ["BUSY_WAIT_S", "COPY_TABLE", "Reading", "prepare_copying"]

#: How long a read waits for a writer that is committing before the store counts as locked.
BUSY_WAIT_S: Final = 2.0
COPY_TABLE: Final = "kodeweb_rows"
_MAX_COLUMNS: Final = 40
_PAUSES_S: Final = (0.001, 0.002, 0.005)
_LAST_PAUSE_S: Final = 0.01
_STARVED_TRIES: Final = 4
_STARVED_SHARE: Final = 0.25


def prepare_copying(connection: sqlite3.Connection) -> None:
    """Make the table in memory. Call it before the authorizer is set."""
    columns = ", ".join(_column_names(_MAX_COLUMNS))
    connection.execute(f"CREATE TEMP TABLE {COPY_TABLE} ({columns})")


def _column_names(count: int) -> list[str]:
    return [f"c{index}" for index in range(count)]


@lru_cache(maxsize=512)
def _copying(statement: str, count: int) -> tuple[str, str]:
    """Return the statements that copy the rows and that read the copy."""
    names = ", ".join(_column_names(count))
    return (
        f"INSERT INTO temp.{COPY_TABLE} ({names}) {statement}",
        f"SELECT {names} FROM temp.{COPY_TABLE} ORDER BY rowid",
    )


class Reading:
    """Run statements on one checked-out connection, each under the time limit.

    ``turn`` admits one statement at a time. SQLite lets a second reader of the same process join
    a lock that is held, past a writer that waits for it: overlapping reads would never let go.
    """

    #: Short, because an agent's save waits for the chunk that is being read.
    chunk_aim_ms = 4.0
    chunk_slow_ms = 12.0
    #: Number of columns by statement, shared by all connections: the text alone decides it.
    _widths: Final[dict[str, int]] = {}

    def __init__(
        self,
        connection: sqlite3.Connection,
        limit_ms: int,
        inode: int = 0,
        turn: AbstractContextManager[object] | None = None,
    ) -> None:
        self._connection = connection
        self._inode = inode
        self._turn = turn or threading.Lock()
        self.limit_ms = limit_ms
        self.statements = 0
        self.longest_ms = 0.0

    def schema_key(self) -> tuple[int, int]:
        """Return what changes whenever the file or its tables do."""
        rows = self.fetch("SELECT schema_version FROM pragma_schema_version")
        return self._inode, int(rows[0][0])

    def fetch(self, statement: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Return all rows of one statement.

        The clock starts when the statement works, not while it waits for a writer.

        Raises:
            StatementTimeout: the statement was stopped at the limit.
            RowTooLarge: a row is above the size that is read into memory.
            StoreUnavailable: the store is locked, damaged, gone or not a KODE store.
        """
        self.statements += 1
        try:
            return self._fetch_copy(statement, params or {})
        except DRIVER_ERRORS as exc:
            raise translate(exc) from exc

    def _fetch_copy(self, statement: str, params: Mapping[str, Any]) -> list[Row]:
        width = self._widths.get(statement)
        if width is None:
            width = len(self._run(f"SELECT * FROM ({statement}) LIMIT 0", params).description)
            if len(self._widths) > 2000:
                self._widths.clear()
            self._widths[statement] = width
        copy, read = _copying(statement, width)
        if not self._run(copy, params).rowcount:
            return []
        try:
            return self._connection.execute(read).fetchall()
        finally:
            self._connection.execute(f"DELETE FROM temp.{COPY_TABLE}")

    def _run(self, statement: str, params: Mapping[str, Any]) -> sqlite3.Cursor:
        """Run a statement in its turn, again while a writer commits or the machine is too busy."""
        waits_until = time.monotonic() + BUSY_WAIT_S
        pauses = iter(_PAUSES_S)
        tries = _STARVED_TRIES
        while True:
            worked_s = time.thread_time()
            with self._turn, stopped_after(self._connection, self.limit_ms / 1000):
                began = time.monotonic()
                try:
                    return self._connection.execute(statement, params)
                except sqlite3.OperationalError as exc:
                    code = getattr(exc, "sqlite_errorcode", 0) & 0xFF
                    if code == sqlite3.SQLITE_INTERRUPT:
                        # Stopped without having had the processor: it was not the statement.
                        tries -= 1
                        worked_ms = (time.thread_time() - worked_s) * 1000
                        if not tries or worked_ms > self.limit_ms * _STARVED_SHARE:
                            raise
                    elif code != sqlite3.SQLITE_BUSY or time.monotonic() > waits_until:
                        raise
                finally:
                    self.longest_ms = max(self.longest_ms, (time.monotonic() - began) * 1000)
            time.sleep(next(pauses, _LAST_PAUSE_S))
