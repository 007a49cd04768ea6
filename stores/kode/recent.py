"""Remember what was read from files for as long as their signatures stay the same."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Generic, TypeVar

__all__ = ["Recent"]

ValueT = TypeVar("ValueT")


class Recent(Generic[ValueT]):
    """A bounded map from a name to the value of its newest signature; safe between threads."""

    def __init__(self, max_entries: int) -> None:
        self._max_entries = max_entries
        self._entries: OrderedDict[str, tuple[Hashable, ValueT]] = OrderedDict()
        self._lock = Lock()

    def get(self, name: str, signature: Hashable, read: Callable[[], ValueT]) -> ValueT:
        """Return what is remembered for this signature, else what ``read`` returns now."""
        with self._lock:
            entry = self._entries.get(name)
            if entry is not None and entry[0] == signature:
                self._entries.move_to_end(name)
                return entry[1]
        value = read()
        with self._lock:
            self._entries[name] = (signature, value)
            self._entries.move_to_end(name)
            while len(self._entries) > self._max_entries:
                self._entries.popitem(last=False)
        return value

    def __len__(self) -> int:
        return len(self._entries)
