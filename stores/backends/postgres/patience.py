"""How long a server is waited for that accepts connections and then says nothing.

The server's own time limits are of no use when the server is stopped or its network swallows
everything: only this side can end the wait. And while one page finds out, the others, which may be
of other stores, must not stand in line behind it.
"""

import threading
import time
from collections.abc import Callable
from typing import Any, Final, Self

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import TupleRow

__all__ = ["SILENT_S", "Silence", "watched"]

#: How long a server that did not answer is not asked again.
SILENT_S: Final = 2.0


class Silence:
    """Remember that a server does not answer, so that one asks again and the others are told."""

    def __init__(self, probe_s: float) -> None:
        self._probe_s = probe_s
        self._lock = threading.Lock()
        self._until = 0.0

    def check(self) -> None:
        """Pass, or let one pass of many once the server was silent.

        Raises:
            psycopg.OperationalError: it did not answer just now, or somebody is asking it.
        """
        with self._lock:
            now = time.monotonic()
            if now < self._until:
                raise psycopg.OperationalError("connection timeout expired")
            if self._until:
                self._until = now + self._probe_s

    def begin(self) -> None:
        """Note that the server did not answer."""
        self._until = time.monotonic() + SILENT_S

    def end(self) -> None:
        """Note that it did."""
        self._until = 0.0


def watched(
    notice: Callable[[str], None], fall_silent: Callable[[], None], answer_ms: int | None
) -> type[psycopg.Connection[TupleRow]]:
    """Make a class of connections that tell why they could not be made.

    With ``answer_ms`` a statement whose whole answer takes longer ends its connection, for it is
    not known what would come on it next; ``fall_silent`` hears of that.
    """

    class Watched(psycopg.Connection[TupleRow]):
        @classmethod
        def connect(cls, *args: Any, **kwargs: Any) -> Self:
            try:
                return super().connect(*args, **kwargs)
            except Exception as exc:
                notice(str(exc))
                raise

        def wait(self, gen: Any, interval: float = 0.1, timeout: float | None = None) -> Any:
            if timeout is None and answer_ms is not None:
                timeout = answer_ms / 1000
            try:
                return super().wait(gen, interval, timeout)
            except psycopg.OperationalError:
                if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                    self.pgconn.finish()
                    fall_silent()
                raise

    return Watched
