"""Processes and threads that write one JSON store at once, and writers that are killed."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from stores.backends.jsondir.agent_store import JSONStore
from tests.stores.kode.many_writers import kill_while_saving, write_together


def _config(base: Path) -> dict[str, Any]:
    return {"type": "json", "baseDir": str(base)}


@pytest.fixture
def open_store(tmp_path: Path) -> Callable[[], JSONStore]:
    return lambda: JSONStore(tmp_path)


def test_two_processes_of_four_threads_lose_and_mix_nothing(
    tmp_path: Path, open_store: Callable[[], JSONStore]
) -> None:
    assert write_together(open_store, _config(tmp_path), seconds=1.5) > 8


def test_a_killed_writer_leaves_every_agent_whole(
    tmp_path: Path, open_store: Callable[[], JSONStore]
) -> None:
    kill_while_saving(open_store, _config(tmp_path), times=3, seed=1)
    with open_store() as store:
        for agent_id in store.list():
            assert store.check_consistency(agent_id).issues == ()


@pytest.mark.slow
def test_a_minute_of_two_processes_of_four_threads_loses_and_mixes_nothing(
    tmp_path: Path,
    open_store: Callable[[], JSONStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = write_together(open_store, _config(tmp_path), seconds=60)
    record_property("figure", f"JSON, 2 processes x 4 threads, 60 s: {saves} saves, none lost")


@pytest.mark.slow
def test_a_hundred_killed_writers_leave_every_agent_whole(
    tmp_path: Path,
    open_store: Callable[[], JSONStore],
    record_property: Callable[[str, object], None],
) -> None:
    saves = kill_while_saving(open_store, _config(tmp_path), times=100, seed=2)
    with open_store() as store:
        issues = [store.check_consistency(agent_id).issues for agent_id in store.list()]
    assert not any(issues)
    record_property("figure", f"JSON, 100 writers killed while saving: {saves} saves, all whole")
