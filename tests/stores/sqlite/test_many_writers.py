"""Processes and threads that write one SQLite store at once, and writers that are killed."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from tests.stores.kode.many_writers import kill_while_saving, write_together


@pytest.fixture(params=[False, True], ids=["rollback", "wal"])
def config(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Any]:
    path = tmp_path / "agents.db"
    return {"type": "sqlite", "dbPath": str(path), "wal": request.param}


@pytest.fixture
def open_store(config: dict[str, Any]) -> Callable[[], SqliteStore]:
    return lambda: SqliteStore(config["dbPath"], wal=config["wal"])


def _assert_whole(config: dict[str, Any]) -> None:
    with closing(sqlite3.connect(config["dbPath"])) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        assert db.execute("PRAGMA foreign_key_check").fetchall() == []


def test_two_processes_of_four_threads_lose_and_mix_nothing(
    config: dict[str, Any], open_store: Callable[[], SqliteStore]
) -> None:
    assert write_together(open_store, config, seconds=1.5) > 8
    _assert_whole(config)


def test_a_killed_writer_leaves_every_agent_whole(
    config: dict[str, Any], open_store: Callable[[], SqliteStore]
) -> None:
    kill_while_saving(open_store, config, times=3, seed=1)
    _assert_whole(config)


@pytest.mark.slow
def test_a_minute_of_two_processes_of_four_threads_loses_and_mixes_nothing(
    config: dict[str, Any],
    open_store: Callable[[], SqliteStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = write_together(open_store, config, seconds=60)
    mode = "write-ahead log" if config["wal"] else "rollback journal"
    record_property("figure", f"2 processes x 4 threads, 60 s, {mode}: {saves} saves, none lost")
    _assert_whole(config)


@pytest.mark.slow
def test_a_hundred_killed_writers_leave_every_agent_whole(
    config: dict[str, Any],
    open_store: Callable[[], SqliteStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = kill_while_saving(open_store, config, times=100, seed=2)
    assert saves > 100
    record_property("figure", f"100 writers killed while saving: {saves} saves, all whole")
    _assert_whole(config)
