"""What Python writes is the SDK's layout to the byte, whatever text agents put into it."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.backends.jsondir.agent_store import JSONStore
from stores.conformance.samples import (
    HOSTILE_TEXTS,
    fill,
    held,
    make_call,
    make_event,
    make_info,
    make_snapshot,
)
from stores.kode.records import Message, RecoveredFile
from tests.stores.jsondir.byte_reader import read_agent, tree

AGENT = "agt-1/fork-5"

_TEXT = st.text(st.characters(exclude_categories=()), max_size=12) | st.sampled_from(
    list(HOSTILE_TEXTS.values())
)
# Numbers that Python and JavaScript spell alike; test_js_text.py has the others.
_NUMBER = st.integers(-(2**53), 2**53) | st.floats(-1e15, 1e15).filter(
    lambda number: abs(number) >= 1e-4 and number != int(number)
)
_JSON = st.recursive(
    st.none() | st.booleans() | _NUMBER | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=5,
)


def plain(value: Any) -> Any:
    """Return JSON with tuples as lists, and split surrogate pairs joined as UTF-8 joins them."""
    if isinstance(value, str):
        return value.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def test_every_file_lies_where_the_sdk_has_it(tmp_path: Path) -> None:
    with JSONStore(tmp_path) as store:
        fill(store, AGENT)
        store.save_snapshot(AGENT, make_snapshot("before:extra"))
        kept = held(store, AGENT)
        snapshots = store.list_snapshots(AGENT)
    names = {name.removeprefix(f"{AGENT}/") for name in tree(tmp_path)}
    assert {
        "meta.json",
        "runtime/messages.json",
        "runtime/tool-calls.json",
        "runtime/todos.json",
        "runtime/media-cache.json",
        "events/progress.log",
        "snapshots/before:extra.json",
    } <= names
    assert not [name for name in names if name.endswith((".wal", ".tmp"))]
    read = read_agent(tmp_path, AGENT)
    assert read["info"]["agentId"] == AGENT
    assert len(read["messages"]) == len(kept["messages"])
    assert len(read["events"]) == len(kept["events"])
    assert sorted(read["snapshots"]) == sorted(snapshot.id for snapshot in snapshots)


def test_what_the_sdk_wrote_is_written_back_to_the_byte(kode_data: Path, tmp_path: Path) -> None:
    base = kode_data / "json-store"
    with JSONStore(base) as source, JSONStore(tmp_path) as target:
        for agent_id in source.list():
            info = source.load_info(agent_id)
            assert info
            target.save_info(agent_id, info)
            target.save_messages(agent_id, source.load_messages(agent_id))
            target.save_tool_call_records(agent_id, source.load_tool_call_records(agent_id))
            for snapshot in source.list_snapshots(agent_id):
                target.save_snapshot(agent_id, snapshot)
            for window in source.load_history_windows(agent_id):
                target.save_history_window(agent_id, window)
            for record in source.load_compression_records(agent_id):
                target.save_compression_record(agent_id, record)
            todos = source.load_todos(agent_id)
            if todos:
                target.save_todos(agent_id, todos)
            target.append_events(agent_id, source.read_events(agent_id))
    compared = 0
    for name in tree(tmp_path):
        copy = (tmp_path / name).read_bytes()
        if copy == b"[]":  # the SDK writes no file for no calls
            continue
        original = (base / name).read_bytes()
        if name.endswith("tool-calls.json"):  # keys come in the order in which a call got them
            assert json.loads(copy) == json.loads(original), name
            assert sorted(copy.replace(b",\n", b"\n").split()) == sorted(
                original.replace(b",\n", b"\n").split()
            ), name
        else:
            assert copy == original, name
        compared += 1
    assert compared > 60


@given(texts=st.lists(_TEXT, min_size=1, max_size=3), value=_JSON, call_id=_TEXT)
@settings(max_examples=60)
def test_hostile_text_comes_back_and_another_reader_agrees(
    tmp_path_factory: pytest.TempPathFactory, texts: list[str], value: Any, call_id: str
) -> None:
    base = tmp_path_factory.mktemp("store")
    messages = [Message(role="user", content=[{"type": "text", "text": text}]) for text in texts]
    messages.append(Message(role="assistant", content=[{"type": "x", "v": value}], extra={"n": 1}))
    call = replace(make_call("c"), id=call_id, input=value, result={"r": value}, error=texts[0])
    info = make_info(AGENT, metadata={"metadata": {"note": texts, "v": value}})
    event = replace(make_event(3), extra={"v": value, "t": texts[0]})
    with JSONStore(base) as store:
        store.save_info(AGENT, info)
        store.save_messages(AGENT, messages)
        store.save_tool_call_records(AGENT, [call])
        store.append_event(AGENT, event)
        loaded = store.load_info(AGENT)
        assert loaded
        assert plain(loaded.to_json()["metadata"]) == plain(info.to_json()["metadata"])
        shapes = [plain(message.to_json()) for message in messages]
        assert [plain(row.to_json()) for row in store.load_messages(AGENT)] == shapes
        calls = [plain(row.to_json()) for row in store.load_tool_call_records(AGENT)]
        assert calls == [plain(call.to_json())]
        events = [plain(row.to_json()) for row in store.read_events(AGENT)]
        assert events == [plain(event.to_json())]
    read = plain(read_agent(base, AGENT))
    assert (read["messages"], read["calls"], read["events"]) == (shapes, calls, events)


@given(snapshot_id=st.text(st.characters(exclude_categories=()), max_size=30) | _TEXT)
@settings(max_examples=150)
def test_a_snapshot_of_any_id_comes_back_and_stays_inside(
    tmp_path_factory: pytest.TempPathFactory, snapshot_id: str
) -> None:
    root = tmp_path_factory.mktemp("root")
    with JSONStore(root / "store") as store:
        store.save_info(AGENT, make_info(AGENT))
        meta = (root / "store" / AGENT / "meta.json").read_bytes()
        snapshot = replace(make_snapshot("x"), id=snapshot_id)
        store.save_snapshot(AGENT, snapshot)
        found = store.load_snapshot(AGENT, snapshot_id)
        assert found
        assert plain(found.id) == plain(snapshot_id)
        assert len(store.list_snapshots(AGENT)) == 1
    outside = [name for name in tree(root) if "/snapshots/" not in name]
    assert outside == [f"store/{AGENT}/meta.json"]
    assert (root / "store" / AGENT / "meta.json").read_bytes() == meta


@given(path=_TEXT.filter(bool), content=_TEXT)
@settings(max_examples=80)
def test_a_recovered_file_of_any_text_comes_back(
    tmp_path_factory: pytest.TempPathFactory, path: str, content: str
) -> None:
    with JSONStore(tmp_path_factory.mktemp("store")) as store:
        file = RecoveredFile(path=path, content=content, mtime=4.25, timestamp=9)
        store.save_recovered_file(AGENT, file)
        (found,) = store.load_recovered_files(AGENT)
    lost = "\ud800-\udfff"
    assert [len(found.path), found.mtime] == [len(plain(path)), 4]
    if not any("\ud800" <= letter <= "\udfff" for letter in path + content):
        assert (found.path, found.content) == (path, content), lost
