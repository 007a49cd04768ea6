"""What a simulated agent leaves behind besides its conversation."""

from dataclasses import dataclass, field

from stores.kode.records import (
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    RecoveredFile,
    Snapshot,
    TodoItem,
)

__all__ = ["Leftovers"]


@dataclass(slots=True)
class Leftovers:
    """Snapshots, plan, history and files of one run, in the order they came about."""

    snapshots: list[Snapshot] = field(default_factory=list)
    todos: list[TodoItem] = field(default_factory=list)
    todo_version: int = 1
    todos_updated_ms: int = 0
    windows: list[HistoryWindow] = field(default_factory=list)
    compressions: list[CompressionRecord] = field(default_factory=list)
    recovered: list[RecoveredFile] = field(default_factory=list)
    media: list[MediaCacheRecord] = field(default_factory=list)
    unflushed_events: int = 0
    duplicated_events: int = 0
