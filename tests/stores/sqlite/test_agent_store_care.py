"""What SqliteStore does where the SDK's store is careless, and what it says of broken data."""

import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance.samples import make_call, make_event, make_info, make_messages
from stores.errors import AgentLocked, InvalidAgentId, InvalidQuery, StoreError, StoreUnavailable
from stores.kode.filters import MessageFilter, ToolCallFilter
from stores.kode.records import Message
from stores.kode.row_values import BrokenRow


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "agents.db"


@pytest.fixture
def store(path: Path) -> Iterator[SqliteStore]:
    with SqliteStore(path) as opened:
        opened.save_info("agt-1", make_info("agt-1", message_count=3, last_sfp_index=2))
        opened.save_messages("agt-1", make_messages("hello"))
        opened.save_tool_call_records("agt-1", [make_call("call-1"), make_call("call-2")])
        opened.append_event("agt-1", make_event(1))
        yield opened


def _change(path: Path, statement: str) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute(statement)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("UPDATE messages SET content = '[oops' WHERE seq = 1", "message 1 of session agt-1"),
        ("UPDATE messages SET content = x'5bff5d' WHERE seq = 1", "message 1 of session agt-1"),
        ("UPDATE messages SET content = '{}' WHERE seq = 1", "wrong shape"),
    ],
)
def test_a_broken_message_is_named_and_hides_no_other(
    store: SqliteStore, path: Path, caplog: pytest.LogCaptureFixture, change: str, sentence: str
) -> None:
    _change(path, change)
    with pytest.raises(BrokenRow, match=sentence):
        store.load_messages("agt-1")
    with caplog.at_level(logging.WARNING):
        assert len(store.query_messages()) == 2
    assert sentence in caplog.text
    assert [issue for issue in store.check_consistency("agt-1").issues if sentence in issue]


@pytest.mark.parametrize("column", ["input", "approval", "result", "audit_trail"])
def test_a_broken_call_is_named_and_hides_no_other(
    store: SqliteStore, path: Path, column: str
) -> None:
    _change(path, f"UPDATE tool_calls SET {column} = 'oops' WHERE id = 'call-1'")
    with pytest.raises(BrokenRow, match=f"tool call call-1 cannot be read: its {column}"):
        store.load_tool_call_records("agt-1")
    assert [call.id for call in store.query_tool_calls()] == ["call-2"]
    for asked in (True, False):
        store.query_tool_calls(ToolCallFilter(has_approval=asked))
    assert store.aggregate_stats("agt-1").total_tool_calls == 2


def test_a_broken_session_is_named_and_hides_no_other(store: SqliteStore, path: Path) -> None:
    store.save_info("agt-2", make_info("agt-2"))
    _change(path, "UPDATE agents SET metadata = 'oops' WHERE agent_id = 'agt-1'")
    with pytest.raises(BrokenRow, match="session agt-1 cannot be read: its metadata"):
        store.load_info("agt-1")
    assert {row.agent_id for row in store.query_sessions()} == {"agt-1", "agt-2"}
    assert store.list() == ["agt-2", "agt-1"]
    assert "metadata" in store.check_consistency("agt-1").issues[0]


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE agents SET message_count = 'many'",
        "UPDATE agents SET template_id = x'00ff'",
        "UPDATE messages SET role = x'00ff'",
        "UPDATE tool_calls SET created_at = 'early'",
        "UPDATE tool_calls SET name = x'00ff'",
    ],
)
def test_a_column_of_the_wrong_type_is_a_broken_row(
    store: SqliteStore, path: Path, change: str
) -> None:
    _change(path, change)
    assert [issue for issue in store.check_consistency("agt-1").issues if "holds no" in issue]
    found = (store.query_sessions(), store.query_messages(), store.query_tool_calls())
    assert [] in found


def test_a_type_of_block_is_found_in_blocks_only(store: SqliteStore) -> None:
    blocks = [
        [{"type": "text", "text": '"image" {"type":"image"}'}],
        ["image", {"type": {"type": "image"}}, 7],
        [{"type": "image", "url": "x"}],
    ]
    store.save_messages("agt-1", [Message(role="user", content=content) for content in blocks])  # type: ignore[arg-type] # blocks that no SDK writes
    found = store.query_messages(MessageFilter(content_type="image"))
    assert [message.content for message in found] == [blocks[2]]


def test_rows_and_files_are_compared(store: SqliteStore, path: Path) -> None:
    assert store.check_consistency("agt-1").issues == ()
    _change(path, "DELETE FROM messages WHERE seq = 1")
    events = path.parent / "agt-1" / "events" / "progress.log"
    events.parent.mkdir(parents=True, exist_ok=True)
    with events.open("a") as log:
        log.write('{"cursor": 1, "torn\n')
    (path.parent / "agt-1" / "runtime").mkdir(exist_ok=True)
    (path.parent / "agt-1" / "runtime" / "todos.json").write_text("{")
    found = store.check_consistency("agt-1")
    assert not found.consistent
    assert list(found.issues) == [
        "The session says it has 3 messages, but 2 are stored.",
        "The positions of the messages do not run from 0 without a gap.",
        "The last safe fork point is message 2, which is not stored.",
        "The file runtime/todos.json holds no JSON.",
        "Lines of events/progress.log that hold no JSON: 1.",
    ]


def test_files_that_outlived_their_row_are_named_and_go_with_a_second_delete(
    store: SqliteStore, path: Path
) -> None:
    _change(path, "DELETE FROM agents")
    found = store.check_consistency("agt-1")
    assert found.issues == (
        "There is no session agt-1 in the database. Its folder of files is still there.",
    )
    store.delete("agt-1")
    assert not (path.parent / "agt-1").exists()


def test_delete_never_touches_the_database_or_what_lies_outside(
    store: SqliteStore, path: Path
) -> None:
    outside = path.parent.parent / "outside-agents"
    outside.mkdir()
    for agent_id in ("../outside-agents", "..", "", "agents.db", "agents.db-journal"):
        with pytest.raises(InvalidAgentId):
            store.delete(agent_id)
    assert path.is_file()
    assert outside.is_dir()
    assert store.exists("agt-1")
    outside.rmdir()


def test_copies_of_copies_and_second_copies_have_ids_of_their_own(store: SqliteStore) -> None:
    first = store.batch_fork("agt-1", 2)
    second = store.batch_fork("agt-1", 1)
    third = store.batch_fork(first[0], 1)
    ids = [
        {call.id for call in store.load_tool_call_records(agent_id)}
        for agent_id in (*first, *second, *third)
    ]
    assert ids == [
        {"call-1_fork_0", "call-2_fork_0"},
        {"call-1_fork_1", "call-2_fork_1"},
        {"call-1_fork_2", "call-2_fork_2"},
        {"call-1_fork_0_fork_0", "call-2_fork_0_fork_0"},
    ]
    info = store.load_info(third[0])
    assert info is not None
    assert info.lineage == ["agt-1", first[0]]
    assert info.metadata == make_info("agt-1").metadata


@pytest.mark.parametrize("count", [-1, True, 1.5, "2"])
def test_a_count_of_copies_is_a_whole_number(store: SqliteStore, count: int) -> None:
    with pytest.raises(InvalidQuery):
        store.batch_fork("agt-1", count)


def test_health_makes_nothing_and_sees_a_store_that_is_gone(store: SqliteStore, path: Path) -> None:
    before = sorted(item.name for item in path.parent.rglob("*"))
    assert store.health_check().healthy
    assert sorted(item.name for item in path.parent.rglob("*")) == before
    path.unlink()
    health = store.health_check()
    assert not health.healthy
    assert not health.database.connected
    assert health.database.latency_ms is None


def test_a_missing_folder_of_files_is_not_made_by_looking(path: Path) -> None:
    with SqliteStore(path, path.parent / "absent") as store:
        store.health_check()
        store.load_todos("agt-1")
        assert list(store.read_events("agt-1")) == []
        store.check_consistency("agt-1")
    assert not (path.parent / "absent").exists()


def test_locks_are_shared_by_the_objects_of_one_store(store: SqliteStore, path: Path) -> None:
    release = store.acquire_agent_lock("agt-1")
    with SqliteStore(path) as other:
        with pytest.raises(AgentLocked):
            other.acquire_agent_lock("agt-1")
        release()
        other.acquire_agent_lock("agt-1")()


def test_wal_is_kept_by_the_database(path: Path) -> None:
    SqliteStore(path, wal=True).close()
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("PRAGMA journal_mode").fetchone() == ("wal",)


def test_a_lock_that_stays_is_reported_after_its_time(
    store: SqliteStore, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stores.backends.sqlite.agent_database.BUSY_TIMEOUT_MS", 100)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreUnavailable) as caught:
            store.save_messages("agt-1", [])
        assert caught.value.reason == "locked"
        assert len(store.load_messages("agt-1")) == 3


def test_tables_of_somebody_else_are_named_so(path: Path) -> None:
    _change(path, "CREATE TABLE agents (name TEXT)")
    with pytest.raises(StoreUnavailable) as caught:
        SqliteStore(path)
    assert caught.value.reason == "foreign"
    with closing(sqlite3.connect(path)) as db:
        assert db.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)


def test_a_value_that_no_row_can_hold_is_refused_whole(store: SqliteStore) -> None:
    for change in ({"created_at": 1 << 70}, {"input": {1, 2}}, {"started_at": [1]}, {"name": 7}):
        call = make_call("call-3", **change)
        with pytest.raises(StoreError):
            store.save_tool_call_records("agt-1", [make_call("call-9"), call])
    assert {call.id for call in store.load_tool_call_records("agt-1")} == {"call-1", "call-2"}


def test_threads_share_one_store_and_wait_for_its_transactions(store: SqliteStore) -> None:
    seen = []
    with store.transaction():
        store.save_messages("agt-1", make_messages("half", 2))
        reader = threading.Thread(target=lambda: seen.append(len(store.load_messages("agt-1"))))
        reader.start()
        reader.join(0.05)
        assert reader.is_alive()
        store.save_messages("agt-1", make_messages("whole", 5))
    reader.join()
    assert seen == [5]


def test_a_refused_save_inside_a_transaction_leaves_the_rest_of_it(store: SqliteStore) -> None:
    store.save_info("agt-2", make_info("agt-2"))
    with store.transaction():
        store.save_messages("agt-1", make_messages("new", 2))
        with pytest.raises(StoreError, match="UNIQUE"):
            store.save_tool_call_records("agt-2", [make_call("call-8"), make_call("call-1")])
        with pytest.raises(StoreError, match="UNIQUE"):
            store.save_tool_call_records("agt-1", [make_call("call-8"), make_call("call-8")])
    assert len(store.load_messages("agt-1")) == 2
    assert store.load_tool_call_records("agt-2") == []
    assert {call.id for call in store.load_tool_call_records("agt-1")} == {"call-1", "call-2"}


def test_delete_never_touches_a_database_in_a_folder_of_the_base(tmp_path: Path) -> None:
    """The folder's name is no id, with forks or without."""
    path = tmp_path / "db" / "agents.db"
    path.parent.mkdir()
    with SqliteStore(path, tmp_path) as store:
        for agent_id in ("db", "db/agents.db"):
            with pytest.raises(InvalidAgentId):
                store.delete(agent_id, with_forks=True)
        assert path.is_file()
