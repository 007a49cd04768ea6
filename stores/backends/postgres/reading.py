"""Run the statements of one page so that a server, or PgBouncer before it, keeps nothing of them.

All statements of a page share one READ ONLY transaction, so that they see the same moment. The
limits are set inside of it (SET LOCAL) and end with it. A statement at its limit ends the
transaction; the next one begins another.
"""

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import Any, Final

import psycopg
from psycopg import errors

from stores.backends.postgres.connection import PostgresConnection, PostgresPool, translate
from stores.backends.postgres.failures import DRIVER_ERRORS
from stores.backends.postgres.replica import ReplicaPool
from stores.browse.sql.reading import Row, RowTooLarge, StatementTimeout
from stores.errors import InvalidQuery, StoreError, StoreUnavailable

__all__ = ["LIMIT_MS", "PostgresReading", "read_from"]

LIMIT_MS: Final = 250
_BEGIN: Final = f"""
    BEGIN TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;
    SET LOCAL statement_timeout = {LIMIT_MS};
    SET LOCAL lock_timeout = {LIMIT_MS};
    SET LOCAL idle_in_transaction_session_timeout = 15000;
    SET LOCAL jit = off;
    SET LOCAL datestyle = ISO;
    SET LOCAL timezone = 'UTC'
"""
_MARK: Final = re.compile(r"(?<![:\w]):([a-z][a-z0-9_]*)")
_TOO_LARGE: Final = (errors.ProgramLimitExceeded, errors.OutOfMemory)
_UNFIT: Final = "A filter holds a character or a value that this store cannot hold."


@lru_cache(maxsize=1024)
def _native(statement: str) -> str:
    """Return a statement with its ``:name`` parameters as the driver writes them."""
    return _MARK.sub(r"%(\1)s", statement.replace("%", "%%"))


class PostgresReading:
    """Run statements on one checked-out connection, each under the server's time limit."""

    #: No agent waits for a reader here, so chunks may be long.
    chunk_aim_ms = 40.0
    chunk_slow_ms = 100.0

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self._is_open = False
        self.statements = 0
        self.longest_ms = 0.0

    def fetch(self, statement: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Return all rows of one statement.

        Raises:
            StatementTimeout: the server stopped the statement at the limit.
            RowTooLarge: a value is above what the server can hand out.
            InvalidQuery: a parameter is no value that a column can hold.
            StoreUnavailable: the server is gone, or the tables are not the SDK's.
        """
        if any(isinstance(value, str) and "\x00" in value for value in (params or {}).values()):
            raise InvalidQuery(_UNFIT)
        self.statements += 1
        began = time.monotonic()
        try:
            if not self._is_open:
                self._connection.execute(_BEGIN)
                self._is_open = True
            return self._connection.execute(_native(statement), params or {}).fetchall()
        except UnicodeEncodeError as exc:
            raise InvalidQuery(_UNFIT) from exc
        except DRIVER_ERRORS as exc:
            self.end()
            raise _answer(exc) from exc
        finally:
            self.longest_ms = max(self.longest_ms, (time.monotonic() - began) * 1000)

    def end(self) -> None:
        """End the transaction, whatever state it is in."""
        self._is_open = False
        with suppress(psycopg.Error):  # a connection that is gone has no transaction either
            self._connection.rollback()


def _answer(exc: Exception) -> Exception:
    if isinstance(exc, errors.QueryCanceled):
        return StatementTimeout()
    if isinstance(exc, _TOO_LARGE):
        return RowTooLarge()
    if isinstance(exc, errors.DataError | errors.UndefinedFunction | errors.DatatypeMismatch):
        return InvalidQuery(_UNFIT)
    if isinstance(exc, UnicodeDecodeError):
        return StoreUnavailable("This database holds text that is not UTF-8.", reason="damaged")
    return translate(exc)


@contextmanager
def read_from(
    pool: PostgresPool | ReplicaPool, on_read: Callable[[PostgresReading], None]
) -> Iterator[PostgresReading]:
    """Check out a connection for a few short statements; ``on_read`` hears of a good end.

    Raises:
        StoreUnavailable: without the names of machine, role and database, which viewers of a
            store need not know.
    """
    try:
        with pool.connection() as connection:
            reading = PostgresReading(connection)
            try:
                yield reading
            except (StatementTimeout, RowTooLarge) as exc:
                message = "This database answers too slowly just now. Narrow the page, or reload."
                raise StoreUnavailable(message, reason="slow") from exc
            finally:
                reading.end()
    except StoreError as exc:
        if isinstance(exc.__cause__, DRIVER_ERRORS):
            raise translate(exc.__cause__) from exc
        raise
    on_read(reading)
