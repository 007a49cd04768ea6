"""Locks on sessions that every process on the database sees, the SDK's among them.

The SDK takes a session-level advisory lock. Here the same key is locked by a transaction that
stays open on a connection of its own: both kinds exclude each other, and behind PgBouncer in
transaction mode only a transaction keeps its server connection.
"""

import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Final

import psycopg

from stores.backends.postgres.connection import PostgresConnection, PostgresTarget
from stores.errors import AgentLocked, InvalidQuery

__all__ = ["AdvisoryLocks", "lock_key"]

_TRY: Final = """
    SELECT set_config('idle_in_transaction_session_timeout', %(longest)s, true),
           pg_try_advisory_xact_lock(%(key)s::bigint)
"""
#: The server ends a hold by itself, should this process hang; its own end comes first.
_GRACE_MS: Final = 2_000
_LONGEST_MS: Final = (1 << 31) - 1 - _GRACE_MS


def lock_key(agent_id: str) -> int:
    """Return the SDK's key: Java's hash of the UTF-16 units, signed 32 bits, made positive."""
    key = 0
    units = agent_id.encode("utf-16-le", "surrogatepass")
    for low, high in zip(units[::2], units[1::2], strict=True):
        key = (key * 31 + (low | high << 8)) & 0xFFFFFFFF
    return abs(key - (1 << 32) if key >> 31 else key)


class AdvisoryLocks:
    """The locks that one store object holds, each on a connection beside the pool."""

    def __init__(self, target: PostgresTarget, *, connect_ms: int) -> None:
        self._target = target
        self._connect_ms = connect_ms
        self._guard = threading.Lock()
        self._held: set[_Hold] = set()

    def acquire(self, agent_id: str, timeout_ms: int) -> Callable[[], None]:
        """Take the lock at once and return what releases it.

        ``timeout_ms`` is the longest hold, as in the SDK; taking the lock never waits.

        Raises:
            AgentLocked: somebody else holds it, or holds that of an id with the same key.
            InvalidQuery: a longest hold that is no time.
        """
        is_whole = isinstance(timeout_ms, int) and not isinstance(timeout_ms, bool)
        if not is_whole or not 0 < timeout_ms <= _LONGEST_MS:
            raise InvalidQuery("timeout_ms is a whole number of milliseconds above 0.")
        connection = self._target.connect(connect_ms=self._connect_ms)
        hold = _Hold(connection)
        try:
            connection.autocommit = False
            params = {"longest": str(timeout_ms + _GRACE_MS), "key": lock_key(agent_id)}
            row = connection.execute(_TRY, params).fetchone()
        except psycopg.Error as exc:
            hold.end()
            raise self._target.translate(exc) from exc
        if row is None or not row[1]:
            hold.end()
            raise AgentLocked(
                f"Session {agent_id} is locked by somebody else. Try again when they are done."
            )
        with self._guard:
            self._held.add(hold)

        def release() -> None:
            with self._guard:
                self._held.discard(hold)
            hold.end()

        hold.end_after(timeout_ms, release)
        return release

    def release_all(self) -> None:
        """Give every lock back, when the store is closed."""
        with self._guard:
            held, self._held = self._held, set()
        for hold in held:
            hold.end()


class _Hold:
    """One lock: it ends when its connection closes, which can happen only once."""

    def __init__(self, connection: PostgresConnection) -> None:
        self._connection = connection
        self._timer: threading.Timer | None = None

    def end_after(self, ms: int, end: Callable[[], None]) -> None:
        self._timer = threading.Timer(ms / 1000, end)
        self._timer.daemon = True
        self._timer.start()

    def end(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        with suppress(psycopg.Error):  # closing alone would leave the server to find out later
            self._connection.rollback()
        self._connection.close()
