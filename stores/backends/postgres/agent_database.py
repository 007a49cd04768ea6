"""What the agent store asks of PostgreSQL: one read, several at one moment, one whole write.

Writers of one session take turns by a lock that ends with their transaction. The SDK knows
nothing of it: whoever loses against the SDK, or in a deadlock, begins again.
"""

import random
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

import psycopg
from psycopg.errors import DeadlockDetected, SerializationFailure, UniqueViolation

from stores.backends.postgres.connection import (
    PostgresConnection,
    PostgresPool,
    PostgresTarget,
    open_pool,
)
from stores.backends.postgres.schema import ensure_tables

__all__ = ["AgentDatabase", "Params", "Row"]

Params = Mapping[str, Any]
Row = tuple[Any, ...]
_Answer = TypeVar("_Answer")

_TRIES: Final = 8
_LONGEST_PAUSE_S: Final = 0.02
#: A lock that another program forgot must not hold a save forever.
_LOCK_TIMEOUT_MS: Final = 10_000
#: The two-part keys of advisory locks are a space of their own, apart from the SDK's.
_TURN: Final = """
    SELECT set_config('lock_timeout', %(timeout)s, true),
           pg_advisory_xact_lock(5271, hashtext(%(agent_id)s))
"""
_CONFLICTS: Final = (DeadlockDetected, SerializationFailure, UniqueViolation)


class AgentDatabase:
    """A pool on a database with the SDK's tables.

    Raises:
        StoreUnavailable: from every method, when the server refuses or cannot be reached.
    """

    def __init__(
        self, target: PostgresTarget, *, max_size: int, idle_ms: int, connect_ms: int
    ) -> None:
        self.target = target
        self.connect_ms = connect_ms
        self._pool: PostgresPool = open_pool(
            target, max_size=max_size, idle_ms=idle_ms, connect_ms=connect_ms
        )
        try:
            with self._pool.connection() as connection:
                ensure_tables(connection)
        except BaseException:
            self._pool.close()
            raise

    def fetch(self, statement: str, params: Params | None = None) -> list[Row]:
        """Return all rows of one statement."""
        with self._pool.connection() as connection:
            return connection.execute(statement.encode(), params).fetchall()

    @contextmanager
    def reading(self) -> Iterator["Reading"]:
        """Let several statements see the database as it is at one moment."""
        with self._pool.connection() as connection, _repeatable(connection):
            yield Reading(connection)

    def write(
        self,
        agent_id: str,
        work: Callable[["Reading"], _Answer],
        *,
        at_one_moment: bool = False,
    ) -> _Answer:
        """Do all of ``work`` or nothing, after other writers of this session have done theirs.

        ``work`` may run several times, each time from the beginning.
        """
        turn = {"agent_id": agent_id, "timeout": str(_LOCK_TIMEOUT_MS)}
        for left in reversed(range(_TRIES)):
            with self._pool.connection() as connection:
                try:
                    whole = _repeatable(connection) if at_one_moment else connection.transaction()
                    with whole:
                        connection.execute(_TURN, turn)
                        return work(Reading(connection))
                except _CONFLICTS:
                    if not left:
                        raise
            time.sleep(random.uniform(0, _LONGEST_PAUSE_S))  # noqa: S311 - only spreads tries
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Close the pool."""
        self._pool.close()


class Reading:
    """Statements of one transaction."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection

    def fetch(self, statement: str, params: Params | None = None) -> list[Row]:
        """Return all rows of one statement."""
        return self._connection.execute(statement.encode(), params).fetchall()

    def execute(self, statement: str, params: Params | None = None) -> int:
        """Run one statement; return how many rows it changed."""
        return self._connection.execute(statement.encode(), params).rowcount


@contextmanager
def _repeatable(connection: PostgresConnection) -> Iterator[None]:
    """Hold a transaction that sees one moment; the level is part of its BEGIN, not of a session."""
    connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
    try:
        with connection.transaction():
            yield
    finally:
        if not connection.closed:
            connection.isolation_level = None
