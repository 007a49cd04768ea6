"""What is told about a store as a whole; see :mod:`stores.browse.records` for what is in it."""

from dataclasses import dataclass

from stores.browse.records import ToolCallRow

__all__ = ["Facet", "ReplicaState", "StoreDescription", "StoreOverview"]


@dataclass(frozen=True)
class Facet:
    """A value that a list can be narrowed to. ``count`` is None when it was not counted."""

    value: str
    count: int | None = None
    is_exact: bool = True


@dataclass(frozen=True)
class StoreDescription:
    """What was found when a path was inspected, before it is registered."""

    path: str
    files_path: str
    journal_mode: str
    tables: tuple[str, ...]
    session_count: int
    message_count: int
    tool_call_count: int
    rights: str = ""
    is_standby: bool = False


@dataclass(frozen=True)
class ReplicaState:
    """Where the rows of a store with a read replica came from, and how old they may be.

    ``lag_ms`` is the age of the last change that the replica shows while others wait, 0 when none
    waits, None when it cannot be known.
    """

    is_used: bool
    is_standby: bool = True
    is_receiving: bool = True
    lag_ms: int | None = None

    @property
    def words(self) -> str:
        """Return the state for people."""
        if not self.is_used:
            return "Replica does not answer, read from the primary"
        if not self.is_standby:
            return "Replica is no standby, its lag is not known"
        if not self.is_receiving:
            last = "" if self.lag_ms is None else f", last change {_rough(self.lag_ms)} ago"
            return f"Replica is cut off from its primary{last}"
        if self.lag_ms is None:
            return "Replica, its lag is not known"
        return f"Replica, {_rough(self.lag_ms)} behind" if self.lag_ms else "Replica, up to date"

    @property
    def is_sound(self) -> bool:
        """Tell whether the replica is read and follows its primary."""
        return self.is_used and self.is_standby and self.is_receiving


def _rough(ms: int) -> str:
    """Return one unit; clocks of two machines may differ, so what is below zero is little."""
    if ms < 1_000:
        return "under 1 s"
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("min", 60_000)):
        if ms >= size:
            return f"{ms // size:,} {unit}"
    return f"{ms // 1000} s"


@dataclass(frozen=True)
class StoreOverview:
    """The state of one store now. Counts are capped; ``message`` explains any state but ok,
    or says how far the index or the read replica of a readable store is.

    ``state``: ``ok`` or a reason of ``StoreUnavailable``. ``has_files`` tells whether the file
    half is there. ``size_bytes`` is that of the database file, or of the SDK's tables.
    ``rights`` says what the role that reads may do, for stores that have roles.
    """

    state: str
    message: str = ""
    journal_mode: str = ""
    rights: str = ""
    has_files: bool = False
    size_bytes: int | None = None
    session_count: int | None = None
    message_count: int | None = None
    tool_call_count: int | None = None
    is_count_exact: bool = True
    last_created_at: int | None = None
    awaiting: tuple[ToolCallRow, ...] = ()
    templates: tuple[Facet, ...] = ()
