"""What the tests of every kind of agent store share."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stores.agent_stores import create_extended_store
from stores.kode.store import ExtendedStore


@pytest.fixture(params=["sqlite", "json", "postgres"])
def each_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ExtendedStore]:
    """Open an empty store of each kind."""
    config: dict[str, Any] = {"type": request.param}
    if request.param == "sqlite":
        config |= {"dbPath": tmp_path / "agents.db"}
    elif request.param == "json":
        config |= {"baseDir": tmp_path}
    else:
        url = request.getfixturevalue("postgres_database")
        config |= {"connection": url, "fileStoreBaseDir": tmp_path}
    with create_extended_store(config) as opened:
        yield opened
