"""Stop statements at their time limit without being asked to run inside them.

A progress handler would need Python's interpreter lock every few hundred steps of a statement.
While other threads render pages, each such wait costs milliseconds, during which the statement
holds the database's lock and an agent cannot commit. So one thread of the process sleeps until
the earliest deadline and interrupts what is then still running.
"""

import math
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

__all__ = ["stopped_after"]

#: For how long after a statement the thread keeps its rhythm, so that the next need not wake it.
_LINGER_S: Final = 1.0
_RHYTHM_S: Final = 0.04


class _Watchdog:
    """The deadlines of the statements that run now, and the thread that keeps them."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._running: dict[int, tuple[float, sqlite3.Connection]] = {}
        self._wakes_at = math.inf
        self._used_at = 0.0
        self._thread: threading.Thread | None = None

    @contextmanager
    def stopped_after(self, connection: sqlite3.Connection, seconds: float) -> Iterator[None]:
        """Interrupt the connection's statement unless the block ends in time."""
        key = id(connection)
        now = time.monotonic()
        with self._changed:
            self._running[key] = now + seconds, connection
            self._used_at = now
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._watch, name="sqlite-limit", daemon=True
                )
                self._thread.start()
            elif now + seconds < self._wakes_at:
                self._changed.notify()
        try:
            yield
        finally:
            with self._changed:
                del self._running[key]

    def _watch(self) -> None:
        with self._changed:
            while True:
                now = time.monotonic()
                for deadline, connection in self._running.values():
                    if deadline <= now:
                        connection.interrupt()
                waking = [deadline for deadline, _ in self._running.values() if deadline > now]
                if self._running or now - self._used_at < _LINGER_S:
                    waking.append(now + _RHYTHM_S)
                self._wakes_at = min(waking, default=math.inf)
                is_idle = math.isinf(self._wakes_at)
                self._changed.wait(None if is_idle else max(0.0, self._wakes_at - now))


_watchdog = _Watchdog()


def stopped_after(connection: sqlite3.Connection, seconds: float) -> AbstractContextManager[None]:
    """Interrupt the statement that the block runs on this connection when it takes too long."""
    return _watchdog.stopped_after(connection, seconds)


def _start_anew() -> None:
    """Threads do not survive a fork, and their locks may be taken: a child has its own."""
    global _watchdog
    _watchdog = _Watchdog()


os.register_at_fork(after_in_child=_start_anew)
