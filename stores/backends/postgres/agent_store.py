"""The SDK's ``PostgresStore`` in Python: the same rows, the same files, its defects mended.

What differs from the SDK on purpose is listed in ``docs/kode-compatibility.md``. Statements live
in ``agent_writes``, ``agent_reads`` and ``agent_queries``, the pool in ``agent_database``.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from stores.backends.postgres import agent_queries, agent_reads, agent_writes
from stores.backends.postgres.agent_database import AgentDatabase, Reading
from stores.backends.postgres.agent_locks import AdvisoryLocks
from stores.backends.postgres.config import ConnectionSettings
from stores.backends.postgres.connection import PostgresTarget
from stores.browse.times import iso_from_ms
from stores.errors import SessionNotFound
from stores.kode.agent_ids import copy_id
from stores.kode.files import FileStore
from stores.kode.js_text import js_text
from stores.kode.sql_store import SqlStore, check_count, wall_clock_ms

__all__ = ["PostgresStore"]


class PostgresStore(SqlStore):
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

    _reads = agent_reads
    _writes = agent_writes
    _queries = agent_queries
    _db: AgentDatabase

    def __init__(
        self,
        connection: PostgresTarget | str | Mapping[str, Any],
        file_store_base_dir: Path | str,
        *,
        now_ms: Callable[[], int] = wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        super().__init__(FileStore(Path(file_store_base_dir)), now_ms=now_ms, rng=rng)
        settings = ConnectionSettings.of(connection)
        self._db = AgentDatabase(
            settings.target,
            max_size=settings.max_size,
            idle_ms=settings.idle_ms,
            connect_ms=settings.connect_ms,
        )
        self._locks = AdvisoryLocks(settings.target, connect_ms=settings.connect_ms)

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session on the server by the SDK's key; see ``AdvisoryLocks.acquire``."""
        self._check_open()
        self._check_id(agent_id)
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's row, messages and calls so many times in one transaction.

        Copied calls are called ``<id>_fork_<i>``; ``i`` goes on where an earlier copy ended.
        """
        check_count(count)

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

    def _is_there(self) -> bool:
        self._db.fetch("SELECT 1 FROM agents LIMIT 1")
        return True

    def _size_bytes(self) -> int:
        return agent_reads.read_size(self._db)
