"""JSONStore: what is broken is named and stops nothing, what dies half way is whole."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from stores.agent_stores import create_extended_store
from stores.backends.jsondir.agent_store import JSONStore
from stores.conformance.samples import fill, held, make_call, make_info, make_messages
from stores.errors import AgentLocked, InvalidAgentId, StoreError, StoreUnavailable
from stores.kode.agent_folders import BrokenFile
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.js_text import js_text
from tests.conftest import ROOT
from tests.stores.kode.test_file_reader import listing

BROKEN = ["", "{", "5", "null", '"x"', "[" * 20_000, '[{"role": 1}, 5, {}]', '{"data": []}']


@pytest.fixture
def store(tmp_path: Path) -> JSONStore:
    store = JSONStore(tmp_path)
    for agent_id in ("agt-1", "agt-1/fork-5", "agt-2"):
        fill(store, agent_id)
    return store


def _config(base: Path) -> dict[str, Any]:
    return {"type": "json", "baseDir": str(base)}


def test_the_factory_opens_it(tmp_path: Path) -> None:
    with create_extended_store(_config(tmp_path)) as store:
        assert isinstance(store, JSONStore)


def test_opening_and_asking_makes_nothing(tmp_path: Path) -> None:
    with JSONStore(tmp_path / "none") as store:
        assert store.list() == []
        assert store.query_sessions() == []
        assert store.query_messages() == []
        assert store.query_tool_calls() == []
        assert store.get_metrics().storage.total_agents == 0
        assert not store.health_check().healthy
        store.acquire_agent_lock("agt-1")()
    assert list(tmp_path.iterdir()) == []


def test_what_the_pool_noted_is_no_session(store: JSONStore, tmp_path: Path) -> None:
    (tmp_path / "__pool_meta__").mkdir()
    pool = {"agentId": "__pool_meta__", "templateId": "x", "createdAt": "y", "runningAgents": {}}
    (tmp_path / "__pool_meta__" / "meta.json").write_text(json.dumps(pool))
    (tmp_path / "notes.txt").write_text("stray")
    (tmp_path / "empty").mkdir()
    assert not store.exists("__pool_meta__")
    assert store.load_info("__pool_meta__") is None
    assert sorted(store.list()) == ["agt-1", "agt-1/fork-5", "agt-2"]
    assert len(store.query_sessions()) == 3


@pytest.mark.parametrize("broken", BROKEN)
@pytest.mark.parametrize(
    "name", ["meta.json", "runtime/messages.json", "runtime/tool-calls.json", "snapshots/x.json"]
)
def test_a_broken_file_is_named_and_stops_nothing_else(
    store: JSONStore, tmp_path: Path, name: str, broken: str
) -> None:
    others = {agent_id: held(store, agent_id) for agent_id in ("agt-1/fork-5", "agt-2")}
    path = tmp_path / "agt-1" / name
    path.write_text(broken)
    before = listing(tmp_path)
    if name != "meta.json" or "data" not in broken:  # without metadata it is no session
        assert "agt-1" in store.list()
        found = store.check_consistency("agt-1")
        assert not found.consistent
        assert any(name.split("/")[-1] in issue or "of session" in issue for issue in found.issues)
    assert {agent_id: held(store, agent_id) for agent_id in others} == others
    assert len(store.query_sessions()) >= 2
    assert len(store.query_messages()) >= 6
    assert len(store.query_tool_calls()) >= 4
    assert store.aggregate_stats("agt-1").total_snapshots == len(store.list_snapshots("agt-1"))
    store.get_metrics()
    assert listing(tmp_path) == before


def test_a_broken_session_is_told_from_a_missing_one(store: JSONStore, tmp_path: Path) -> None:
    for name in ("meta.json", "runtime/messages.json", "runtime/tool-calls.json"):
        (tmp_path / "agt-1" / name).write_text("{")
    assert store.exists("agt-1")
    for load in (store.load_info, store.load_messages, store.load_tool_call_records):
        with pytest.raises(BrokenFile, match="agt-1"):
            load("agt-1")
    store.delete("agt-1")
    assert not store.exists("agt-1")
    assert store.load_messages("agt-1") == []


def test_a_wal_that_can_be_parsed_is_the_newest_state(store: JSONStore, tmp_path: Path) -> None:
    rows = [message.to_json() for message in make_messages("newer", 5)]
    wal = tmp_path / "agt-1/runtime/messages.wal"
    wal.write_text(js_text({"data": rows, "timestamp": 1}))
    before = listing(tmp_path)
    assert store.load_messages("agt-1") == make_messages("newer", 5)
    info = store.load_info("agt-1")
    assert info
    assert info.message_count == 5
    assert store.check_consistency("agt-1").consistent
    assert listing(tmp_path) == before
    wal.write_text('{"data": [')
    assert len(store.load_messages("agt-1")) == 3
    assert not store.check_consistency("agt-1").consistent
    store.save_messages("agt-1", make_messages("newest", 1))
    assert not wal.exists()
    assert store.check_consistency("agt-1").consistent


def test_the_number_of_messages_follows_the_messages(store: JSONStore, tmp_path: Path) -> None:
    meta = tmp_path / "agt-1/meta.json"
    before = json.loads(meta.read_text())
    store.save_messages("agt-1", make_messages("x", 9))
    assert json.loads(meta.read_text()) == {**before, "messageCount": 9}
    store.save_messages("agt-9", make_messages("x", 2))
    assert not (tmp_path / "agt-9/meta.json").exists()
    assert not store.exists("agt-9")


def test_filters_narrow_what_is_looked_through(store: JSONStore) -> None:
    store.save_tool_call_records("agt-2", [make_call("other", state="denied", name="n")])
    assert [call.id for call in store.query_tool_calls(ToolCallFilter(state="DENIED"))] == ["other"]
    assert len(store.query_messages(MessageFilter(agent_id="agt-1/fork-5"))) == 3
    assert [row.agent_id for row in store.query_sessions(SessionFilter(agent_id="agt-2"))] == [
        "agt-2"
    ]
    for odd in ("..", "", "agt-missing", "x" * 300):
        assert store.query_sessions(SessionFilter(agent_id=odd)) == []


def test_an_info_of_another_session_is_refused(store: JSONStore, tmp_path: Path) -> None:
    before = listing(tmp_path)
    with pytest.raises(StoreError):
        store.save_info("agt-1", make_info("agt-2"))
    with pytest.raises(InvalidAgentId):
        store.save_info("agt-1/runtime", make_info("agt-1/runtime"))
    assert listing(tmp_path) == before


def test_copies_are_all_there_or_none(
    store: JSONStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = store.batch_fork("agt-1", 2)
    again = store.batch_fork("agt-1", 1)
    calls = [call.id for copy in (*ids, *again) for call in store.load_tool_call_records(copy)]
    assert len(set(calls)) == len(calls) == 6
    before = listing(tmp_path)
    saved = 0

    def full(agent_id: str, info: object) -> None:
        nonlocal saved
        saved += 1
        if saved == 2:
            raise StoreUnavailable("The disk of this store is full.", reason="full")
        real(agent_id, info)  # type: ignore[arg-type]

    real = store._agents.save_info
    monkeypatch.setattr(store._agents, "save_info", full)
    with pytest.raises(StoreUnavailable):
        store.batch_fork("agt-1", 3)
    assert [name for name, _ in listing(tmp_path)] == [name for name, _ in before]


def test_a_delete_that_died_half_way_is_finished_by_another(
    store: JSONStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.unlink

    def dying_after(lives: int) -> Callable[..., None]:
        left = iter(range(lives))

        def unlink(*args: Any, **options: Any) -> None:
            if next(left, None) is None:
                raise OSError(5, "the disk is gone")
            real(*args, **options)

        return unlink

    files = sum(path.is_file() for path in (tmp_path / "agt-1").rglob("*"))
    others = {agent_id: held(store, agent_id) for agent_id in ("agt-1/fork-5", "agt-2")}
    for lives in range(1, files):
        fill(store, "agt-1")
        monkeypatch.setattr("os.unlink", dying_after(lives))
        with suppress(StoreUnavailable):
            store.delete("agt-1")
        monkeypatch.setattr("os.unlink", real)
        assert not store.exists("agt-1")
        assert "agt-1" not in store.list()
        store.delete("agt-1")
        assert store.load_messages("agt-1") == []
        assert not store.files.has_agent_files("agt-1")
    assert {agent_id: held(store, agent_id) for agent_id in others} == others


def test_a_lock_holds_among_processes_and_ends_with_them(store: JSONStore, tmp_path: Path) -> None:
    script = (
        "import sys\n"
        "from stores.backends.jsondir.agent_store import JSONStore\n"
        "store = JSONStore(sys.argv[1])\n"
        "release = store.acquire_agent_lock('agt-1')\n"
        "print('held', flush=True)\n"
        "sys.stdin.read()\n"
    )
    before = listing(tmp_path)
    with subprocess.Popen(
        [sys.executable, "-c", script, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(AgentLocked, match="another process"):
            store.acquire_agent_lock("agt-1")
        store.acquire_agent_lock("agt-1/fork-5")()
        store.load_messages("agt-1")
        holder.kill()
    store.acquire_agent_lock("agt-1")()
    assert listing(tmp_path) == before


@pytest.mark.skipif(os.geteuid() != 0, reason="the limit on a file's size is set in a child")
def test_a_full_disk_leaves_what_was_there(store: JSONStore, tmp_path: Path) -> None:
    kept = held(store, "agt-1")
    script = (
        "import resource, signal, sys\n"
        "from stores.backends.jsondir.agent_store import JSONStore\n"
        "from stores.conformance.samples import make_messages, make_event\n"
        "from stores.errors import StoreUnavailable\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))\n"
        "store = JSONStore(sys.argv[1])\n"
        "for save in (lambda: store.save_messages('agt-1', make_messages('x', 500)),\n"
        "             lambda: store.append_event('agt-1', make_event(9, text='x' * 9000))):\n"
        "    try:\n"
        "        save()\n"
        "    except StoreUnavailable:\n"
        "        print('refused')\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "refused\nrefused\n"
    assert held(store, "agt-1") == kept
    assert not [path for path in tmp_path.rglob("*") if path.suffix in (".tmp", ".wal")]
