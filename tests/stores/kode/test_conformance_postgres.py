"""The conformance suite over ``PostgresStore`` on a real server."""

from pathlib import Path
from typing import ClassVar

import pytest

from stores.backends.postgres.agent_store import PostgresStore
from stores.conformance import ExtendedStoreContract


class TestPostgresStore(ExtendedStoreContract):
    """A database of its own, its files in a folder."""

    cannot_hold: ClassVar = {
        "nul": "JSONB has no U+0000",
        "lone surrogate": "JSONB has no halves of surrogate pairs",
    }

    @pytest.fixture
    def place(self, tmp_path: Path, postgres_database: str) -> tuple[str, Path]:
        return postgres_database, tmp_path / "store"

    def open_store(self, place: tuple[str, Path]) -> PostgresStore:
        return PostgresStore(*place)
