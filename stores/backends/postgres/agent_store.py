"""The SDK's ``PostgresStore`` in Python: the same rows, the same files, its defects mended.

What differs from the SDK on purpose is listed in ``docs/kode-compatibility.md``. Statements live
in ``agent_writes``, ``agent_reads`` and ``agent_queries``, the pool in ``agent_database``.
"""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from stores.backends.postgres import agent_queries, agent_reads, agent_writes
from stores.backends.postgres.agent_database import AgentDatabase, Reading
from stores.backends.postgres.agent_locks import AdvisoryLocks
from stores.backends.postgres.config import ConnectionSettings
from stores.backends.postgres.connection import PostgresTarget
from stores.browse.times import iso_from_ms
from stores.errors import InvalidQuery, SessionNotFound, StoreError
from stores.kode.agent_ids import check_agent_id, copy_id
from stores.kode.consistency import file_issues, missing_agent
from stores.kode.file_half import FilesBeside
from stores.kode.files import FileStore
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.js_text import js_text
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

__all__ = ["PostgresStore"]


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class PostgresStore(FilesBeside):
    """Keep agents in a PostgreSQL database and a file folder; an ``ExtendedStore``.

    ``connection`` is the guide's mapping (host, port, database, user, password, and for the pool
    max, idleTimeoutMillis, connectionTimeoutMillis; snake case too), a URL or a target. Missing
    tables are made; a role that may only read can open a database that has them, and read.

    One object may serve several threads, any number of processes the database. It works behind
    PgBouncer in any pooling mode. Each lock held takes one connection beside the pool.
    A row that cannot be read is a ``BrokenRow`` from ``load_*``, naming it; ``query_*`` and
    ``list_snapshots`` leave it out and log a warning.

    Raises:
        InvalidAgentId: from every method, for an id that would lead out of the store.
        StoreUnavailable: from every method: the server refuses or does not answer, the role has
            not the rights, or the store is closed.
        StoreError: a record is refused, such as one with U+0000, which JSONB cannot hold.
    """

    def __init__(
        self,
        connection: PostgresTarget | str | Mapping[str, Any],
        file_store_base_dir: Path | str,
        *,
        now_ms: Callable[[], int] = _wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        super().__init__(FileStore(Path(file_store_base_dir)))
        settings = ConnectionSettings.of(connection)
        self.now_ms = now_ms
        self._rng = rng or Random()  # noqa: S311 - row ids only have to differ
        self._db = AgentDatabase(
            settings.target,
            max_size=settings.max_size,
            idle_ms=settings.idle_ms,
            connect_ms=settings.connect_ms,
        )
        self._locks = AdvisoryLocks(settings.target, connect_ms=settings.connect_ms)

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
            agent_writes.write_info(self._db, info)

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of a session, None for an unknown one."""
        with self._asked("loads", agent_id):
            return agent_reads.read_info(self._db, agent_id)

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages: new row ids, and all dated now, as the SDK does."""
        with self._asked("saves", agent_id):
            now = self.now_ms()
            agent_writes.write_messages(
                self._db, agent_id, messages, now_ms=now, new_id=lambda: self._message_id(now)
            )

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return agent_reads.read_messages(self._db, agent_id)

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool calls; 0, "" and false become NULL, as in the SDK."""
        with self._asked("saves", agent_id):
            agent_writes.write_calls(self._db, agent_id, records)

    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the records, oldest first; empty for an unknown session."""
        with self._asked("loads", agent_id):
            return agent_reads.read_calls(self._db, agent_id)

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Add a snapshot, or replace the one of the same id."""
        with self._asked("saves", agent_id):
            agent_writes.write_snapshot(self._db, agent_id, snapshot)

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None when there is none of this id."""
        with self._asked("loads", agent_id):
            return agent_reads.read_snapshot(self._db, agent_id, snapshot_id)

    def list_snapshots(self, agent_id: str) -> list[Snapshot]:
        """Return all snapshots that can be read, newest first."""
        with self._asked("loads", agent_id):
            return agent_reads.read_snapshots(self._db, agent_id)

    def exists(self, agent_id: str) -> bool:
        """Tell whether the session has a row."""
        with self._asked("loads", agent_id):
            return agent_reads.has_agent(self._db, agent_id)

    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Delete rows, then files; forks stay unless asked for. An unknown id is fine.

        Files that a crash in between leaves are named by ``check_consistency``, and go with a
        second delete.
        """
        with self._asked("deletes", agent_id):
            agent_writes.delete_agents(self._db, agent_id, with_forks=with_forks)
            self.files.delete_agent(agent_id, with_forks=with_forks)

    def query_sessions(self, query: SessionFilter | None = None) -> list[SessionInfo]:
        """Return sessions, by default newest first."""
        with self._asked("queries"):
            return agent_queries.find_sessions(self._db, query or SessionFilter())

    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        """Return messages, last saved first."""
        with self._asked("queries"):
            return agent_queries.find_messages(self._db, query or MessageFilter())

    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        """Return tool calls, newest first."""
        with self._asked("queries"):
            return agent_queries.find_calls(self._db, query or ToolCallFilter())

    def aggregate_stats(self, agent_id: str) -> StoreStats:
        """Return the numbers of one session; zeros for an unknown one."""
        with self._asked("queries", agent_id):
            return agent_reads.read_stats(self._db, agent_id)

    def health_check(self) -> StoreHealth:
        """Tell whether database and files answer; never raises, leaves nothing behind."""
        latency_ms = None
        files = FileSystemHealth(writable=False)
        if not self._is_closed:
            files = self.files.health()
            began = time.perf_counter()
            try:
                self._db.fetch("SELECT 1 FROM agents LIMIT 1")
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
            issues = agent_reads.row_issues(self._db, agent_id)
            if issues is None:
                has_files = self.files.has_agent_files(agent_id)
                issues = [missing_agent(agent_id, has_files=has_files)]
            else:
                issues += file_issues(self.files.base_dir, agent_id)
        return ConsistencyResult(consistent=not issues, issues=tuple(issues))

    def get_metrics(self) -> StoreMetrics:
        """Return real counts of this object's operations and of what the store holds."""
        self._check_open()
        agents, messages, calls, size_bytes = agent_reads.count_rows(self._db)
        operations, performance = self._operations.metrics()
        storage = StorageMetrics(
            total_agents=agents,
            total_messages=messages,
            total_tool_calls=calls,
            db_size_bytes=size_bytes,
        )
        return StoreMetrics(operations=operations, performance=performance, storage=storage)

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session on the server by the SDK's key; see ``AdvisoryLocks.acquire``."""
        self._check_open()
        check_agent_id(agent_id)
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's row, messages and calls so many times in one transaction.

        Copied calls are called ``<id>_fork_<i>``; ``i`` goes on where an earlier copy ended.
        """
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidQuery("count is a whole number from 0 on.")

        def work(writing: Reading) -> list[str]:
            info = agent_reads.read_info(writing, agent_id)
            if info is None:
                raise SessionNotFound(f"There is no session {agent_id} to copy.")
            first = agent_writes.first_free_copy(writing, agent_id, count)
            now = self.now_ms()
            lineage = js_text([*(info.lineage or ()), agent_id])
            made = []
            for number in range(first, first + count):
                made.append(copy_id(now, self._rng))
                copy = {
                    "source": agent_id,
                    "agent_id": made[-1],
                    "created_at": iso_from_ms(now),
                    "lineage": lineage,
                    "suffix": f"_fork_{number}",
                    "now": now,
                }
                agent_writes.copy_agent(writing, copy, new_id=lambda: self._message_id(now))
            return made

        with self._asked("saves", agent_id):
            return self._db.write(agent_id, work, at_one_moment=True)

    def close(self) -> None:
        """Give the locks back and close the pool; the files need no closing."""
        self._is_closed = True
        self._locks.release_all()
        self._db.close()

    def _message_id(self, now_ms: int) -> str:
        return new_message_id(now_ms, self._rng)

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first; ``prefix`` is compared exactly."""
        with self._asked("loads"):
            return agent_reads.list_agents(self._db, prefix or "")
