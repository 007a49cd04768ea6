"""``MySQLStore``: rows in MySQL or MariaDB, the file half in a folder, as the SDK's SQL stores."""

import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from pymysql.cursors import Cursor

from kode_mysql import reads, writes
from kode_mysql.database import Database
from kode_mysql.locks import ServerLocks
from kode_mysql.target import MySQLTarget
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
    StoreHealth,
    StoreMetrics,
    StoreStats,
)
from stores.kode.row_values import new_message_id, readable, stored_form
from stores.kode.rows import (
    CALL_COLUMNS,
    INFO_COLUMNS,
    MESSAGE_COLUMNS,
    SNAPSHOT_COLUMNS,
    call_of,
    call_row,
    info_of,
    info_row,
    message_of,
    snapshot_of,
    snapshot_row,
)

__all__ = ["MySQLStore"]


def _now_ms() -> int:
    return time.time_ns() // 1_000_000


class MySQLStore(FilesBeside):
    """Keep agents in a MySQL database and a folder of files; an ``ExtendedStore``.

    One object may serve several threads, and any number of processes the same database.

    Raises:
        InvalidAgentId: from every method, for an id that would lead out of the store.
        StoreUnavailable: from every method, when the server cannot be reached or is closed.
        StoreError: a row is refused; nothing of the save is kept then.
    """

    def __init__(self, connection: object, file_store_base_dir: Path | str) -> None:
        super().__init__(FileStore(Path(file_store_base_dir)))
        self._db = Database(MySQLTarget.of(connection))
        self._locks = ServerLocks(self._db)
        self._rng = Random()  # noqa: S311 - row ids only have to differ

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
        """Insert or replace the columns of a session; its messages and calls stay."""
        with self._asked("saves", agent_id):
            if info.agent_id != agent_id:
                raise StoreError(
                    f"The info of session {info.agent_id} cannot be saved as that of {agent_id}."
                )
            with stored_form():
                values = info_row(info)
            self._db.transact(writes.write_info(values))

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of a session, None for an unknown one."""
        with self._asked("loads", agent_id):
            rows = self._rows(INFO_COLUMNS, "agents", agent_id)
            return info_of(rows[0]) if rows else None

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages of a session in one transaction."""
        with self._asked("saves", agent_id):
            now = _now_ms()
            with stored_form():
                rows = [
                    (agent_id, seq, item.role, js_text(item.content), _json(item.metadata),
                     new_message_id(now, self._rng), now)
                    for seq, item in enumerate(messages)
                ]  # fmt: skip
            self._db.transact(writes.write_messages(agent_id, rows))

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order; empty for an unknown session."""
        with self._asked("loads", agent_id):
            rows = self._rows(MESSAGE_COLUMNS, "messages", agent_id, "ORDER BY seq")
            return [message_of(row) for row in rows]

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool calls of a session in one transaction."""
        with self._asked("saves", agent_id):
            with stored_form():
                rows = [call_row(agent_id, record) for record in records]
            self._db.transact(writes.write_calls(agent_id, rows))

    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the records, oldest first; empty for an unknown session."""
        with self._asked("loads", agent_id):
            rows = self._rows(CALL_COLUMNS, "tool_calls", agent_id, "ORDER BY created_at, id")
            return [call_of(row) for row in rows]

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Add a snapshot, or replace the one of the same id."""
        with self._asked("saves", agent_id):
            with stored_form():
                values = snapshot_row(agent_id, snapshot)
            self._db.transact(writes.write_snapshot(values))

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None when there is none of this id."""
        with self._asked("loads", agent_id):
            rows = self._rows(
                SNAPSHOT_COLUMNS, "snapshots", agent_id, "AND snapshot_id = %(id)s", id=snapshot_id
            )
            return snapshot_of(rows[0]) if rows else None

    def list_snapshots(self, agent_id: str) -> list[Snapshot]:
        """Return all snapshots, newest first."""
        with self._asked("loads", agent_id):
            order = "ORDER BY created_at DESC, snapshot_id"
            return readable(self._rows(SNAPSHOT_COLUMNS, "snapshots", agent_id, order), snapshot_of)

    def exists(self, agent_id: str) -> bool:
        """Tell whether the session has a row."""
        with self._asked("loads", agent_id):
            return bool(self._rows("agent_id", "agents", agent_id))

    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Delete rows, then files; forks stay unless asked for."""
        with self._asked("deletes", agent_id):
            self._db.transact(writes.delete_agents(agent_id, with_forks=with_forks))
            self.files.delete_agent(agent_id, with_forks=with_forks)

    def query_sessions(self, query: SessionFilter | None = None) -> list[SessionInfo]:
        """Return sessions, by default newest first."""
        with self._asked("queries"):
            return reads.find_sessions(self._db, query or SessionFilter())

    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        """Return messages, last saved first."""
        with self._asked("queries"):
            return reads.find_messages(self._db, query or MessageFilter())

    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        """Return tool calls, newest first."""
        with self._asked("queries"):
            return reads.find_calls(self._db, query or ToolCallFilter())

    def aggregate_stats(self, agent_id: str) -> StoreStats:
        """Return the numbers of one session; zeros for an unknown one."""
        with self._asked("queries", agent_id):
            return reads.read_stats(self._db, agent_id)

    def health_check(self) -> StoreHealth:
        """Tell whether database and files answer; never raises, leaves nothing behind."""
        began = time.perf_counter()
        files = FileSystemHealth(writable=not self._is_closed and self.files.health().writable)
        try:
            self._db.fetch("SELECT 1 FROM agents LIMIT 1")
            took_ms = (time.perf_counter() - began) * 1000
            database = DatabaseHealth(connected=True, latency_ms=took_ms)
        except StoreError:
            database = DatabaseHealth(connected=False)
        healthy = database.connected and files.writable
        return StoreHealth(healthy=healthy, database=database, file_system=files)

    def check_consistency(self, agent_id: str) -> ConsistencyResult:
        """Compare a session's rows and files with each other; changes nothing."""
        with self._asked("queries", agent_id):
            issues = reads.row_issues(self._db, agent_id)
            if issues is None:
                has_files = self.files.has_agent_files(agent_id)
                issues = [missing_agent(agent_id, has_files=has_files)]
            else:
                issues += file_issues(self.files.base_dir, agent_id)
        return ConsistencyResult(consistent=not issues, issues=tuple(issues))

    def get_metrics(self) -> StoreMetrics:
        """Return real counts of this object's operations and of what the store holds."""
        self._check_open()
        storage = reads.count_rows(self._db)
        operations, performance = self._operations.metrics()
        return StoreMetrics(operations=operations, performance=performance, storage=storage)

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session among all clients of the server; see ``ServerLocks.acquire``."""
        self._check_open()
        check_agent_id(agent_id)
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's row, messages and calls so many times in one transaction."""
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise InvalidQuery("count is a whole number from 0 on.")
        with self._asked("saves", agent_id):
            rows = self._rows(INFO_COLUMNS, "agents", agent_id)
            if not rows:
                raise SessionNotFound(f"There is no session {agent_id} to copy.")
            lineage = js_text([*(info_of(rows[0]).lineage or ()), agent_id])
            now = _now_ms()
            ids = [copy_id(now, self._rng) for _ in range(count)]
            base = {"source": agent_id, "created_at": iso_from_ms(now), "now": now}

            def work(cursor: Cursor) -> None:
                first = writes.forks_taken(cursor, agent_id)
                for number, copy in enumerate(ids, start=first):
                    given = {"agent_id": copy, "lineage": lineage, "suffix": f"_fork_{number}"}
                    writes.copy_agent(cursor, {**base, **given})

            self._db.transact(work)
            return ids

    def close(self) -> None:
        """Give back all locks and close the connections."""
        self._is_closed = True
        self._locks.close()
        self._db.close()

    def list(self, prefix: str | None = None) -> list[str]:
        """Return the ids of all sessions, newest first; ``prefix`` is compared exactly."""
        statement = """
            SELECT agent_id
            FROM agents
            WHERE LEFT(agent_id, %(length)s) = %(prefix)s
            ORDER BY created_at DESC, agent_id DESC
        """
        prefix = prefix or ""
        with self._asked("loads"):
            rows = self._db.fetch(statement, {"length": len(prefix), "prefix": prefix})
            return [row[0] for row in rows]

    def _rows(
        self, columns: str, table: str, agent_id: str, tail: str = "", **params: Any
    ) -> Sequence[tuple[Any, ...]]:
        statement = f"SELECT {columns} FROM {table} WHERE agent_id = %(agent_id)s {tail}"
        return self._db.fetch(statement, {"agent_id": agent_id, **params})


def _json(value: object) -> str | None:
    return None if value is None else js_text(value)
