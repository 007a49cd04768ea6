"""Every answer of the SDK about its SQLite sample store is ours too."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from tests.stores.kode.expected import Check, checks
from tests.stores.kode.expected_queries import query_checks


@pytest.fixture(scope="module")
def store(kode_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Return the sample store, opened in a copy: the one beside the repository is read-only."""
    folder = tmp_path_factory.mktemp("sample") / "sqlite"
    shutil.copytree(kode_data / "sqlite", folder, copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with SqliteStore(folder / "agents.db", folder / "store") as opened:
        yield opened


@pytest.mark.parametrize("check", checks("sqlite"))
def test_the_sdk_answered_the_same(store: SqliteStore, check: Check) -> None:
    check(store)


@pytest.mark.parametrize("check", query_checks("sqlite"))
def test_the_sdk_found_the_same(store: SqliteStore, check: Check) -> None:
    check(store)
