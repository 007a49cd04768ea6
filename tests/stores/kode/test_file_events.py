"""Event logs as crashes leave them: nothing lost, nothing glued, nothing said twice."""

import json
import os
import time
from pathlib import Path

import pytest

from stores.errors import InvalidQuery, StoreError, StoreUnavailable
from stores.kode.files import FileStore
from stores.kode.records import Bookmark, Timeline
from tests.stores.kode.logs import make_line, write_log
from tests.stores.kode.test_file_reader import listing


def _event(seq: int, **data: object) -> Timeline:
    entry: Timeline = Timeline.from_json(json.loads(make_line(seq, **data)))  # type: ignore[arg-type]
    return entry


def _seqs(store: FileStore, **options: object) -> list[int]:
    return [entry.bookmark.seq for entry in store.read_events("a", **options)]  # type: ignore[arg-type]


def _log(base: Path) -> list[int | str]:
    """Return the cursors of the log's lines; a line that is no JSON as it is."""
    found: list[int | str] = []
    for line in (base / "a/events/monitor.log").read_text("utf-8").splitlines():
        try:
            found.append(json.loads(line)["cursor"])
        except ValueError:
            found.append(line)
    return found


def _age(path: Path, seconds: float = 60) -> None:
    at = time.time() - seconds
    os.utime(path, (at, at))


def test_events_of_a_wal_come_behind_those_of_the_log_once(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2))
    write_log(tmp_path, "a", "monitor.wal", make_line(2) + make_line(3))
    before = listing(tmp_path)
    assert _seqs(FileStore(tmp_path)) == [1, 2, 3]
    assert listing(tmp_path) == before


def test_lines_that_the_sdk_doubled_stay_as_it_answers_them(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(1))
    assert _seqs(FileStore(tmp_path)) == [1, 1]


@pytest.mark.parametrize("cut", range(1, len(make_line(2))))
def test_a_torn_last_line_hides_nothing_else_wherever_it_is_torn(tmp_path: Path, cut: int) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2)[:cut])
    store = FileStore(tmp_path)
    whole = [1, 2] if cut == len(make_line(2)) - 1 else [1]
    assert _seqs(store) == whole
    store.append_event("a", _event(3))
    assert _seqs(store) == [*whole, 3]
    assert _log(tmp_path)[-1] == 3


def test_an_event_glued_to_a_torn_one_is_found(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1)[:20] + make_line(2) + make_line(3))
    assert _seqs(FileStore(tmp_path)) == [2, 3]


def test_what_is_no_event_is_left_out(tmp_path: Path) -> None:
    lines = ["{}", "[]", "5", "\n\n", '{"cursor":1,"bookmark":null,"event":{}}', "\xff", "[" * 9000]
    lines.append('{"cursor":1,"bookmark":{"seq":1,"timestamp":1},"event":5}')
    write_log(tmp_path, "a", "monitor.log", "\n".join(lines) + "\n" + make_line(9))
    store = FileStore(tmp_path)
    assert _seqs(store) == [9]
    assert _seqs(store, since=Bookmark(seq=3, timestamp=0)) == [9]


def test_a_wal_of_a_dead_process_moves_to_the_log_with_the_next_event(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2))
    wal = write_log(tmp_path, "a", "monitor.wal", make_line(2) + make_line(3))
    FileStore(tmp_path).append_event("a", _event(4))
    assert _log(tmp_path) == [1, 2, 3, 4]
    assert not wal.exists()


def test_a_young_wal_of_another_writer_is_left_alone(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.append_event("a", _event(1))
    wal = write_log(tmp_path, "a", "monitor.wal", make_line(7))
    store.append_event("a", _event(2))
    assert wal.read_text() == make_line(7)
    assert _seqs(store) == [1, 2, 7]
    _age(wal)
    store.append_event("a", _event(3))
    assert _log(tmp_path) == [1, 2, 7, 3]


def test_a_line_longer_than_a_chunk_is_one_event(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.append_event("a", _event(1, text="é" * (3 << 20)))
    store.append_event("a", _event(2))
    assert _seqs(store) == [1, 2]
    assert len(next(store.read_events("a")).event["text"]) == 3 << 20


def test_an_unknown_channel_cannot_be_asked_for(tmp_path: Path) -> None:
    with pytest.raises(InvalidQuery, match="channel"):
        FileStore(tmp_path).read_events("a", channel="../x")


def test_events_of_which_one_is_refused_are_none(tmp_path: Path) -> None:
    bad = Timeline(cursor=2, bookmark=Bookmark(seq=2, timestamp=2), event={"channel": "other"})
    with pytest.raises(StoreError):
        FileStore(tmp_path).append_events("a", [_event(1), bad])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["monitor.log", "monitor.wal"])
def test_a_link_in_place_of_a_log_is_not_written_through(tmp_path: Path, name: str) -> None:
    base, outside = tmp_path / "base", tmp_path / "outside"
    outside.write_text("kept\n")
    (base / "a/events").mkdir(parents=True)
    (base / "a/events" / name).symlink_to(outside)
    store = FileStore(base)
    if name == "monitor.log":
        with pytest.raises(StoreUnavailable):
            store.append_event("a", _event(1))
        assert _seqs(store) == []
    else:
        store.append_event("a", _event(1))
        assert _seqs(store) == [1]
    assert outside.read_text() == "kept\n"
