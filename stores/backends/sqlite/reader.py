"""The Reader of SQLite stores: files that are checked out for moments."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from stores.backends.sqlite.connection import Reading, SqliteFile
from stores.backends.sqlite.shape import read_schema
from stores.browse.sql.reader import SqlReader, clock_ms
from stores.browse.sql.reading import Reading as AnyReading
from stores.browse.sql.schema import Schema
from stores.browse.store_records import StoreOverview
from stores.kode.file_reader import SessionFiles

__all__ = ["SqliteReader"]


class SqliteReader(SqlReader):
    """Read one SQLite store; see :class:`stores.browse.reader.Reader` for the promises."""

    def __init__(
        self,
        store_id: str,
        file: SqliteFile,
        files: SessionFiles,
        *,
        now_ms: Callable[[], int] = clock_ms,
    ) -> None:
        super().__init__(store_id, files, now_ms=now_ms)
        self._file = file
        self._schema: Schema | None = None
        self._schema_key: tuple[int, int] | None = None

    @classmethod
    def open(
        cls,
        store_id: str,
        path: Path,
        files_path: Path,
        *,
        on_read: Callable[[], None] | None = None,
    ) -> "SqliteReader":
        """Return a reader of a database file and the folder of its file half.

        ``on_read`` is called after each successful read.
        """
        return cls(store_id, SqliteFile(path, on_read=on_read), SessionFiles(files_path))

    def close(self) -> None:
        """Close the pooled connections."""
        self._file.close()

    @contextmanager
    def _reading(self) -> Iterator[tuple[Reading, Schema]]:
        """Check out a connection, with the schema of the file as it is now.

        The schema is read again whenever SQLite's own counter of schema changes has moved.
        """
        with self._file.read() as reading:
            version = reading.schema_key()
            if self._schema is None or self._schema_key != version:
                self._schema, self._schema_key = self._schema_of(reading), version
            yield reading, self._schema

    def _schema_of(self, reading: Reading) -> Schema:
        return read_schema(reading)

    def _with_facts(self, reading: AnyReading, overview: StoreOverview) -> StoreOverview:
        journal_mode, size_bytes = self._file.journal_mode(), self._file.size_bytes()
        return replace(overview, journal_mode=journal_mode, size_bytes=size_bytes)
