"""Every answer of the SDK about its PostgreSQL sample store is ours too."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.backends.postgres.agent_store import PostgresStore
from tests.servers import fresh_postgres, load_dump
from tests.stores.kode.expected import Check, checks
from tests.stores.kode.expected_queries import query_checks


@pytest.fixture(scope="module")
def store(kode_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresStore]:
    """Return the sample store, loaded from its dump, its files in a copy."""
    files = tmp_path_factory.mktemp("sample") / "store"
    shutil.copytree(kode_data / "postgres" / "store", files, copy_function=shutil.copyfile)
    for path in (files, *files.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    with fresh_postgres() as url:
        load_dump(url, kode_data / "postgres" / "agents.sql")
        with PostgresStore(url, files) as opened:
            yield opened


@pytest.mark.parametrize("check", checks("postgres"))
def test_the_sdk_answered_the_same(store: PostgresStore, check: Check) -> None:
    check(store)


@pytest.mark.parametrize("check", query_checks("postgres"))
def test_the_sdk_found_the_same(store: PostgresStore, check: Check) -> None:
    check(store)
