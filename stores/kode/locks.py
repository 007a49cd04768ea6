"""Locks on agents within one process, for stores whose database has none.

Two store objects of one process that work on the same store see each other's locks. Each hold
has a token of its own, so a release that comes late or twice frees nobody else's.
"""

import threading
import time
from collections.abc import Callable
from typing import Final

from stores.errors import AgentLocked, InvalidQuery

__all__ = ["AgentLocks"]

#: As PostgreSQL has it; a timer that is set much further off dies.
_LONGEST_MS: Final = (1 << 31) - 1
_GUARD: Final = threading.Lock()
#: (store, agent) -> token of the holder and the moment at which its hold ends.
_HELD: Final[dict[tuple[str, str], tuple[object, float]]] = {}


class AgentLocks:
    """The locks of one store; ``store_key`` is what names it, such as its resolved path."""

    def __init__(self, store_key: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._store_key = store_key
        self._clock = clock

    def acquire(self, agent_id: str, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Take the lock at once and return what releases it.

        ``timeout_ms`` is the longest hold, as in the SDK; taking the lock never waits.

        Raises:
            AgentLocked: somebody else holds it.
            InvalidQuery: a longest hold that is no time.
        """
        is_whole = isinstance(timeout_ms, int) and not isinstance(timeout_ms, bool)
        if not is_whole or not 0 < timeout_ms <= _LONGEST_MS:
            raise InvalidQuery("timeout_ms is a whole number of milliseconds above 0.")
        key = (self._store_key, agent_id)
        token = object()
        now = self._clock()
        with _GUARD:
            held = _HELD.get(key)
            if held is not None and held[1] > now:
                raise AgentLocked(
                    f"Session {agent_id} is locked by somebody else in this process. "
                    "Try again when they are done."
                )
            _HELD[key] = (token, now + timeout_ms / 1000)

        def release() -> None:
            with _GUARD:
                held = _HELD.get(key)
                if held is not None and held[0] is token:
                    del _HELD[key]

        return release
