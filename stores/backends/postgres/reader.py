"""The Reader of PostgreSQL stores: a small pool of connections that only read."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from stores.backends.postgres.connection import PostgresPool, PostgresTarget, open_pool
from stores.backends.postgres.reading import PostgresReading, read_from
from stores.backends.postgres.replica import ReplicaPool
from stores.backends.postgres.rights import rights_of
from stores.backends.postgres.shape import PostgresSchema, read_schema
from stores.browse.sql.reader import SqlReader, clock_ms
from stores.browse.sql.reading import Reading
from stores.browse.store_records import ReplicaState, StoreOverview
from stores.errors import InvalidQuery, StoreUnavailable
from stores.kode.file_reader import SessionFiles

__all__ = ["PostgresReader"]

#: So few connections browse a store that its agents never find the server full.
POOL_SIZE: Final = 4
CONNECT_MS: Final = 3_000
#: Shorter: another server has the rows too.
REPLICA_CONNECT_MS: Final = 2_000
#: A server that keeps its limits answers in a fraction of this, over a slow line too.
ANSWER_MS: Final = 8_000
_SCHEMA_TTL_S: Final = 30.0
_SIZE: Final = """
    SELECT sum(pg_total_relation_size(to_regclass(name)))::bigint
    FROM unnest('{agents,messages,tool_calls,snapshots}'::text[]) AS name
"""


class PostgresReader(SqlReader):
    """Read one PostgreSQL store; see :class:`stores.browse.reader.Reader` for the promises."""

    def __init__(
        self,
        store_id: str,
        pool: PostgresPool | ReplicaPool,
        files: SessionFiles,
        *,
        on_read: Callable[[], None] | None = None,
        now_ms: Callable[[], int] = clock_ms,
    ) -> None:
        super().__init__(store_id, files, now_ms=now_ms)
        self._pool = pool
        self._on_read = on_read
        self._known: tuple[float, PostgresSchema] | None = None
        #: Statements run so far and the longest of them, for tests and benchmarks that count.
        self.statements = 0
        self.longest_ms = 0.0

    @classmethod
    def open(
        cls,
        store_id: str,
        target: PostgresTarget,
        files_path: Path | None,
        *,
        replica: PostgresTarget | None = None,
        on_read: Callable[[], None] | None = None,
    ) -> "PostgresReader":
        """Return a reader of a database and the folder of its file half; connects at first use.

        A ``replica`` is read in its stead, as long as it can be reached. ``on_read`` is called
        after each successful read.
        """
        limits = {"max_size": POOL_SIZE, "answer_ms": ANSWER_MS}
        primary = open_pool(target, connect_ms=CONNECT_MS, read_only=True, **limits)
        pool: PostgresPool | ReplicaPool = primary
        if replica is not None:
            beside = open_pool(replica, connect_ms=REPLICA_CONNECT_MS, read_only=True, **limits)
            pool = ReplicaPool(beside, primary)
        files = SessionFiles(files_path or Path(os.devnull))  # which is no folder
        return cls(store_id, pool, files, on_read=on_read)

    def close(self) -> None:
        """Close the pooled connections."""
        self._pool.close()

    def replica_state(self) -> ReplicaState | None:
        """Return how the replica was at the last read; None for a store without one."""
        return self._pool.state() if isinstance(self._pool, ReplicaPool) else None

    @contextmanager
    def _reading(self) -> Iterator[tuple[PostgresReading, PostgresSchema]]:
        """Check out a connection, with the tables as they were found half a minute ago at most."""
        try:
            with read_from(self._pool, self._note) as reading:
                known, now = self._known, time.monotonic()
                if known is None or now - known[0] > _SCHEMA_TTL_S:
                    known = self._known = now, read_schema(reading)
                yield reading, known[1]
        except (StoreUnavailable, InvalidQuery):
            self._known = None  # it may be that the tables are others now
            raise

    def _note(self, reading: PostgresReading) -> None:
        self.statements += reading.statements
        self.longest_ms = max(self.longest_ms, reading.longest_ms)
        if self._on_read is not None:
            self._on_read()

    def _with_facts(self, reading: Reading, overview: StoreOverview) -> StoreOverview:
        replica = self.replica_state()
        return replace(
            overview,
            message=replica.words if replica is not None else overview.message,
            size_bytes=reading.fetch(_SIZE)[0][0],
            rights=rights_of(reading).words,
        )
