"""The file half, read only: hostile ids, links, pipes and todos."""

import json
import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from stores.kode.file_reader import SessionFiles
from tests.stores.kode.logs import make_line, seqs, write_log

LONG_LOG = "agt-01M3FGZN42CSJXFZZGW278CCHM"


def listing(base: Path) -> list[tuple[str, int]]:
    """Return every path below a folder with its time of change."""
    return sorted((str(path), path.lstat().st_mtime_ns) for path in [base, *base.rglob("*")])


@pytest.mark.parametrize(
    "agent_id",
    [
        "",
        "/",
        "..",
        ".",
        "a/..",
        "../secret",
        "a/../../secret",
        "/etc",
        "a//b",
        "a/",
        "a\0b",
        "x" * 300,
        "\ud800",
        "/".join("a" * 70),
        "missing",
        "a/events/monitor.log",
    ],
)
def test_a_hostile_id_finds_nothing_and_creates_nothing(tmp_path: Path, agent_id: str) -> None:
    base = tmp_path / "base"
    write_log(base, "a", "monitor.log", make_line(1))
    write_log(tmp_path, "secret", "monitor.log", make_line(1))
    before = listing(tmp_path)
    files = SessionFiles(base)
    assert files.find(agent_id) is None
    assert files.read_events(agent_id, "monitor").events == ()
    assert files.list_events(agent_id).events == ()
    assert files.read_todos(agent_id) is None
    assert files.turn_times(agent_id, ()).at == {}
    status, at = files.live_status(agent_id, now_ms=0, message_count=2, awaiting_count=0)
    assert (status, at) == ("unknown", None)
    assert listing(tmp_path) == before


def test_nested_ids_are_nested_folders(tmp_path: Path) -> None:
    write_log(tmp_path, "a/fork-1/fork-2", "monitor.log", make_line(7))
    files = SessionFiles(tmp_path)
    assert files.find("a/fork-1/fork-2") == tmp_path / "a" / "fork-1" / "fork-2"
    assert seqs(files, "a/fork-1/fork-2") == [7]


def test_a_missing_base_is_absent_and_stays_so(tmp_path: Path) -> None:
    files = SessionFiles(tmp_path / "nowhere")
    assert not files.is_present()
    assert files.read_events("a", "control").events == ()
    assert not (tmp_path / "nowhere").exists()
    (tmp_path / "file").write_text("no folder")
    assert not SessionFiles(tmp_path / "file").is_present()


def test_a_base_that_is_a_link_is_followed(tmp_path: Path) -> None:
    write_log(tmp_path / "real", "a", "monitor.log", make_line(1))
    (tmp_path / "link").symlink_to("real")
    assert seqs(SessionFiles(tmp_path / "link")) == [1]


def link_agent(base: Path, outside: Path) -> None:
    (base / "a").symlink_to(outside / "a")


def link_events(base: Path, outside: Path) -> None:
    (base / "a").mkdir()
    (base / "a" / "events").symlink_to(outside / "a" / "events")


def link_log(base: Path, outside: Path) -> None:
    (base / "a" / "events").mkdir(parents=True)
    (base / "a" / "events" / "monitor.log").symlink_to(outside / "a" / "events" / "monitor.log")


def link_to_itself(base: Path, outside: Path) -> None:
    (base / "a").symlink_to("a")


def pipe_log(base: Path, outside: Path) -> None:
    (base / "a" / "events").mkdir(parents=True)
    os.mkfifo(base / "a" / "events" / "monitor.log")
    os.mkfifo(base / "a" / "events" / "progress.wal")


def link_device(base: Path, outside: Path) -> None:
    (base / "a" / "events").mkdir(parents=True)
    (base / "a" / "events" / "monitor.log").symlink_to("/dev/zero")


def folder_log(base: Path, outside: Path) -> None:
    (base / "a" / "events" / "monitor.log").mkdir(parents=True)


@pytest.mark.parametrize(
    "plant",
    [link_agent, link_events, link_log, link_to_itself, pipe_log, link_device, folder_log],
)
def test_links_pipes_and_folders_are_not_followed(
    tmp_path: Path, plant: Callable[[Path, Path], None]
) -> None:
    base, outside = tmp_path / "base", tmp_path / "outside"
    base.mkdir()
    write_log(outside, "a", "monitor.log", make_line(1, state="READY"))
    plant(base, outside)
    files = SessionFiles(base)
    found: list[object] = []

    def read() -> None:
        found.append(files.list_events("a").events)
        found.append(files.live_status("a", now_ms=0, message_count=1, awaiting_count=0)[0])

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    reader.join(5)
    assert found == [(), "unknown"], "reading blocked or followed"


def test_a_pipe_as_todo_list_does_not_block(tmp_path: Path) -> None:
    (tmp_path / "a" / "runtime").mkdir(parents=True)
    os.mkfifo(tmp_path / "a" / "runtime" / "todos.json")
    assert SessionFiles(tmp_path).read_todos("a") is None


def test_reading_the_sdk_store_changes_nothing(kode_data: Path, tmp_path: Path) -> None:
    base = kode_data / "sqlite" / "store"
    before = listing(base)
    files = SessionFiles(base)
    for folder in base.iterdir():
        files.list_events(folder.name)
        files.read_todos(folder.name)
        files.live_status(folder.name, now_ms=0, message_count=1, awaiting_count=0)
        files.turn_times(folder.name, ())
    assert listing(base) == before


def test_todos_are_read_with_their_times(kode_data: Path) -> None:
    expected = json.loads((kode_data / "expected.json").read_text())["sqlite"]["agents"][LONG_LOG]
    found = SessionFiles(kode_data / "sqlite" / "store").read_todos(LONG_LOG)
    assert found is not None
    assert expected["todos"]
    assert (found.version, found.problem) == (3, "")
    assert [(todo.id, todo.status) for todo in found.todos] == [
        ("t1", "completed"),
        ("t2", "completed"),
        ("t3", "in_progress"),
    ]
    assert found.todos[1].title == "Fix bug <b>#12</b>"


def test_a_todo_list_that_is_being_overwritten_is_read_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a" / "runtime" / "todos.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"todos": [{"id": ')
    whole = '{"todos": [{"id": "t", "title": "T", "status": "pending"}], "version": 2}'

    def finish(seconds: float) -> None:
        path.write_text(whole)

    monkeypatch.setattr("stores.kode.file_reader.time.sleep", finish)
    found = SessionFiles(tmp_path).read_todos("a")
    assert found is not None
    assert ([todo.id for todo in found.todos], found.problem) == (["t"], "")


@pytest.mark.parametrize(
    ("stored", "problem"),
    [
        ("{", "todos.json: not valid JSON"),
        ("", "todos.json: not valid JSON"),
        ("[]", "todos.json has the wrong shape"),
        ('{"todos": 5}', "todos.json has the wrong shape"),
        ('{"todos": [5, {"id": 7}]}', "some todos could not be read"),
    ],
)
def test_a_broken_todo_list_says_what_is_wrong(tmp_path: Path, stored: str, problem: str) -> None:
    path = tmp_path / "a" / "runtime" / "todos.json"
    path.parent.mkdir(parents=True)
    path.write_text(stored)
    found = SessionFiles(tmp_path).read_todos("a")
    assert found is not None
    assert found.problem == problem
