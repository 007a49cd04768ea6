"""Reading a JSON store while it is written, and where links and pipes are planted in it."""

import os
import threading
from pathlib import Path

import pytest

from stores.backends.jsondir.agent_store import JSONStore
from stores.conformance.samples import fill, held, make_call, make_info, make_messages
from stores.errors import InvalidAgentId, StoreError
from stores.kode.filters import MessageFilter
from tests.stores.kode.test_agent_walk import tree

ROUNDS = 60


def test_a_reader_sees_each_save_whole(tmp_path: Path) -> None:
    """Messages, calls and info are those of one save each, never half of one, never none."""
    store, stop, wrong = JSONStore(tmp_path), threading.Event(), list[str]()
    fill(store, "agt-1")

    def read() -> None:
        with JSONStore(tmp_path) as other:
            while not stop.is_set():
                try:
                    texts = {
                        block["text"].split(":")[0]
                        for message in other.load_messages("agt-1")
                        for block in message.content
                        if "text" in block
                    }
                    calls = {call.name for call in other.load_tool_call_records("agt-1")}
                    if len(texts) != 1 or len(calls) != 1 or other.list() != ["agt-1"]:
                        wrong.append(f"{texts} {calls}")
                except StoreError as error:
                    wrong.append(str(error))

    store.save_messages("agt-1", make_messages("0:", 5))
    store.save_tool_call_records("agt-1", [make_call("c", name="n0")])
    readers = [threading.Thread(target=read) for _ in range(2)]
    for reader in readers:
        reader.start()
    for number in range(ROUNDS):
        store.save_messages("agt-1", make_messages(f"{number}:", 5 + number % 3))
        calls = [make_call(f"c{place}", name=f"n{number}") for place in range(5)]
        store.save_tool_call_records("agt-1", calls)
        store.save_info("agt-1", make_info("agt-1", message_count=number))
    stop.set()
    for reader in readers:
        reader.join(30)
    assert not wrong


def test_nothing_behind_a_link_is_shown_or_touched(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    with JSONStore(outside) as other:
        fill(other, "secret")
    before = tree(outside)
    base = tmp_path / "base"
    with JSONStore(base) as store:
        fill(store, "agt-1")
        fill(store, "agt-2")
        kept = held(store, "agt-2")
        (base / "linked").symlink_to(outside / "secret")
        (base / "agt-1" / "fork-1").symlink_to(outside / "secret")
        for name in ("runtime/messages.json", "meta.json", "events", "snapshots"):
            place = base / "agt-3" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.symlink_to(outside / "secret" / name)
        os.mkfifo(base / "agt-1" / "runtime" / "messages.wal")
        assert sorted(store.list()) == ["agt-1", "agt-2"]
        for agent_id in ("linked", "agt-1/fork-1", "agt-3"):
            assert not store.exists(agent_id)
            assert store.load_messages(agent_id) == []
            assert store.list_snapshots(agent_id) == []
            assert list(store.read_events(agent_id)) == []
        assert len(store.query_messages(MessageFilter(limit=None))) == 6
        with pytest.raises(StoreError):
            store.save_messages("linked", make_messages("x", 1))
        store.save_info("agt-3", make_info("agt-3"))
        for agent_id in ("linked", "agt-1", "agt-3"):
            store.delete(agent_id, with_forks=True)
        assert held(store, "agt-2") == kept
        assert [path.name for path in base.iterdir()] == ["agt-2"]
    assert tree(outside) == before


@pytest.mark.parametrize("agent_id", ["..", "../outside", "agt-1/..", "/", "agt-1/meta.json"])
def test_a_hostile_id_touches_nothing(tmp_path: Path, agent_id: str) -> None:
    (tmp_path / "outside").write_text("canary")
    with JSONStore(tmp_path / "base") as store:
        fill(store, "agt-1")
        before = tree(tmp_path)
        with pytest.raises(InvalidAgentId):
            store.delete(agent_id, with_forks=True)
        with pytest.raises(InvalidAgentId):
            store.batch_fork(agent_id, 1)
        with pytest.raises(InvalidAgentId):
            store.acquire_agent_lock(agent_id)
    assert tree(tmp_path) == before


def test_no_file_stays_open(tmp_path: Path) -> None:
    open_files = Path("/proc/self/fd")
    if not open_files.is_dir():
        pytest.skip("this system does not list the open files of a process")
    store = JSONStore(tmp_path)
    fill(store, "agt-1")
    before = len(list(open_files.iterdir()))
    for _ in range(3):
        fill(store, "agt-1")
        held(store, "agt-1")
        store.query_messages()
        store.acquire_agent_lock("agt-1")()
        store.delete(store.batch_fork("agt-1", 1)[0])
        next(iter(store.read_events("agt-1")))
        with pytest.raises(InvalidAgentId):
            store.load_info("..")
    assert len(list(open_files.iterdir())) == before
