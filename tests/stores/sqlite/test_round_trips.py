"""What goes into a SQLite store comes out of it, however hostile, by any way of reading it."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance.samples import make_info
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from tests.stores.kode.strategies import as_stored, calls, infos, messages, snapshots

AGENT = "agt-1"
# Ids of rows are texts that the column holds as they are.
IDS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("round")


@pytest.fixture(scope="module")
def store(folder: Path) -> Iterator[SqliteStore]:
    with SqliteStore(folder / "agents.db") as opened:
        opened.save_info(AGENT, make_info(AGENT))
        yield opened


def _plain(folder: Path, statement: str) -> list[dict[str, Any]]:
    """Read as the spec says, with nothing of ours."""
    with closing(sqlite3.connect(folder / "agents.db")) as db:
        db.row_factory = sqlite3.Row
        return [dict(row) for row in db.execute(statement)]


@settings(max_examples=80, deadline=None)
@given(found=st.lists(messages(), max_size=4))
def test_messages(store: SqliteStore, folder: Path, found: list[Message]) -> None:
    store.save_messages(AGENT, found)
    expected = [as_stored(message) for message in found]
    assert [message.to_json() for message in store.load_messages(AGENT)] == expected
    rows = _plain(folder, "SELECT * FROM messages ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(len(found)))
    for row, shape in zip(rows, expected, strict=True):
        assert json.loads(row["content"]) == shape["content"]
        assert (json.loads(row["metadata"]) if row["metadata"] else None) == shape.get("metadata")
    assert _plain(folder, "SELECT message_count FROM agents") == [{"message_count": len(found)}]


@settings(max_examples=80, deadline=None)
@given(found=st.lists(calls(IDS), max_size=3, unique_by=lambda call: call.id))
def test_tool_calls(store: SqliteStore, folder: Path, found: list[ToolCallRecord]) -> None:
    store.save_tool_call_records(AGENT, found)
    expected = sorted((as_stored(call) for call in found), key=lambda shape: shape["createdAt"])
    assert [call.to_json() for call in store.load_tool_call_records(AGENT)] == expected
    rows = _plain(folder, "SELECT * FROM tool_calls ORDER BY created_at, rowid")
    for row, shape in zip(rows, expected, strict=True):
        assert row["id"] == shape["id"]
        assert row["error"] == shape.get("error")
        assert row["is_error"] == int(shape["isError"])
        assert row["duration_ms"] == shape.get("durationMs")
        for column, key in (("input", "input"), ("approval", "approval")):
            assert json.loads(row[column]) == shape.get(key)
        assert (json.loads(row["result"]) if row["result"] else None) == shape.get("result")


@settings(max_examples=60, deadline=None)
@given(info=infos("agt-2"))
def test_what_is_known_of_a_session(store: SqliteStore, info: AgentInfo) -> None:
    store.save_info("agt-2", info)
    found = store.load_info("agt-2")
    assert found is not None
    assert found.to_json() == as_stored(info)
    store.delete("agt-2")


@settings(max_examples=60, deadline=None)
@given(snapshot=snapshots())
def test_snapshots(store: SqliteStore, snapshot: Snapshot) -> None:
    store.save_snapshot(AGENT, snapshot)
    found = store.load_snapshot(AGENT, snapshot.id)
    assert found is not None
    assert found.to_json() == as_stored(snapshot)
    assert store.list_snapshots(AGENT) == [found]


def test_rows_that_python_writes_again_are_those_of_the_sdk_to_the_byte(
    kode_data: Path, tmp_path: Path
) -> None:
    """Every agent of the sample store is read and saved anew; only ids and save times differ."""
    source = tmp_path / "source.db"
    source.write_bytes((kode_data / "sqlite" / "agents.db").read_bytes())
    copy = tmp_path / "copy.db"
    with SqliteStore(source) as sdk, SqliteStore(copy) as ours:
        for agent_id in reversed(sdk.list()):
            info = sdk.load_info(agent_id)
            assert info is not None
            ours.save_info(agent_id, info)
            ours.save_messages(agent_id, sdk.load_messages(agent_id))
            ours.save_tool_call_records(agent_id, sdk.load_tool_call_records(agent_id))
            for snapshot in sdk.list_snapshots(agent_id):
                ours.save_snapshot(agent_id, snapshot)
    for statement in (
        "SELECT * FROM agents ORDER BY agent_id",
        "SELECT agent_id, role, content, seq, metadata FROM messages ORDER BY agent_id, seq",
        "SELECT * FROM tool_calls ORDER BY id",
        "SELECT * FROM snapshots ORDER BY agent_id, snapshot_id",
    ):
        with closing(sqlite3.connect(source)) as first, closing(sqlite3.connect(copy)) as second:
            rows = first.execute(statement).fetchall()
            assert rows
            assert second.execute(statement).fetchall() == rows
