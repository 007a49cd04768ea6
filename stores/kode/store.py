"""The SDK's store interface in Python: three layers, each adding to the one before.

Names are the SDK's in snake case. ``Store`` keeps what agents do, ``QueryableStore`` answers
questions over all sessions, ``ExtendedStore`` is what an operator needs. ``stores.conformance``
is the test suite that tells whether an implementation keeps these promises.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from types import TracebackType
from typing import Protocol, Self, runtime_checkable

from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import (
    AgentInfo,
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    Message,
    RecoveredFile,
    Snapshot,
    Timeline,
    TodoSnapshot,
    ToolCallRecord,
)
from stores.kode.results import (
    ConsistencyResult,
    SessionInfo,
    StoreHealth,
    StoreMetrics,
    StoreStats,
)

__all__ = ["ExtendedStore", "FileHalf", "QueryableStore", "Store"]


@runtime_checkable
class FileHalf(Protocol):
    """What every kind of store keeps in files, one folder per agent.

    Loading something that was never saved gives None or an empty list, makes no folder, and
    leaves out what cannot be parsed instead of everything.
    """

    def save_todos(self, agent_id: str, snapshot: TodoSnapshot) -> None:
        """Replace the todo list."""
        ...

    def load_todos(self, agent_id: str) -> TodoSnapshot | None:
        """Return the todo list, None without one."""
        ...

    def append_event(self, agent_id: str, timeline: Timeline) -> None:
        """Append one event to the log of its channel."""
        ...

    def read_events(
        self, agent_id: str, *, since: Bookmark | None = None, channel: str | None = None
    ) -> Iterator[Timeline]:
        """Yield events, channel by channel (progress, control, monitor) in file order.

        ``since`` leaves out those whose bookmark's seq is not above its own.
        """
        ...

    def save_history_window(self, agent_id: str, window: HistoryWindow) -> None:
        """Keep the conversation as it was before a compression."""
        ...

    def load_history_windows(self, agent_id: str) -> list[HistoryWindow]:
        """Return the windows by time, oldest first."""
        ...

    def save_compression_record(self, agent_id: str, record: CompressionRecord) -> None:
        """Keep what a compression did."""
        ...

    def load_compression_records(self, agent_id: str) -> list[CompressionRecord]:
        """Return the compressions by time, oldest first."""
        ...

    def save_recovered_file(self, agent_id: str, file: RecoveredFile) -> None:
        """Keep a file that the conversation had read."""
        ...

    def load_recovered_files(self, agent_id: str) -> list[RecoveredFile]:
        """Return the recovered files by time, oldest first; mtime in whole milliseconds."""
        ...

    def save_media_cache(self, agent_id: str, records: Sequence[MediaCacheRecord]) -> None:
        """Replace the list of uploaded media."""
        ...

    def load_media_cache(self, agent_id: str) -> list[MediaCacheRecord]:
        """Return the uploaded media."""
        ...


@runtime_checkable
class Store(FileHalf, Protocol):
    """All that an agent needs to run, stop and go on.

    Raises:
        InvalidAgentId: from every method, for an id that would lead out of the store.
        StoreUnavailable: from every method, when the store cannot be reached.
        StoreError: a save that the store refuses; nothing of it is kept then.
    """

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages of a session in one step."""
        ...

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order; empty for an unknown session."""
        ...

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool-call records of a session in one step."""
        ...

    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the records, oldest first; empty for an unknown session."""
        ...

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Add a snapshot, or replace the one of the same id."""
        ...

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None when there is none of this id."""
        ...

    def list_snapshots(self, agent_id: str) -> list[Snapshot]:
        """Return all snapshots, newest first."""
        ...

    def save_info(self, agent_id: str, info: AgentInfo) -> None:
        """Add or replace what is known of a session; its messages and calls stay.

        Raises:
            StoreError: ``info.agent_id`` is another one.
        """
        ...

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of a session, None for an unknown one."""
        ...

    def exists(self, agent_id: str) -> bool:
        """Tell whether the session is in the store."""
        ...

    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Delete a session whole: rows and files. An unknown id is fine.

        Forks live inside their parent's folder; theirs stays unless ``with_forks``.
        """
        ...

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first, forks included.

        ``prefix`` is compared exactly: no wildcards, upper and lower case differ.
        """
        ...


@runtime_checkable
class QueryableStore(Store, Protocol):
    """Questions over all sessions; each filter defaults to the first 100 rows."""

    def query_sessions(self, query: SessionFilter | None = None) -> list[SessionInfo]:
        """Return sessions, by default newest first."""
        ...

    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        """Return messages, last saved first."""
        ...

    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        """Return tool calls, newest first."""
        ...

    def aggregate_stats(self, agent_id: str) -> StoreStats:
        """Return the numbers of one session."""
        ...


@runtime_checkable
class ExtendedStore(QueryableStore, Protocol):
    """What an operator needs; use it in a ``with`` block or close it."""

    def health_check(self) -> StoreHealth:
        """Tell whether database and files answer; never raises, leaves nothing behind."""
        ...

    def check_consistency(self, agent_id: str) -> ConsistencyResult:
        """Compare a session's rows and files with each other."""
        ...

    def get_metrics(self) -> StoreMetrics:
        """Return real counts of this object's operations and of what the store holds."""
        ...

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session at once and return what releases it; released by itself in time.

        Releasing late or twice frees nobody else's lock.

        Raises:
            AgentLocked: somebody else holds it.
        """
        ...

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session so many times, under new ids; return them.

        Raises:
            SessionNotFound: no session has this id.
        """
        ...

    def close(self) -> None:
        """Close the store; a closed store answers StoreUnavailable."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
