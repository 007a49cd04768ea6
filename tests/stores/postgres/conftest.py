"""PostgreSQL stores to test with: the SDK's sample, and empty ones."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.backends.postgres.agent_store import PostgresStore


@pytest.fixture
def store(postgres_database: str, tmp_path: Path) -> Iterator[PostgresStore]:
    """Return an empty store on a real server."""
    with PostgresStore(postgres_database, tmp_path / "store") as opened:
        yield opened
