"""Walking and deleting: forks are found and spared, links are never followed, canaries live."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.conformance.samples import make_event, make_todos
from stores.errors import InvalidAgentId, StoreError, StoreUnavailable
from stores.kode.files import FileStore
from tests.conftest import ROOT
from tests.stores.kode.test_agent_ids import HOSTILE


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """Return a store among canaries: files beside it, above it and inside it."""
    base = tmp_path / "outer" / "store"
    store = FileStore(base)
    for agent_id in ("agt-1", "agt-1/fork-5", "agt-1/fork-5/fork-6", "agt-2"):
        store.append_event(agent_id, make_event(1))
        store.save_todos(agent_id, make_todos(agent_id))
    for canary in (tmp_path / "canary", tmp_path / "outer" / "x", base / "agents.db"):
        canary.write_text(canary.name)
    (tmp_path / "outer" / "b" / "events").mkdir(parents=True)
    return base


def tree(root: Path) -> dict[str, bytes | str]:
    """Return everything below a folder: bytes of files, targets of links."""
    found: dict[str, bytes | str] = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if path.is_symlink():
            found[name] = f"link to {path.readlink()}"
        else:
            found[name] = path.read_bytes() if path.is_file() else "folder"
    return found


def test_every_agent_is_found_parents_first(base: Path) -> None:
    (base / "stray").mkdir()
    (base / "__pool_meta__").mkdir()
    (base / "__pool_meta__" / "meta.json").write_text("{}")
    (base / "link").symlink_to(base / "agt-2")
    (base / "agt-2" / "loop").symlink_to(base)
    ids = list(FileStore(base).agent_ids())
    assert ids == ["agt-1", "agt-1/fork-5", "agt-1/fork-5/fork-6", "agt-2"]


def test_a_missing_base_has_no_agents_and_stays_missing(tmp_path: Path) -> None:
    store = FileStore(tmp_path / "none")
    assert list(store.agent_ids()) == []
    assert not store.has_agent_files("a")
    assert not store.health().writable
    store.delete_agent("a")
    assert not (tmp_path / "none").exists()


def test_deleting_spares_forks_unless_asked(base: Path) -> None:
    store = FileStore(base)
    before = {name: data for name, data in tree(base).items() if "fork-5" in name or "2" in name}
    store.delete_agent("agt-1")
    assert list(store.agent_ids()) == ["agt-1/fork-5", "agt-1/fork-5/fork-6", "agt-2"]
    after = tree(base)
    assert {name: after[name] for name in before} == before
    assert not store.has_agent_files("agt-1")
    store.delete_agent("agt-1", with_forks=True)
    assert list(store.agent_ids()) == ["agt-2"]
    assert sorted(path.name for path in base.iterdir()) == ["agents.db", "agt-2"]


def test_deleting_the_last_fork_takes_the_folders_that_are_empty_then(base: Path) -> None:
    store = FileStore(base)
    for agent_id in ("agt-1", "agt-1/fork-5", "agt-1/fork-5/fork-6", "agt-2"):
        store.delete_agent(agent_id)
    assert [path.name for path in base.iterdir()] == ["agents.db"]
    store.delete_agent("agt-2")
    (base / "agents.db").unlink()
    store.save_todos("x", make_todos("x"))
    store.delete_agent("x")
    assert base.is_dir(), "the base itself stays"


@pytest.mark.parametrize("agent_id", [*HOSTILE, "agents.db", "agents.db/x"])
def test_a_hostile_id_deletes_nothing(base: Path, agent_id: str) -> None:
    root = base.parent.parent
    before = tree(root)
    if agent_id == "agents.db/x":
        FileStore(base).delete_agent(agent_id, with_forks=True)
    else:
        with pytest.raises(InvalidAgentId):
            FileStore(base).delete_agent(agent_id, with_forks=True)
    assert tree(root) == before


_ODD = ("..", ".", "", "agt-9", "x", "store", "canary", "outer", "\0", "\\", "events", "．．")
_PARTS = st.sampled_from(_ODD)


@given(parts=st.lists(_PARTS | st.text(max_size=6), max_size=6))
@settings(max_examples=300)
def test_no_id_reaches_a_canary(tmp_path_factory: pytest.TempPathFactory, parts: list[str]) -> None:
    root = tmp_path_factory.mktemp("canaries")
    base = root / "outer" / "store"
    base.mkdir(parents=True)
    for canary in (root / "canary", root / "outer" / "x", root / "outer" / "agt-9"):
        canary.write_text(canary.name)
    agent_id = "/".join(parts)
    store = FileStore(base)
    with suppress(StoreError):
        store.save_todos(agent_id, make_todos("x"))
    with suppress(StoreError):
        store.append_event(agent_id, make_event(1))
    with suppress(StoreError):
        store.delete_agent(agent_id, with_forks=True)
    left = {name: data for name, data in tree(root).items() if data != "folder"}
    assert left == {"canary": b"canary", "outer/x": b"x", "outer/agt-9": b"agt-9"}
    assert base.is_dir()


def test_a_link_is_deleted_and_what_it_points_to_is_not(base: Path) -> None:
    outside = base.parent / "b"
    (outside / "events" / "kept").write_text("kept")
    (base / "linked").symlink_to(outside)
    (base / "agt-2" / "history").symlink_to(outside)
    (base / "agt-2" / "runtime" / "up").symlink_to("..")
    store = FileStore(base)
    store.delete_agent("linked")
    store.delete_agent("agt-2", with_forks=True)
    assert not (base / "linked").is_symlink()
    assert not (base / "agt-2").exists()
    assert (outside / "events" / "kept").read_text() == "kept"


@pytest.mark.parametrize("inner", ["", "runtime", "events"])
def test_nothing_is_written_through_a_link(base: Path, inner: str) -> None:
    outside = base.parent / "b"
    link = base / "agt-9" / inner if inner else base / "agt-9"
    link.parent.mkdir(exist_ok=True)
    link.symlink_to(outside)
    before = tree(outside)
    store = FileStore(base)
    with pytest.raises(StoreUnavailable):
        store.append_event("agt-9", make_event(1))
        store.save_todos("agt-9", make_todos("x"))
    assert store.load_todos("agt-9") is None
    assert tree(outside) == before


def test_a_link_in_place_of_a_file_is_replaced_not_followed(base: Path) -> None:
    outside = base.parent / "x"
    todos = base / "agt-2" / "runtime" / "todos.json"
    todos.unlink()
    todos.symlink_to(outside)
    store = FileStore(base)
    assert store.load_todos("agt-2") is None
    store.save_todos("agt-2", make_todos("new"))
    assert store.load_todos("agt-2") == make_todos("new")
    assert outside.read_text() == "x"


def test_a_file_in_place_of_a_folder_is_a_typed_error(tmp_path: Path) -> None:
    (tmp_path / "base").write_text("a file")
    (tmp_path / "store" / "a").mkdir(parents=True)
    (tmp_path / "store" / "a" / "runtime").write_text("a file")
    for place in ("base", "store"):
        store = FileStore(tmp_path / place)
        with pytest.raises(StoreUnavailable) as refused:
            store.save_todos("a", make_todos("x"))
        assert refused.value.reason == "foreign"
        assert str(tmp_path) not in str(refused.value)
    assert store.load_todos("a") is None
    no_store = FileStore(tmp_path / "base")
    assert not no_store.health().writable
    for ask in (lambda: no_store.load_todos("a"), lambda: list(no_store.agent_ids())):
        with pytest.raises(StoreUnavailable, match="where this store has a folder"):
            ask()


def test_a_tree_of_any_depth_can_be_deleted(base: Path) -> None:
    path = base / "agt-2" / "history"
    path.mkdir()
    folder = os.open(path, os.O_RDONLY)
    for _ in range(1100):
        os.mkdir("deep", dir_fd=folder)
        inner = os.open("deep", os.O_RDONLY, dir_fd=folder)
        os.close(folder)
        folder = inner
    os.close(folder)
    FileStore(base).delete_agent("agt-2")
    assert not (base / "agt-2").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without rights")
def test_files_that_may_not_be_read_are_not_taken_for_none(base: Path) -> None:
    script = (
        "import os, sys\n"
        "from pathlib import Path\n"
        "from stores.errors import StoreUnavailable\n"
        "from stores.kode.files import FileStore\n"
        "store = FileStore(Path(sys.argv[1]))\n"
        "os.seteuid(65534)\n"
        "for ask in (lambda: store.load_todos('agt-1'), lambda: list(store.read_events('agt-2')),\n"
        "            lambda: store.delete_agent('agt-1', with_forks=True)):\n"
        "    try:\n"
        "        print(ask())\n"
        "    except StoreUnavailable as error:\n"
        "        print(error.reason)\n"
    )
    for folder in (base.parent.parent.parent, base.parent.parent, base.parent, base):
        folder.chmod(0o755)
    (base / "agt-1" / "runtime" / "todos.json").chmod(0o600)
    (base / "agt-2").chmod(0o700)
    before = tree(base)
    command = [sys.executable, "-c", script, str(base)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["permission"] * 3
    assert tree(base) == before


def test_health_leaves_nothing_behind(base: Path) -> None:
    before = tree(base)
    assert FileStore(base).health().writable
    assert tree(base) == before


def test_a_pipe_in_a_store_blocks_nobody(base: Path) -> None:
    os.mkfifo(base / "agt-9")
    os.mkfifo(base / "agt-2" / "runtime" / "media-cache.json")
    store = FileStore(base)
    assert store.load_media_cache("agt-2") == []
    assert "agt-9" not in list(store.agent_ids())
    with pytest.raises(InvalidAgentId):
        store.delete_agent("agt-9")


def test_a_folder_that_no_agent_has_stays(base: Path) -> None:
    """The base may be the folder of a program, whose ``src`` is no session."""
    file = base / "src" / "inner" / "main.txt"
    file.parent.mkdir(parents=True)
    file.write_text("mine", encoding="utf-8")
    (base / "src" / "top.txt").write_text("mine", encoding="utf-8")
    for agent_id in ("src", "src/inner"):
        FileStore(base).delete_agent(agent_id)
        FileStore(base).delete_agent(agent_id, with_forks=True)
    assert file.read_text(encoding="utf-8") == "mine"
    assert (base / "src" / "top.txt").exists()
