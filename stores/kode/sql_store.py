"""What the stores with rows in a database have in common: the SDK's methods, one by one.

A backend brings its statements as three modules of functions on its own connection: the protocols
here say which. The base checks ids, counts and times, and keeps rows and files together.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from random import Random
from types import TracebackType
from typing import Any, Protocol, Self

from stores.errors import InvalidQuery, StoreError
from stores.kode.consistency import file_issues, missing_agent
from stores.kode.file_half import FilesBeside
from stores.kode.files import FileStore
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.results import (
    ConsistencyResult,
    DatabaseHealth,
    FileSystemHealth,
    SessionInfo,
    StorageMetrics,
    StoreHealth,
    StoreMetrics,
    StoreStats,
)
from stores.kode.row_values import new_message_id

__all__ = ["Queries", "Reads", "SqlStore", "Writes", "check_count", "wall_clock_ms"]


def wall_clock_ms() -> int:
    """Return the time in milliseconds UTC."""
    return time.time_ns() // 1_000_000


def check_count(count: int) -> None:
    """Refuse what is no number of copies.

    Raises:
        InvalidQuery: not a whole number from 0 on.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 0:
        raise InvalidQuery("count is a whole number from 0 on.")


class Reads(Protocol):
    """A backend's module of reading statements; ``db`` is its own connection."""

    def has_agent(self, db: Any, agent_id: str) -> bool: ...
    def read_info(self, db: Any, agent_id: str) -> AgentInfo | None: ...
    def read_messages(self, db: Any, agent_id: str) -> list[Message]: ...
    def read_calls(self, db: Any, agent_id: str) -> list[ToolCallRecord]: ...
    def read_snapshot(self, db: Any, agent_id: str, snapshot_id: str) -> Snapshot | None: ...
    def read_snapshots(self, db: Any, agent_id: str) -> list[Snapshot]: ...
    def read_stats(self, db: Any, agent_id: str) -> StoreStats: ...
    def list_agents(self, db: Any, prefix: str) -> list[str]: ...
    def row_issues(self, db: Any, agent_id: str) -> list[str] | None: ...
    def count_rows(self, db: Any) -> tuple[int, int, int]: ...


class Writes(Protocol):
    """A backend's module of writing statements; each is whole or does nothing."""

    def write_info(self, db: Any, info: AgentInfo) -> None: ...
    def write_messages(
        self,
        db: Any,
        agent_id: str,
        messages: Sequence[Message],
        *,
        now_ms: int,
        new_id: Callable[[], str],
    ) -> None: ...
    def write_calls(self, db: Any, agent_id: str, records: Iterable[ToolCallRecord]) -> None: ...
    def write_snapshot(self, db: Any, agent_id: str, snapshot: Snapshot) -> None: ...
    def delete_agents(self, db: Any, agent_id: str, *, with_forks: bool) -> None: ...


class Queries(Protocol):
    """A backend's module of filters."""

    def find_sessions(self, db: Any, query: SessionFilter) -> list[SessionInfo]: ...
    def find_messages(self, db: Any, query: MessageFilter) -> list[Message]: ...
    def find_calls(self, db: Any, query: ToolCallFilter) -> list[ToolCallRecord]: ...


class SqlStore(FilesBeside):
    """Base of the SQL stores, all of ``ExtendedStore`` but locks, copies and ``close``.

    A subclass sets ``_db`` to what the functions of its modules take first.
    """

    _reads: Reads
    _writes: Writes
    _queries: Queries
    _db: Any

    def __init__(self, files: FileStore, *, now_ms: Callable[[], int], rng: Random | None) -> None:
        super().__init__(files)
        self.now_ms = now_ms
        self._rng = rng or Random()  # noqa: S311 - row ids only have to differ

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def save_info(self, agent_id: str, info: AgentInfo) -> None:
        """Insert or replace the columns of an agent; its messages and calls stay.

        Raises:
            StoreError: ``info.agent_id`` is another one.
        """
        with self._asked("saves", agent_id):
            if info.agent_id != agent_id:
                raise StoreError(
                    f"The info of session {info.agent_id} cannot be saved as that of {agent_id}."
                )
            self._writes.write_info(self._db, info)

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of a session, None for an unknown one."""
        with self._asked("loads", agent_id):
            return self._reads.read_info(self._db, agent_id)

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages: new row ids, and all dated now, as the SDK does."""
        with self._asked("saves", agent_id):
            now = self.now_ms()
            self._writes.write_messages(
                self._db, agent_id, messages, now_ms=now, new_id=lambda: self._message_id(now)
            )

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return self._reads.read_messages(self._db, agent_id)

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool calls; 0, "" and false become NULL, as in the SDK."""
        with self._asked("saves", agent_id):
            self._writes.write_calls(self._db, agent_id, records)

    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the records, oldest first; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return self._reads.read_calls(self._db, agent_id)

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Add a snapshot, or replace the one of the same id."""
        with self._asked("saves", agent_id):
            self._writes.write_snapshot(self._db, agent_id, snapshot)

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None when there is none of this id."""
        with self._asked("loads", agent_id):
            return self._reads.read_snapshot(self._db, agent_id, snapshot_id)

    def list_snapshots(self, agent_id: str) -> list[Snapshot]:
        """Return all snapshots that can be read, newest first."""
        with self._asked("loads", agent_id):
            return self._reads.read_snapshots(self._db, agent_id)

    def exists(self, agent_id: str) -> bool:
        """Tell whether the session has a row."""
        with self._asked("loads", agent_id):
            return self._reads.has_agent(self._db, agent_id)

    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Delete rows, then files; forks stay unless asked for. An unknown id is fine.

        Files that a crash in between leaves are named by ``check_consistency``, and go with a
        second delete.
        """
        with self._asked("deletes", agent_id):
            self._writes.delete_agents(self._db, agent_id, with_forks=with_forks)
            self.files.delete_agent(agent_id, with_forks=with_forks)

    def query_sessions(self, query: SessionFilter | None = None) -> list[SessionInfo]:
        """Return sessions, by default newest first."""
        with self._asked("queries"):
            return self._queries.find_sessions(self._db, query or SessionFilter())

    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        """Return messages, last saved first."""
        with self._asked("queries"):
            return self._queries.find_messages(self._db, query or MessageFilter())

    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        """Return tool calls, newest first."""
        with self._asked("queries"):
            return self._queries.find_calls(self._db, query or ToolCallFilter())

    def aggregate_stats(self, agent_id: str) -> StoreStats:
        """Return the numbers of one session; zeros for an unknown one."""
        with self._asked("queries", agent_id):
            return self._reads.read_stats(self._db, agent_id)

    def health_check(self) -> StoreHealth:
        """Tell whether database and files answer; never raises, leaves nothing behind."""
        latency_ms = None
        files = FileSystemHealth(writable=False)
        if not self._is_closed:
            files = self.files.health()
            began = time.perf_counter()
            try:
                if self._is_there():
                    latency_ms = (time.perf_counter() - began) * 1000
            except StoreError:
                pass
        is_connected = latency_ms is not None
        return StoreHealth(
            healthy=is_connected and files.writable,
            database=DatabaseHealth(connected=is_connected, latency_ms=latency_ms),
            file_system=files,
        )

    def check_consistency(self, agent_id: str) -> ConsistencyResult:
        """Compare a session's rows and files with each other; changes nothing."""
        with self._asked("queries", agent_id):
            issues = self._reads.row_issues(self._db, agent_id)
            if issues is None:
                has_files = self.files.has_agent_files(agent_id)
                issues = [missing_agent(agent_id, has_files=has_files)]
            else:
                issues += file_issues(self.files.base_dir, agent_id)
        return ConsistencyResult(consistent=not issues, issues=tuple(issues))

    def get_metrics(self) -> StoreMetrics:
        """Return real counts of this object's operations and of what the store holds."""
        self._check_open()
        agents, messages, calls = self._reads.count_rows(self._db)
        operations, performance = self._operations.metrics()
        storage = StorageMetrics(
            total_agents=agents,
            total_messages=messages,
            total_tool_calls=calls,
            db_size_bytes=self._size_bytes(),
        )
        return StoreMetrics(operations=operations, performance=performance, storage=storage)

    def close(self) -> None:
        """Close the store."""
        raise NotImplementedError

    def _is_there(self) -> bool:
        """Ask the database for nothing in particular."""
        raise NotImplementedError

    def _size_bytes(self) -> int | None:
        """Return the size of the database, None when it has none."""
        raise NotImplementedError

    def _message_id(self, now_ms: int) -> str:
        return new_message_id(now_ms, self._rng)

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first; ``prefix`` is compared exactly."""
        with self._asked("loads"):
            return self._reads.list_agents(self._db, prefix or "")
