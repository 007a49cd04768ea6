"""Read the index through the limits and the pool of any SQLite file."""

from dataclasses import dataclass

from stores.backends.sqlite.connection import SqliteFile
from stores.backends.sqlite.shape import SqliteSchema

__all__ = ["IndexFile", "IndexSchema"]

_SIZED = frozenset(
    {
        ("messages", "content"),
        ("tool_calls", "input"),
        ("tool_calls", "result"),
        ("snapshots", "messages"),
    }
)


class IndexFile(SqliteFile):
    """A WAL file of kodeweb's own: it may have its side files, and its connections are kept."""

    def _is_quiet(self) -> bool:
        return False

    def _is_kept(self, identity: object) -> bool:
        return True

    def _uri(self, identity: object) -> str:
        # The file is opened for writing, so that SQLite may make its side files; the authorizer
        # still admits nothing but reading.
        return self.path.as_uri() + "?mode=rw"


@dataclass(frozen=True)
class IndexSchema(SqliteSchema):
    """The tables of the index, where cut payloads have their whole size beside them."""

    def size(self, table: str, column: str) -> str:
        if (table, column) in _SIZED:
            return f"{table}.{column}_size"
        return super().size(table, column)
