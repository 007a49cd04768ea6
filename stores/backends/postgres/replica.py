"""Browse a read replica, and the primary while the replica cannot be reached."""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from typing import Final

from stores.backends.postgres.connection import PostgresConnection, PostgresPool
from stores.backends.postgres.failures import DRIVER_ERRORS
from stores.browse.store_records import ReplicaState
from stores.errors import StoreError, StoreUnavailable

__all__ = ["LAG_TTL_S", "RETRY_S", "ReplicaPool", "lag_of"]

logger = logging.getLogger("stores.postgres")
#: How long a measured lag is shown before it is measured again.
LAG_TTL_S: Final = 2.0
#: How long the primary is asked before the replica is tried again.
RETRY_S: Final = 10.0
#: Reasons that say nothing against the replica: a busy one must not send its load to the primary.
_NOT_AWAY: Final = frozenset({"closed", "full"})
# An idle primary sends no transactions, so the time since the last one is no lag by itself.
_LAG: Final = """
    SELECT pg_is_in_recovery(),
           EXISTS (SELECT 1 FROM pg_stat_wal_receiver WHERE pid IS NOT NULL),
           coalesce(pg_last_wal_replay_lsn() >= pg_last_wal_receive_lsn(), false),
           (extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) * 1000)::bigint
"""


class ReplicaPool:
    """Lend connections to the replica, to the primary while the replica cannot be reached."""

    def __init__(self, replica: PostgresPool, primary: PostgresPool) -> None:
        self._replica, self._primary = replica, primary
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._state: ReplicaState | None = None
        self._measured_at = 0.0

    @contextmanager
    def connection(self) -> Iterator[PostgresConnection]:
        """Borrow a connection in autocommit, as from :class:`PostgresPool`.

        Raises:
            StoreUnavailable: neither answers, or all connections to the replica are in use.
        """
        with ExitStack() as stack:
            yield self._from_replica(stack) or stack.enter_context(self._primary.connection())

    def state(self) -> ReplicaState:
        """Return how the replica was when a connection was last borrowed."""
        if self._state is None:
            with suppress(StoreError), self.connection():
                pass
        return self._state or ReplicaState(is_used=False)

    def close(self) -> None:
        """Close all connections; borrowing then raises."""
        self._replica.close()
        self._primary.close()

    def _from_replica(self, stack: ExitStack) -> PostgresConnection | None:
        with self._lock:
            now = time.monotonic()
            if now < self._away_until:
                return None
            if self._away_until:  # one page tries; the others do not wait with it
                self._away_until = now + RETRY_S
        try:
            connection = stack.enter_context(self._replica.connection())
        except StoreUnavailable as exc:
            if exc.reason in _NOT_AWAY:
                raise
            logger.warning("the replica cannot be reached (%s): the primary is read", exc.reason)
            self._away_until = time.monotonic() + RETRY_S
            self._state = ReplicaState(is_used=False)
            return None
        is_back, self._away_until = bool(self._away_until), 0.0
        if is_back or time.monotonic() - self._measured_at >= LAG_TTL_S:
            self._measured_at = time.monotonic()
            self._state = lag_of(connection)
        return connection


def lag_of(connection: PostgresConnection) -> ReplicaState:
    """Return how far the server of a connection in autocommit is behind its primary."""
    try:
        row = connection.execute(_LAG).fetchone()
    except DRIVER_ERRORS:  # hosted replicas that copy another way have no such functions
        row = None
    if row is None:
        return ReplicaState(is_used=True)
    is_standby, is_receiving, has_replayed_all, since_last_ms = row
    is_up_to_date = is_receiving and has_replayed_all
    return ReplicaState(
        is_used=True,
        is_standby=is_standby,
        is_receiving=is_receiving,
        lag_ms=0 if is_up_to_date else since_last_ms,
    )
