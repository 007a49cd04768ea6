"""Connections to the server: a small pool, transactions that are repeated, errors translated."""

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final, TypeVar

import pymysql
from pymysql.constants import ER
from pymysql.cursors import Cursor

from kode_mysql.schema import COLLATIONS, tables
from kode_mysql.target import MySQLTarget
from stores.errors import StoreError, StoreUnavailable

__all__ = ["Connection", "Database", "Params", "connect", "translated"]

if TYPE_CHECKING:
    Connection = pymysql.connections.Connection[Cursor]
else:
    Connection = pymysql.connections.Connection
Params = Mapping[str, Any]
_Result = TypeVar("_Result")

_TRIES: Final = 8
_CONNECT_SECONDS: Final = 5
_STATEMENT_SECONDS: Final = 60
#: The server's own setting decides first; this only keeps the driver out of the way.
_MAX_PACKET: Final = 256 * 1024 * 1024
#: Strict, so that a value that does not fit is refused and never cut; and no gap locks, so that
#: saves of different sessions rarely wait for each other.
_SETTINGS: Final = (
    "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION'",
    "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED",
    "SET SESSION innodb_lock_wait_timeout = 10",
)
#: No JSON, a check or a text that the columns refuse; MariaDB's and MySQL's numbers for it.
_REFUSED: Final = frozenset({1366, 1406, 3140, 3141, 3819, 4025})
_LOST: Final = frozenset({2003, 2006, 2013, 2055})
_REASONS: Final = {
    2003: ("Nobody answers at the server's address. Is it running?", "refused"),
    ER.ACCESS_DENIED_ERROR: ("The server refuses this user or password.", "credentials"),
    1698: ("The server refuses this user or password.", "credentials"),
    ER.DBACCESS_DENIED_ERROR: ("This user may not use this database.", "permission"),
    ER.BAD_DB_ERROR: ("The server has no database of this name. Create it first.", "missing"),
    ER.CON_COUNT_ERROR: ("The server has too many clients. Try again later.", "full"),
    ER.TOO_MANY_USER_CONNECTIONS: ("This user has too many connections.", "full"),
    ER.TABLEACCESS_DENIED_ERROR: ("This user may not do that with the tables.", "permission"),
    ER.LOCK_WAIT_TIMEOUT: ("Another save holds these rows for too long.", "locked"),
    ER.LOCK_DEADLOCK: ("Saves got in each other's way too often.", "locked"),
    ER.BAD_FIELD_ERROR: ("The tables are not those of this store.", "foreign"),
}


class Database:
    """The pool of one store; each thread that works at a time takes a connection of its own.

    Raises:
        StoreUnavailable: from every method, see ``stores.errors``.
        StoreError: from every method, when the server refuses a row.
    """

    def __init__(self, target: MySQLTarget, *, keep: int = 4) -> None:
        self.target = target
        self._keep = keep
        self._idle: list[Connection] = []
        self._lock = threading.Lock()
        self._is_closed = False
        with self.connection() as connection, translated():
            _make_tables(connection)

    @contextlib.contextmanager
    def connection(self) -> Iterator[Connection]:
        """Check out a connection in autocommit; a failed one is not kept."""
        with self._lock:
            self._check_open()
            connection = self._idle.pop() if self._idle else None
        if connection is None:
            connection = self.connect()
        is_good = False
        try:
            yield connection
            is_good = True
        except pymysql.MySQLError as exc:
            is_good = bool(exc.args) and exc.args[0] not in _LOST and connection.open
            raise
        finally:
            self._give_back(connection, is_good=is_good)

    def connect(self) -> Connection:
        """Open a connection of its own, for a lock."""
        return connect(self.target)

    def fetch(self, statement: str, params: Params | None = None) -> list[tuple[Any, ...]]:
        """Return all rows of one reading statement."""
        with translated(), self.connection() as connection, connection.cursor() as cursor:
            cursor.execute(statement, params)
            return list(cursor.fetchall())

    def transact(self, work: Callable[[Cursor], _Result]) -> _Result:
        """Do some work in one transaction, again from the start when it met a deadlock.

        Nothing of a try that failed is kept, so repeating it is safe.
        """
        with translated():
            for _ in range(_TRIES - 1):
                with contextlib.suppress(_Deadlock):
                    return self._try(work)
            return self._try(work)

    def close(self) -> None:
        """Close the idle connections; those in use are closed when they come back."""
        with self._lock:
            self._is_closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _try(self, work: Callable[[Cursor], _Result]) -> _Result:
        try:
            with self.connection() as connection:
                connection.begin()
                try:
                    with connection.cursor() as cursor:
                        result = work(cursor)
                    connection.commit()
                except BaseException:
                    with contextlib.suppress(pymysql.MySQLError):
                        connection.rollback()
                    raise
                return result
        except pymysql.OperationalError as exc:
            if exc.args[0] == ER.LOCK_DEADLOCK:
                raise _Deadlock(*exc.args) from exc
            raise

    def _give_back(self, connection: Connection, *, is_good: bool) -> None:
        with self._lock:
            if is_good and not self._is_closed and len(self._idle) < self._keep:
                self._idle.append(connection)
                return
        with contextlib.suppress(pymysql.MySQLError):
            connection.close()

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("This store is closed. Open it anew.", reason="closed")


def connect(target: MySQLTarget) -> Connection:
    """Open a connection in autocommit.

    Raises:
        StoreUnavailable: the server cannot be reached, or refuses.
    """
    with translated():
        connection = pymysql.connect(
            host=target.host,
            port=target.port,
            user=target.user,
            password=target.password,
            database=target.database,
            charset="utf8mb4",
            autocommit=True,
            connect_timeout=_CONNECT_SECONDS,
            read_timeout=_STATEMENT_SECONDS,
            write_timeout=_STATEMENT_SECONDS,
            max_allowed_packet=_MAX_PACKET,
        )
        with connection.cursor() as cursor:
            for setting in _SETTINGS:
                cursor.execute(setting)
        return connection


class _Deadlock(pymysql.OperationalError):
    """The server undid a transaction so that another one could go on."""


def _make_tables(connection: Connection) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COLLATION_NAME FROM information_schema.COLLATIONS"
            " WHERE COLLATION_NAME IN %(names)s",
            {"names": COLLATIONS},
        )
        found = [row[0] for row in cursor.fetchall()]
        if not found:
            raise StoreUnavailable(
                f"This server has neither of the collations {' and '.join(COLLATIONS)}: "
                "use MySQL 8.0.17, MariaDB 10.2 or newer.",
                reason="foreign",
            )
        for table in tables(found[0]):
            cursor.execute(table)


@contextlib.contextmanager
def translated() -> Iterator[None]:
    """Turn what the driver raises into this project's errors, without the server's own words."""
    try:
        yield
    except (pymysql.MySQLError, UnicodeError, OverflowError) as exc:
        raise _error_of(exc) from exc


def _error_of(error: Exception) -> StoreError:
    code = error.args[0] if error.args and isinstance(error.args[0], int) else 0
    if code in _REASONS:
        message, reason = _REASONS[code]
        return StoreUnavailable(message, reason=reason)
    if code == ER.NET_PACKET_TOO_LARGE:
        return StoreError("A record is larger than the server's max_allowed_packet.")
    is_value = isinstance(
        error, pymysql.IntegrityError | pymysql.DataError | UnicodeError | OverflowError
    )
    if is_value or code in _REFUSED:
        return StoreError(f"The database refused a row (code {code}): it does not fit the tables.")
    return StoreUnavailable(f"The database does not answer (code {code}).", reason="damaged")
