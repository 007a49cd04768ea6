"""The store in the dashboard: kodeweb's own lists, asked in this dialect, only ever reading."""

import contextlib
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import pymysql

from kode_mysql.database import Connection, connect, translated
from kode_mysql.shape import MySQLSchema, read_schema
from kode_mysql.target import MySQLTarget
from stores.browse.sql.reader import SqlReader
from stores.browse.sql.reading import Row, StatementTimeout
from stores.errors import StoreUnavailable
from stores.kode.file_reader import SessionFiles

__all__ = ["MySQLReader"]

_LIMIT_MS: Final = 250
_KEPT: Final = 4
_SCHEMA_TTL_S: Final = 30.0
#: MariaDB's and MySQL's numbers for a statement that was stopped at its time limit.
_STOPPED: Final = frozenset({1969, 3024})
_MARK: Final = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")


@lru_cache(maxsize=1024)
def _native(statement: str) -> str:
    """Return a statement with its ``:name`` parameters as the driver writes them."""
    return _MARK.sub(r"%(\1)s", statement.replace("%", "%%"))


class _Reading:
    """Run statements on one connection that only reads, each under the server's time limit."""

    chunk_aim_ms = 40.0
    chunk_slow_ms = 100.0

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def fetch(self, statement: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Return all rows of one statement."""
        try:
            with translated(), self._connection.cursor() as cursor:
                cursor.execute(_native(statement), dict(params or {}))
                return [tuple(map(_plain, row)) for row in cursor.fetchall()]
        except StoreUnavailable as exc:
            cause = exc.__cause__
            if (
                isinstance(cause, pymysql.MySQLError)
                and cause.args[:1]
                and cause.args[0] in _STOPPED
            ):
                raise StatementTimeout from exc
            raise


class MySQLReader(SqlReader):
    """Read one store; see :class:`stores.browse.reader.Reader` for the promises."""

    def __init__(
        self,
        store_id: str,
        target: MySQLTarget,
        files_path: Path,
        on_read: Callable[[], None],
    ) -> None:
        super().__init__(store_id, SessionFiles(files_path))
        self._target = target
        self._on_read = on_read
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._known: tuple[float, MySQLSchema] | None = None

    def close(self) -> None:
        """Close the idle connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    @contextlib.contextmanager
    def _reading(self) -> Iterator[tuple[_Reading, MySQLSchema]]:
        """Check out a connection, with the tables as they were half a minute ago at most."""
        with self._lock:
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = _connect(self._target)
        reading, is_good = _Reading(connection), False
        try:
            known, now = self._known, time.monotonic()
            if known is None or now - known[0] > _SCHEMA_TTL_S:
                known = self._known = now, read_schema(reading)
            yield reading, known[1]
            is_good = True
        except StatementTimeout as exc:
            message = "This database answers too slowly just now. Narrow the page, or reload."
            raise StoreUnavailable(message, reason="slow") from exc
        finally:
            with self._lock:
                is_kept = is_good and len(self._idle) < _KEPT
                if is_kept:
                    self._idle.append(connection)
            if not is_kept:
                with contextlib.suppress(pymysql.MySQLError):
                    connection.close()
        self._on_read()


def _plain(value: Any) -> Any:
    """Return a number as Python's own: the server's sums and conditions are decimals."""
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def _connect(target: MySQLTarget) -> Connection:
    """Open a connection that cannot write, whatever its user may do."""
    connection = connect(target)
    settings = [
        "SET SESSION sql_mode = 'PIPES_AS_CONCAT,STRICT_ALL_TABLES'",
        "SET SESSION TRANSACTION READ ONLY",
    ]
    with translated(), connection.cursor() as cursor:
        cursor.execute("SELECT VERSION()")
        row = cursor.fetchone()
        is_mariadb = "mariadb" in str(row).lower()
        limit = (
            f"SET SESSION max_statement_time = {_LIMIT_MS / 1000}"
            if is_mariadb
            else f"SET SESSION max_execution_time = {_LIMIT_MS}"
        )
        for setting in (*settings, limit):
            cursor.execute(setting)
    return connection
