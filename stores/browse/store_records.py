"""What is told about a store as a whole; see :mod:`stores.browse.records` for what is in it."""

from dataclasses import dataclass

from stores.browse.records import ToolCallRow

__all__ = ["Facet", "StoreDescription", "StoreOverview"]


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


@dataclass(frozen=True)
class StoreOverview:
    """The state of one store now. Counts are capped; ``message`` explains any state but ok,
    or says how far the index of a readable store is.

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
