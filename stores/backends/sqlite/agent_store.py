"""The SDK's ``SqliteStore`` in Python: the same rows, the same files, its defects mended.

What differs from the SDK on purpose is listed in ``docs/kode-compatibility.md``. Statements live
in ``agent_writes``, ``agent_reads`` and ``agent_queries``, the connection in ``agent_database``.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Self

from stores.backends.sqlite import agent_queries, agent_reads, agent_writes
from stores.backends.sqlite.agent_database import AgentDatabase
from stores.browse.times import iso_from_ms
from stores.errors import InvalidQuery, SessionNotFound, StoreError
from stores.kode.agent_ids import copy_id
from stores.kode.consistency import file_issues, missing_agent
from stores.kode.file_half import FilesBeside
from stores.kode.files import FileStore
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.js_text import js_text
from stores.kode.locks import AgentLocks
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

__all__ = ["SqliteStore"]


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class SqliteStore(FilesBeside):
    """Keep agents in a database and its file folder; an ``ExtendedStore``.

    ``file_store_base_dir`` defaults to the directory of the database, as in the SDK. ``wal=True``
    turns the database to write-ahead logging, where readers and the writer never wait for each
    other; the SDK can open it. ``now_ms`` and ``rng`` simulate a past: they date and name rows.

    One object may serve several threads, and any number of processes may have the database open.
    A row that cannot be read is a ``BrokenRow`` from ``load_*``, naming it; ``query_*`` and
    ``list_snapshots`` leave it out and log a warning.

    Raises:
        InvalidAgentId: from every method, for an id that would lead out of the store.
        StoreUnavailable: from every method: another writer holds the lock for over 5 seconds,
            the database cannot be opened, read or written, or the store is closed.
        StoreError: a row is refused, such as a tool call whose id another agent has.
    """

    def __init__(
        self,
        db_path: Path | str,
        file_store_base_dir: Path | str | None = None,
        *,
        wal: bool = False,
        now_ms: Callable[[], int] = _wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        self.db_path = Path(db_path)
        base_dir = Path(file_store_base_dir or self.db_path.parent)
        names = (f"{self.db_path.name}{end}" for end in ("", "-journal", "-wal", "-shm"))
        is_beside = base_dir.resolve() == self.db_path.parent.resolve()
        super().__init__(FileStore(base_dir, reserved_names=names if is_beside else ()))
        self.now_ms = now_ms
        self._rng = rng or Random()  # noqa: S311 - row ids only have to differ
        self._db = AgentDatabase(db_path, wal=wal)
        self._db.define("message_id", lambda: new_message_id(self.now_ms(), self._rng))
        self._locks = AgentLocks(f"sqlite:{self.db_path.resolve()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold one transaction; saves inside it join in instead of committing one by one."""
        self._check_open()
        with self._db.transaction():
            yield

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
                self._db,
                agent_id,
                messages,
                now_ms=now,
                new_id=lambda: new_message_id(now, self._rng),
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
            return bool(self._db.fetch("SELECT 1 FROM agents WHERE agent_id = ?", (agent_id,)))

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
        began = time.perf_counter()
        is_connected = False
        files = FileSystemHealth(writable=False)
        if not self._is_closed:
            files = self.files.health()
            try:
                self._db.fetch("SELECT 1 FROM agents LIMIT 1")
                is_connected = str(self.db_path) == ":memory:" or self.db_path.is_file()
            except StoreError:
                pass
        latency_ms = (time.perf_counter() - began) * 1000 if is_connected else None
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
        agents, messages, calls = agent_reads.count_rows(self._db)
        operations, performance = self._operations.metrics()
        size = self.db_path.stat().st_size if self.db_path.is_file() else None
        storage = StorageMetrics(
            total_agents=agents,
            total_messages=messages,
            total_tool_calls=calls,
            db_size_bytes=size,
        )
        return StoreMetrics(operations=operations, performance=performance, storage=storage)

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session among the stores of this process; see ``AgentLocks.acquire``."""
        self._check_open()
        self._check_id(agent_id)
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's row, messages and calls so many times in one transaction.

        Copied calls are called ``<id>_fork_<i>``; ``i`` goes on where an earlier copy ended.
        """
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidQuery("count is a whole number from 0 on.")
        with self._asked("saves", agent_id), self._db.transaction():
            info = agent_reads.read_info(self._db, agent_id)
            if info is None:
                raise SessionNotFound(f"There is no session {agent_id} to copy.")
            first = agent_writes.forks_taken(self._db, agent_id)
            now = self.now_ms()
            lineage = js_text([*(info.lineage or ()), agent_id])
            made = []
            for number in range(first, first + count):
                made.append(copy_id(now, self._rng))
                copy = {"agent_id": made[-1], "created_at": iso_from_ms(now), "lineage": lineage}
                agent_writes.copy_agent(self._db, agent_id, copy, number=number, now_ms=now)
            return made

    def close(self) -> None:
        """Close the database; the files need no closing."""
        self._is_closed = True
        self._db.close()

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first; ``prefix`` is compared exactly."""
        with self._asked("loads"):
            return agent_reads.list_agents(self._db, prefix or "")
