"""Reach a PostgreSQL server, directly or through PgBouncer in transaction mode.

Behind PgBouncer two statements may run on two server connections, so nothing here relies on the
session: no prepared statements, no SET outside a transaction, no start-up options beyond those
that PgBouncer passes on. A password is in no ``repr`` and in no message.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Final, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict
from psycopg.rows import TupleRow
from psycopg_pool import ConnectionPool, PoolTimeout

from stores.backends.postgres import failures
from stores.backends.postgres.failures import DRIVER_ERRORS
from stores.backends.postgres.patience import Silence, watched
from stores.errors import InvalidQuery, StoreError

__all__ = [
    "CONNECT_MS",
    "IDLE_MS",
    "MAX_CONNECTIONS",
    "PostgresConnection",
    "PostgresPool",
    "PostgresTarget",
    "open_pool",
    "translate",
]

PostgresConnection = psycopg.Connection[TupleRow]

#: The SDK's defaults.
MAX_CONNECTIONS: Final = 10
IDLE_MS: Final = 30_000
CONNECT_MS: Final = 5_000
_PORT: Final = 5432
#: Waiting for a free connection starts with this, after which a failed connection is looked for.
_FIRST_LOOK_S: Final = 0.25
# What the pool warns about is raised to the caller as well; without this it would reach stderr.
logging.getLogger("psycopg.pool").addHandler(logging.NullHandler())


@dataclass(frozen=True)
class PostgresTarget:
    """Where a database is and who asks; what is empty is left to libpq's own defaults."""

    host: str = "localhost"
    port: int = _PORT
    database: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    sslmode: str = ""
    #: Other libpq settings, such as sslrootcert. Some of them are secrets.
    settings: tuple[tuple[str, str], ...] = field(default=(), repr=False)

    @classmethod
    def from_url(cls, url: str) -> Self:
        """Read ``postgres://user:password@host:5432/database?sslmode=require`` or its long form.

        Raises:
            InvalidQuery: this is no such address. The message does not repeat it.
        """
        try:
            parts = {key: str(value) for key, value in conninfo_to_dict(url).items()}
            port = int(parts.pop("port", "") or _PORT)
            _check_marks(url)
        except (psycopg.Error, ValueError, UnicodeError):
            message = (
                "This is no PostgreSQL address. Write it like postgres://user@host:5432/database, "
                "special characters of the password as %40 and so on."
            )
            raise InvalidQuery(message) from None  # the cause would quote the password
        return cls(
            host=parts.pop("host", "") or "localhost",
            port=port,
            database=parts.pop("dbname", ""),
            user=parts.pop("user", ""),
            password=parts.pop("password", ""),
            sslmode=parts.pop("sslmode", ""),
            settings=tuple(sorted(parts.items())),
        )

    @property
    def place(self) -> str:
        """Return host and port, for people."""
        return f"{self.host}:{self.port}"

    def connect(
        self, *, connect_ms: int = CONNECT_MS, autocommit: bool = True
    ) -> PostgresConnection:
        """Open one connection outside any pool, in autocommit.

        Raises:
            StoreUnavailable: nobody answers, or the server lets nobody in.
        """
        try:
            return psycopg.connect(autocommit=True, **self.arguments(connect_ms))
        except psycopg.Error as exc:
            raise self.translate(exc) from exc

    def arguments(self, connect_ms: int) -> dict[str, Any]:
        """Return what psycopg needs to connect. Holds the password: keep it out of messages."""
        named = {
            "host": self.host,
            "port": self.port,
            "dbname": self.database,
            "user": self.user,
            "password": self.password,
            "sslmode": self.sslmode,
        }
        return {
            "connect_timeout": max(2, -(-connect_ms // 1000)),  # libpq: whole seconds, 2 at least
            "application_name": "kodeweb",
            "tcp_user_timeout": 30_000,  # a peer that vanished must not hold a thread for hours
            **dict(self.settings),
            **{key: value for key, value in named.items() if value},
            "client_encoding": "UTF8",
            "prepare_threshold": None,
        }

    def translate(self, error: Exception) -> StoreError:
        """Turn a driver's error into a sentence that names this place, role and database."""
        return failures.translate(
            error, server=self.place, user=self.user, database=self.database or self.user
        )


def _check_marks(url: str) -> None:
    """Refuse an "@" of a password that would make the rest of it part of a name, and be shown."""
    _, is_url, rest = url.partition("?")[0].partition("://")
    place, _, database = rest.partition("/")
    if is_url and (place.count("@") > 1 or "@" in database):
        raise ValueError


def translate(error: Exception) -> StoreError:
    """Turn a driver's error into a sentence that names no place, for any reader."""
    return failures.translate(error)


class PostgresPool:
    """A few connections, shared among threads, opened when needed and closed when idle."""

    def __init__(
        self,
        target: PostgresTarget,
        *,
        max_size: int,
        idle_ms: int,
        connect_ms: int,
        read_only: bool,
        answer_ms: int | None = None,
    ) -> None:
        self.target = target
        self.max_size = max_size
        self._connect_s = connect_ms / 1000
        self._read_only = read_only
        self._failed: tuple[float, str] | None = None
        self._lock = threading.Lock()
        self._lent = 0
        self._silence = Silence(probe_s=self._connect_s * 2)
        self._pool: ConnectionPool[PostgresConnection] = ConnectionPool(
            "",
            connection_class=watched(self._notice, self._silence.begin, answer_ms),
            kwargs={"autocommit": True, **target.arguments(connect_ms)},
            min_size=0,
            max_size=max_size,
            open=False,
            configure=self._configure,
            check=ConnectionPool.check_connection,
            max_idle=idle_ms / 1000,
            timeout=self._connect_s,
            reconnect_timeout=0.1,
            num_workers=2,
        )
        self._pool.open(wait=False)

    @contextmanager
    def connection(self) -> Iterator[PostgresConnection]:
        """Borrow a connection in autocommit; use ``connection.transaction()`` for more than one.

        Raises:
            StoreUnavailable: nobody answers, all connections stay in use, or the pool is closed.
            StoreError: what PostgreSQL refused inside the block, translated.
        """
        try:
            borrowed = self._borrow()
        except DRIVER_ERRORS as exc:
            raise self.target.translate(exc) from exc
        with self._lock:
            self._lent += 1
        try:
            yield borrowed
        except DRIVER_ERRORS as exc:
            raise self.target.translate(exc) from exc
        finally:
            with self._lock:
                self._lent -= 1
            self._pool.putconn(borrowed)

    def close(self) -> None:
        """Close all connections; borrowing then raises."""
        self._pool.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _borrow(self) -> PostgresConnection:
        """Return a live connection; say why none can be made instead of waiting the time out."""
        self._silence.check()
        connection = self._wait_for_one()
        self._silence.end()
        return connection

    def _wait_for_one(self) -> PostgresConnection:
        started = time.monotonic()
        first = min(_FIRST_LOOK_S, self._connect_s)
        try:
            return self._pool.getconn(timeout=first)
        except PoolTimeout:
            self._raise_failure(started)
        try:
            return self._pool.getconn(timeout=max(0.001, self._connect_s - first))
        except PoolTimeout as exc:
            self._raise_failure(started)
            if self._lent < self.max_size:  # not busy: the server neither answers nor refuses
                self._silence.begin()
                raise psycopg.OperationalError("connection timeout expired") from exc
            raise

    def _notice(self, failure: str) -> None:
        self._failed = (time.monotonic(), failure)

    def _raise_failure(self, since: float) -> None:
        failed = self._failed
        if failed is not None and failed[0] >= since:
            raise psycopg.OperationalError(failed[1])

    def _configure(self, connection: PostgresConnection) -> None:
        connection.read_only = True if self._read_only else None


def open_pool(
    target: PostgresTarget,
    *,
    max_size: int = MAX_CONNECTIONS,
    idle_ms: int = IDLE_MS,
    connect_ms: int = CONNECT_MS,
    read_only: bool = False,
    answer_ms: int | None = None,
) -> PostgresPool:
    """Make a pool; nothing is connected before the first use.

    ``read_only`` makes each ``connection.transaction()`` a READ ONLY one. That stops mistakes, not
    an attacker: only the role's rights do. ``answer_ms`` is how long an answer is waited for when
    the server does not keep its own limits; without it, forever.
    """
    return PostgresPool(
        target,
        max_size=max_size,
        idle_ms=idle_ms,
        connect_ms=connect_ms,
        read_only=read_only,
        answer_ms=answer_ms,
    )
