"""Building the sample store: repeatable, all or nothing."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from stores.sample import make_sample_store

NOW_MS = 1_795_000_000_000


def _dump(path: Path) -> list[str]:
    with closing(sqlite3.connect(path)) as db:
        return list(db.iterdump())


def _files(directory: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(directory)): path.read_bytes()
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.suffix != ".db"
    }


def test_the_same_seed_and_time_give_the_same_store(tmp_path: Path) -> None:
    one = make_sample_store(tmp_path / "one", now_ms=NOW_MS)
    two = make_sample_store(tmp_path / "two", now_ms=NOW_MS)
    other = make_sample_store(tmp_path / "other", now_ms=NOW_MS, seed=11)
    assert _dump(one) == _dump(two) != _dump(other)
    assert _files(one.parent) == _files(two.parent)


def test_an_interrupted_build_leaves_nothing(tmp_path: Path) -> None:
    def give_up(done: int, total: int) -> None:
        if done > 20:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_sample_store(tmp_path / "sample", now_ms=NOW_MS, progress=give_up)
    assert list(tmp_path.iterdir()) == []


def test_progress_ends_at_the_number_of_sessions(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    make_sample_store(
        tmp_path / "sample", now_ms=NOW_MS, progress=lambda done, total: told.append((done, total))
    )
    assert told[-1] == (80, 80)
    assert [done for done, _ in told] == sorted(done for done, _ in told)


def test_a_directory_with_something_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "agents.db").write_text("mine")
    with pytest.raises(FileExistsError, match="not empty"):
        make_sample_store(tmp_path, now_ms=NOW_MS)
    assert (tmp_path / "agents.db").read_text() == "mine"


def test_an_empty_directory_is_filled(tmp_path: Path) -> None:
    directory = tmp_path / "empty"
    directory.mkdir()
    assert make_sample_store(directory, now_ms=NOW_MS).is_file()
