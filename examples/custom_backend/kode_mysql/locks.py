"""Locks on sessions that every client of the server sees, by ``GET_LOCK``."""

import contextlib
import hashlib
import threading
from collections.abc import Callable

import pymysql

from kode_mysql.database import Connection, Database
from stores.errors import AgentLocked, InvalidQuery

__all__ = ["ServerLocks"]


class ServerLocks:
    """Each lock lives on a connection of its own: it ends with it, whatever happens to us."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._held: set[Connection] = set()
        self._guard = threading.Lock()

    def acquire(self, agent_id: str, timeout_ms: int) -> Callable[[], None]:
        """Take a lock at once and return what releases it.

        Raises:
            AgentLocked: somebody else holds it.
            InvalidQuery: a longest hold that is no time.
        """
        if isinstance(timeout_ms, bool) or not isinstance(timeout_ms, int) or timeout_ms <= 0:
            raise InvalidQuery("timeout_ms is a whole number of milliseconds above 0.")
        connection = self._db.connect()
        with connection.cursor() as cursor:
            cursor.execute("SELECT GET_LOCK(%s, 0)", (self._name(agent_id),))
            row = cursor.fetchone()
        if not row or row[0] != 1:
            connection.close()
            raise AgentLocked(
                f"Session {agent_id} is locked by somebody else. Try again when they are done."
            )
        with self._guard:
            self._held.add(connection)
        timer = threading.Timer(timeout_ms / 1000, self._end, (connection,))
        timer.daemon = True
        timer.start()

        def release() -> None:
            timer.cancel()
            self._end(connection)

        return release

    def close(self) -> None:
        """Release all locks of this object."""
        with self._guard:
            held = list(self._held)
        for connection in held:
            self._end(connection)

    def _end(self, connection: Connection) -> None:
        """Close a connection once, and with it its lock; a second time does nothing."""
        with self._guard:
            if connection not in self._held:
                return
            self._held.remove(connection)
        with contextlib.suppress(pymysql.MySQLError):
            with connection.cursor() as cursor:
                cursor.execute("SELECT RELEASE_ALL_LOCKS()")
            connection.close()

    def _name(self, agent_id: str) -> str:
        """Return a name for the whole server: 64 characters at most, in any case the same."""
        text = f"{self._db.target.database}\0{agent_id}"
        return f"kode-{hashlib.sha256(text.encode()).hexdigest()[:56]}"
