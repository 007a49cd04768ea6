"""The conformance suite over ``SqliteStore``, on a rollback journal and on a write-ahead log."""

from pathlib import Path

from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance import ExtendedStoreContract


class TestSqliteStore(ExtendedStoreContract):
    """A file of its own, its files beside it."""

    def open_store(self, place: Path) -> SqliteStore:
        return SqliteStore(place / "agents.db")


class TestSqliteStoreInWalMode(ExtendedStoreContract):
    """The same with ``wal=True``, files in another folder."""

    def open_store(self, place: Path) -> SqliteStore:
        return SqliteStore(place / "agents.db", place / "store", wal=True)
