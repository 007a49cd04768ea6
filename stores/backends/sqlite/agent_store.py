"""The SDK's ``SqliteStore`` in Python: the same rows, the same files, its defects mended.

What differs from the SDK on purpose is listed in ``docs/kode-compatibility.md``. Statements live
in ``agent_writes``, ``agent_reads`` and ``agent_queries``, the connection in ``agent_database``.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

from stores.backends.sqlite import agent_queries, agent_reads, agent_writes
from stores.backends.sqlite.agent_database import AgentDatabase
from stores.browse.times import iso_from_ms
from stores.errors import SessionNotFound
from stores.kode.agent_ids import copy_id
from stores.kode.files import FileStore
from stores.kode.js_text import js_text
from stores.kode.locks import AgentLocks
from stores.kode.sql_store import SqlStore, check_count, wall_clock_ms

__all__ = ["SqliteStore"]


class SqliteStore(SqlStore):
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

    _reads = agent_reads
    _writes = agent_writes
    _queries = agent_queries
    _db: AgentDatabase

    def __init__(
        self,
        db_path: Path | str,
        file_store_base_dir: Path | str | None = None,
        *,
        wal: bool = False,
        now_ms: Callable[[], int] = wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        self.db_path = Path(db_path)
        base_dir = Path(file_store_base_dir or self.db_path.parent)
        files = FileStore(base_dir, reserved_names=_names_within(base_dir, self.db_path))
        super().__init__(files, now_ms=now_ms, rng=rng)
        self._db = AgentDatabase(db_path, wal=wal)
        self._db.define("message_id", lambda: self._message_id(self.now_ms()))
        self._locks = AgentLocks(f"sqlite:{self.db_path.resolve()}")

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold one transaction; saves inside it join in instead of committing one by one."""
        self._check_open()
        with self._db.transaction():
            yield

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        """Lock a session among the stores of this process; see ``AgentLocks.acquire``."""
        self._check_open()
        self._check_id(agent_id)
        return self._locks.acquire(agent_id, timeout_ms)

    def batch_fork(self, agent_id: str, count: int) -> list[str]:
        """Copy a session's row, messages and calls so many times in one transaction.

        Copied calls are called ``<id>_fork_<i>``; ``i`` goes on where an earlier copy ended.
        """
        check_count(count)
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

    def _is_there(self) -> bool:
        self._db.fetch("SELECT 1 FROM agents LIMIT 1")
        return str(self.db_path) == ":memory:" or self.db_path.is_file()

    def _size_bytes(self) -> int | None:
        return self.db_path.stat().st_size if self.db_path.is_file() else None


def _names_within(base_dir: Path, db_path: Path) -> tuple[str, ...]:
    """Return what lies in the base and is the database's: its files, or a folder with them."""
    base, place = base_dir.resolve(), db_path.resolve()
    if place.parent == base:
        return tuple(f"{db_path.name}{end}" for end in ("", "-journal", "-wal", "-shm"))
    return place.relative_to(base).parts[:1] if place.is_relative_to(base) else ()
