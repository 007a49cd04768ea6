"""Processes and threads that write one PostgreSQL store at once, and writers that are killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stores.backends.postgres.agent_store import PostgresStore
from tests.stores.kode.many_writers import kill_while_saving, write_together


@pytest.fixture
def config(postgres_database: str, tmp_path: Path) -> dict[str, Any]:
    files = str(tmp_path / "store")
    return {"type": "postgres", "connection": postgres_database, "fileStoreBaseDir": files}


@pytest.fixture
def open_store(config: dict[str, Any]) -> Callable[[], PostgresStore]:
    return lambda: PostgresStore(config["connection"], config["fileStoreBaseDir"])


def _assert_whole(config: dict[str, Any]) -> None:
    """Positions have no gap, calls have their agent, and nobody holds a transaction open."""
    with psycopg.connect(config["connection"]) as connection:
        gaps = connection.execute(
            "SELECT agent_id FROM messages GROUP BY agent_id HAVING max(seq) + 1 <> count(*)"
        ).fetchall()
        left = connection.execute(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'"
        ).fetchall()
    assert (gaps, left) == ([], [])


def test_two_processes_of_four_threads_lose_and_mix_nothing(
    config: dict[str, Any], open_store: Callable[[], PostgresStore]
) -> None:
    assert write_together(open_store, config, seconds=1.5) > 8
    _assert_whole(config)


def test_a_killed_writer_leaves_every_agent_whole(
    config: dict[str, Any], open_store: Callable[[], PostgresStore]
) -> None:
    kill_while_saving(open_store, config, times=3, seed=1)


@pytest.mark.slow
def test_a_minute_of_two_processes_of_four_threads_loses_and_mixes_nothing(
    config: dict[str, Any],
    open_store: Callable[[], PostgresStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = write_together(open_store, config, seconds=60)
    record_property(
        "figure", f"2 processes x 4 threads, 60 s, PostgreSQL: {saves} saves, none lost"
    )
    _assert_whole(config)


@pytest.mark.slow
def test_a_hundred_killed_writers_leave_every_agent_whole(
    config: dict[str, Any],
    open_store: Callable[[], PostgresStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = kill_while_saving(open_store, config, times=100, seed=2)
    record_property("figure", f"100 writers killed, PostgreSQL: {saves} saves, all whole")
