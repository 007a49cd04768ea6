"""The SDK's ``JSONStore`` in Python, with the queries and tools that the SDK keeps for databases.

One folder per agent, a fork's inside its parent's. What differs from the SDK on purpose is listed
in ``docs/kode-compatibility.md``.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from stores.backends.jsondir import agent_store_queries as queries
from stores.backends.jsondir.agent_store_files import AgentFiles
from stores.backends.jsondir.agent_store_forks import copy_agents
from stores.backends.jsondir.agent_store_locks import FolderLocks
from stores.errors import InvalidQuery, SessionNotFound, StoreError
from stores.kode.file_half import FilesBeside
from stores.kode.files import FileStore
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.results import (
    ConsistencyResult,
    DatabaseHealth,
    FileSystemHealth,
    SessionInfo,
    StoreHealth,
    StoreMetrics,
    StoreStats,
)

__all__ = ["JSONStore"]


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class JSONStore(FilesBeside):
    """Keep agents in folders below ``base_dir``; an ``ExtendedStore``.

    Opening makes nothing, reading changes nothing; the first save makes the base. One object may
    serve several threads, and any number of processes may have the folder open: each file is old
    or new. ``load_*`` raises ``BrokenFile`` for what is there and cannot be read; ``query_*`` and
    ``list_snapshots`` leave it out and log a warning. ``now_ms`` and ``rng`` date and name copies.

    Raises:
        InvalidAgentId: from every method, for an id that would lead out of the store.
        StoreUnavailable: from every method: the folder may not be read or written, its disk is
            full, or the store is closed.
    """

    def __init__(
        self,
        base_dir: Path | str,
        *,
        now_ms: Callable[[], int] = _wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        super().__init__(FileStore(Path(base_dir)))
        self.base_dir = self.files.base_dir
        self.now_ms = now_ms
        self._rng = rng or Random()  # noqa: S311 - ids only have to differ
        self._agents = AgentFiles(self.files)
        self._locks = FolderLocks(self.files)

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
        """Add or replace what is known of a session; its messages and calls stay.

        Raises:
            StoreError: ``info.agent_id`` is another one.
        """
        with self._asked("saves", agent_id):
            if info.agent_id != agent_id:
                raise StoreError("The info is that of another session.")
            self._agents.save_info(agent_id, info)

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of a session, None for an unknown one."""
        with self._asked("loads", agent_id):
            return self._agents.load_info(agent_id)

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages of a session in one step."""
        with self._asked("saves", agent_id):
            self._agents.save_messages(agent_id, messages)

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return self._agents.load_messages(agent_id)

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool-call records of a session in one step."""
        with self._asked("saves", agent_id):
            self._agents.save_calls(agent_id, records)

    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the records, oldest first; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return self._agents.load_calls(agent_id)

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Add a snapshot, or replace the one of the same id."""
        with self._asked("saves", agent_id):
            self._agents.save_snapshot(agent_id, snapshot)

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None when there is none of this id."""
        with self._asked("loads", agent_id):
            return self._agents.load_snapshot(agent_id, snapshot_id)

    def list_snapshots(self, agent_id: str) -> list[Snapshot]:
        """Return all snapshots that can be read, newest first."""
        with self._asked("loads", agent_id):
            return self._agents.snapshots(agent_id)[0]

    def exists(self, agent_id: str) -> bool:
        """Tell whether there is a ``meta.json`` of a session."""
        with self._asked("loads", agent_id):
            return self._agents.is_agent(agent_id)

    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Delete a session's files; forks stay unless asked for. An unknown id is fine.

        Its ``meta.json`` goes first: what a crash leaves is no session, and goes with a second
        delete.
        """
        with self._asked("deletes", agent_id):
            self.files.delete_agent(agent_id, with_forks=with_forks)

    def query_sessions(self, query: SessionFilter | None = None) -> list[SessionInfo]:
        """Return sessions, by default newest first."""
        with self._asked("queries"):
            return queries.find_sessions(self._agents, query or SessionFilter())

    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        """Return messages, last saved first."""
        with self._asked("queries"):
            return queries.find_messages(self._agents, query or MessageFilter())

    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        """Return tool calls, newest first."""
        with self._asked("queries"):
            return queries.find_calls(self._agents, query or ToolCallFilter())

    def aggregate_stats(self, agent_id: str) -> StoreStats:
        """Return the numbers of one session; zeros for an unknown one."""
        with self._asked("queries", agent_id):
            return queries.stats_of(self._agents, agent_id)

    def health_check(self) -> StoreHealth:
        """Tell whether files can be made; never raises, leaves nothing behind."""
        files = FileSystemHealth(writable=False)
        if not self._is_closed:
            files = self.files.health()
        database = DatabaseHealth(connected=not self._is_closed)
        is_healthy = database.connected and files.writable
        return StoreHealth(healthy=is_healthy, database=database, file_system=files)

    def check_consistency(self, agent_id: str) -> ConsistencyResult:
        """Look for what is missing or cannot be read in a session's files; changes nothing."""
        with self._asked("queries", agent_id):
            issues = queries.issues_of(self._agents, agent_id)
        return ConsistencyResult(consistent=not issues, issues=tuple(issues))

    def get_metrics(self) -> StoreMetrics:
        """Return real counts of this object's operations and of what the store holds."""
        self._check_open()
        storage = queries.count_all(self._agents)
        operations, performance = self._operations.metrics()
        return StoreMetrics(operations=operations, performance=performance, storage=storage)

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session among all processes that use this class; see ``FolderLocks``."""
        self._check_open()
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's info, messages and calls so many times: all of the copies or none."""
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidQuery("count is a whole number from 0 on.")
        with self._asked("saves", agent_id):
            info = self._agents.load_info(agent_id)
            if info is None:
                raise SessionNotFound(f"There is no session {agent_id} to copy.")
            return copy_agents(
                self._agents, agent_id, info, count=count, now_ms=self.now_ms(), rng=self._rng
            )

    def close(self) -> None:
        """Close the store; no file is open between two calls."""
        self._is_closed = True

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first, forks included; ``prefix`` is exact."""
        with self._asked("loads"):
            return queries.list_ids(self._agents, prefix or "")
