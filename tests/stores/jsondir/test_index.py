"""The index follows the folder, whatever is done to either of them."""

import multiprocessing
import os
import shutil
import sqlite3
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from stores.backends.jsondir.index import PROGRESS, Index
from stores.backends.jsondir.keeper import (
    IndexKeeper,
    bring_up_to_date,
    progress_text,
)
from stores.errors import StoreUnavailable
from tests.stores.jsondir.conftest import KEY, Folder, rows

TEXTS = "SELECT agent_id, content ->> '$[0].text' FROM messages ORDER BY agent_id, seq"
IDS = "SELECT agent_id FROM agents ORDER BY agent_id"


def test_what_is_added_changed_and_removed_is_followed(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    folder.add("agt-a", "one")
    folder.add("agt-b", "two", "three")
    keeper.refresh()
    assert rows(index, TEXTS) == [("agt-a", "one"), ("agt-b", "two"), ("agt-b", "three")]
    folder.say("agt-a", "one", "more")
    shutil.rmtree(folder.base / "agt-b")
    folder.add("agt-c", "new")
    keeper.refresh()
    assert rows(index, TEXTS) == [("agt-a", "one"), ("agt-a", "more"), ("agt-c", "new")]
    assert rows(index, "SELECT agent_id, message_count FROM agents ORDER BY 1") == [
        ("agt-a", 2),
        ("agt-c", 1),
    ]


def test_a_change_within_the_same_size_and_moment_is_seen(
    folder: Folder, index: Index, keeper: IndexKeeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In place, same length, same inode, and a clock that did not move: as on a coarse drive."""
    path = folder.add("agt-a", "one") / "runtime" / "messages.json"
    monkeypatch.setattr("stores.backends.jsondir.folders._UNSETTLED_NS", 1 << 62)
    keeper.refresh()
    before = path.stat()
    path.write_text(path.read_text().replace("one", "two"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    # Later the first signature, taken too soon after the file's time, no longer counts.
    monkeypatch.setattr("stores.backends.jsondir.folders._UNSETTLED_NS", 0)
    keeper.refresh()
    assert rows(index, TEXTS) == [("agt-a", "two")]


def test_one_session_is_brought_up_to_date_by_itself(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    folder.add("agt-a", "one")
    folder.add("agt-b", "two")
    keeper.refresh()
    folder.say("agt-a", "changed")
    folder.say("agt-b", "not asked for")
    keeper.refresh_session("agt-a")
    assert rows(index, TEXTS) == [("agt-a", "changed"), ("agt-b", "two")]
    shutil.rmtree(folder.base / "agt-a")
    keeper.refresh_session("agt-a")
    assert rows(index, IDS) == [("agt-b",)]


def test_no_provider_key_gets_into_the_index(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    folder.add("agt-a", "hello")
    keeper.refresh()
    files = list(index.path.parent.iterdir())
    assert index.path in files
    assert not [path for path in files if KEY.encode() in path.read_bytes()]
    assert index.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("harm", ["deleted", "emptied", "garbage", "other version", "half"])
def test_an_index_that_is_gone_or_bad_is_made_anew(
    folder: Folder, index: Index, keeper: IndexKeeper, harm: str
) -> None:
    for number in range(30):
        folder.add(f"agt-{number}", "text " * 200)
    keeper.refresh()
    if harm == "deleted":
        index.path.unlink()
    elif harm == "emptied":
        index.path.write_bytes(b"")
    elif harm == "garbage":
        index.path.write_bytes(b"not a database" * 1000)
    elif harm == "half":
        data = index.path.read_bytes()
        index.path.write_bytes(data[: len(data) // 2])
    else:
        with closing(sqlite3.connect(index.path)) as connection:
            connection.execute("PRAGMA user_version = 999")
    for _ in range(3):
        try:
            keeper.refresh()
        except StoreUnavailable as exc:
            assert exc.reason == "index"  # said once, then made anew
    assert rows(index, "SELECT count(*) FROM agents") == [(30,)]
    assert rows(index, "PRAGMA integrity_check") == [("ok",)]


def test_the_index_of_another_folder_is_not_used(
    folder: Folder, index: Index, keeper: IndexKeeper, tmp_path: Path
) -> None:
    folder.add("agt-a", "one")
    keeper.refresh()
    other = Folder(tmp_path / "elsewhere")
    other.add("agt-x", "two")
    moved = Index(other.base, index.path.parent)
    IndexKeeper("store", moved).refresh()
    assert rows(moved, IDS) == [("agt-x",)]


def test_the_store_is_never_written_to(folder: Folder, index: Index, keeper: IndexKeeper) -> None:
    folder.add("agt-a", "one")
    folder.add("agt-a/fork-1", "two")
    before = _state(folder.base)
    keeper.refresh()
    keeper.refresh_session("agt-a")
    keeper.renew()
    assert _state(folder.base) == before


def _state(base: Path) -> list[tuple[str, int, str]]:
    return [(str(path), path.stat().st_mtime_ns, _hash(path)) for path in sorted(base.rglob("*"))]


def _hash(path: Path) -> str:
    return sha256(path.read_bytes()).hexdigest() if path.is_file() else ""


def test_a_build_says_how_far_it_is(folder: Folder, index: Index, keeper: IndexKeeper) -> None:
    for number in range(50):
        folder.add(f"agt-{number:02}", "x")
    seen: list[str] = []
    with index.writing() as writer:
        assert writer is not None
        note = writer.note

        def noted(name: str, value: str) -> None:
            note(name, value)
            seen.append(f"{name} {value}")

        writer.note = noted  # type: ignore[method-assign]
        bring_up_to_date(folder.base, writer)
    assert seen[:2] == ["building 0/50", "building 1/50"]
    assert seen[-2] == "building "
    assert progress_text("4100/5000") == (
        "This folder is being indexed: 4,100 of 5,000 sessions so far."
    )
    assert "being counted" in progress_text("0/0")
    assert progress_text("") == progress_text("x/y") == ""


def test_an_index_that_another_process_has_just_made_says_that_it_is_not_whole(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    folder.add("agt-a", "x")
    statement = f"SELECT value FROM kodeweb_state WHERE name = '{PROGRESS}'"
    with index.writing():
        assert rows(index, statement) == [("0/0",)]
    keeper.refresh()
    assert rows(index, statement) == [("",)]


def test_a_build_that_was_cut_off_goes_on(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    for number in range(40):
        folder.add(f"agt-{number:02}", "x")
    with index.writing() as writer:
        assert writer is not None
        writer.note(PROGRESS, "10/40")
    keeper.refresh()
    assert rows(index, "SELECT count(*) FROM agents") == [(40,)]
    assert rows(index, f"SELECT value FROM kodeweb_state WHERE name = '{PROGRESS}'") == [("",)]


def _serve(base: Path, own: Path, rounds: int) -> None:
    keeper = IndexKeeper("store", Index(base, own))
    for _ in range(rounds):
        keeper.refresh()


def test_two_processes_keep_one_index(folder: Folder, index: Index) -> None:
    for number in range(60):
        folder.add(f"agt-{number}", "text " * 50)
    context = multiprocessing.get_context("fork")
    arguments = (folder.base, index.path.parent, 15)
    workers = [context.Process(target=_serve, args=arguments) for _ in range(3)]
    for worker in workers:
        worker.start()
    for number in range(60):
        folder.say(f"agt-{number}", "changed", str(number))
    for worker in workers:
        worker.join(60)
    assert [worker.exitcode for worker in workers] == [0, 0, 0]
    IndexKeeper("store", index).refresh()
    assert rows(index, "PRAGMA integrity_check") == [("ok",)]
    expected = [(f"agt-{number}", 2) for number in range(60)]
    found = rows(index, "SELECT agent_id, count(*) FROM messages GROUP BY agent_id")
    assert sorted(found) == sorted(expected)


def test_a_builder_that_is_killed_leaves_an_index_that_the_next_one_completes(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    """At ten moments; nothing is left that keeps the next one out."""
    for number in range(80):
        folder.add(f"agt-{number:02}", "text " * 500)
    context = multiprocessing.get_context("fork")
    for number in range(10):
        worker = context.Process(target=_serve, args=(folder.base, index.path.parent, 1))
        worker.start()
        worker.join(number / 50)
        worker.kill()
        worker.join()
    keeper.refresh()
    assert rows(index, "SELECT count(*) FROM agents") == [(80,)]
    assert rows(index, "PRAGMA integrity_check") == [("ok",)]


@pytest.mark.parametrize(
    ("harm", "reason"), [("missing", "missing"), ("file", "foreign"), ("unwritable", "index")]
)
def test_what_cannot_be_read_or_written_is_said(tmp_path: Path, harm: str, reason: str) -> None:
    base, own = tmp_path / "agents", tmp_path / "own"
    if harm == "file":
        base.write_text("x")
    if harm == "unwritable":
        base.mkdir()
        own.write_text("a file where the folder would be")
    with pytest.raises(StoreUnavailable) as caught:
        IndexKeeper("store", Index(base, own / "id")).refresh()
    assert caught.value.reason == reason
    assert str(tmp_path) not in str(caught.value)
