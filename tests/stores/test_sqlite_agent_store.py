"""The SDK's SQLite store, write half: its schema, its rows, its locks."""

import re
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreError, StoreUnavailable
from stores.kode.records import AgentInfo, Approval, Bookmark, Message, Snapshot, ToolCallRecord

NOW_MS = 1_763_000_000_000


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    rng = Random(1)  # noqa: S311 - repeatable row ids
    with SqliteStore(tmp_path / "agents.db", now_ms=lambda: NOW_MS, rng=rng) as opened:
        yield opened


def _info(agent_id: str = "agt-1", **changes: Any) -> AgentInfo:
    values: dict[str, Any] = {
        "agent_id": agent_id,
        "template_id": "ops-bot",
        "created_at": "2025-11-13T02:13:20.000Z",
        "lineage": [],
        "config_version": "v2.7.0",
        "message_count": 0,
        "last_sfp_index": -1,
        "metadata": {},
    }
    return AgentInfo(**{**values, **changes})


def _call(call_id: str = "toolu_1", **changes: Any) -> ToolCallRecord:
    values: dict[str, Any] = {
        "id": call_id,
        "name": "bash_run",
        "input": {},
        "state": "COMPLETED",
        "approval": Approval(required=False),
        "created_at": 1,
        "updated_at": 2,
    }
    return ToolCallRecord(**{**values, **changes})


def _text(text: str) -> Message:
    return Message(role="user", content=[{"type": "text", "text": text}])


def _rows(path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(path)) as db:
        return db.execute(statement).fetchall()


@pytest.fixture
def db_path(store: SqliteStore, tmp_path: Path) -> Path:
    return tmp_path / "agents.db"


def test_the_schema_is_that_of_the_sdk(db_path: Path, kode_data: Path) -> None:
    statement = "SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY rowid"
    uri = f"{(kode_data / 'sqlite' / 'agents.db').resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as sdk:
        assert _rows(db_path, statement) == sdk.execute(statement).fetchall()


def test_the_journal_and_the_files_are_those_of_the_sdk(store: SqliteStore, db_path: Path) -> None:
    assert _rows(db_path, "PRAGMA journal_mode") == [("delete",)]
    assert store.files.base_dir == db_path.parent


def test_messages_are_replaced_with_new_ids_and_dated_now(
    store: SqliteStore, db_path: Path
) -> None:
    store.save_info("agt-1", _info())
    store.save_messages("agt-1", [_text("a"), _text("b")])
    first = _rows(db_path, "SELECT id FROM messages ORDER BY seq")
    store.save_messages("agt-1", [_text("a")])
    rows = _rows(db_path, "SELECT id, role, content, seq, metadata, created_at FROM messages")
    assert rows[0][1:] == ("user", '[{"type":"text","text":"a"}]', 0, None, NOW_MS)
    assert re.fullmatch(rf"msg_{NOW_MS}_[0-9a-z]{{9}}", rows[0][0])
    assert len(rows) == 1
    assert rows[0][:1] not in first
    assert _rows(db_path, "SELECT message_count FROM agents") == [(1,)]


def test_saving_an_agent_again_keeps_its_messages(store: SqliteStore, db_path: Path) -> None:
    store.save_info("agt-1", _info())
    store.save_messages("agt-1", [_text("a")])
    store.save_info("agt-1", _info(message_count=1, last_bookmark=Bookmark(seq=4, timestamp=5)))
    assert _rows(db_path, "SELECT count(*) FROM messages") == [(1,)]
    assert _rows(db_path, "SELECT last_bookmark, breakpoint FROM agents") == [
        ('{"seq":4,"timestamp":5}', None)
    ]


def test_no_messages_of_an_unknown_agent_are_a_silent_no_op(
    store: SqliteStore, db_path: Path
) -> None:
    store.save_messages("nobody", [])
    with pytest.raises(StoreError, match="FOREIGN KEY"):
        store.save_messages("nobody", [_text("a")])
    assert _rows(db_path, "SELECT count(*) FROM messages") == [(0,)]


@pytest.mark.parametrize(
    ("result", "stored"),
    [(None, None), (0, None), ("", None), (False, None), ([], "[]"), ({}, "{}"), (1.0, "1")],
)
def test_falsy_results_become_null(
    store: SqliteStore, db_path: Path, result: Any, stored: str | None
) -> None:
    store.save_info("agt-1", _info())
    store.save_tool_call_records("agt-1", [_call(result=result, duration_ms=0, error="")])
    columns = "result, error, is_error, duration_ms, audit_trail"
    assert _rows(db_path, f"SELECT {columns} FROM tool_calls") == [(stored, None, 0, None, "[]")]


def test_a_call_id_of_another_agent_rolls_the_save_back(store: SqliteStore, db_path: Path) -> None:
    store.save_info("agt-1", _info("agt-1"))
    store.save_info("agt-2", _info("agt-2"))
    store.save_tool_call_records("agt-1", [_call("call_0")])
    store.save_tool_call_records("agt-2", [_call("call_1")])
    with pytest.raises(StoreError, match="UNIQUE"):
        store.save_tool_call_records("agt-2", [_call("call_9"), _call("call_0")])
    found = _rows(db_path, "SELECT agent_id, id FROM tool_calls ORDER BY id")
    assert found == [("agt-1", "call_0"), ("agt-2", "call_1")]


def test_a_second_snapshot_of_the_same_id_replaces_the_first(
    store: SqliteStore, db_path: Path
) -> None:
    store.save_info("agt-1", _info())
    for text in ("first", "second"):
        store.save_snapshot(
            "agt-1",
            Snapshot(
                id="sfp-0",
                messages=(_text(text),),
                last_sfp_index=0,
                last_bookmark=Bookmark(seq=-1, timestamp=9),
                created_at="2025-11-13T02:13:20.000Z",
            ),
        )
    rows = _rows(db_path, "SELECT snapshot_id, messages, metadata FROM snapshots")
    assert len(rows) == 1
    assert "second" in rows[0][1]
    assert rows[0][2] is None


def test_a_transaction_that_fails_leaves_nothing(store: SqliteStore, db_path: Path) -> None:
    with pytest.raises(RuntimeError), store.transaction():
        store.save_info("agt-1", _info())
        raise RuntimeError
    assert _rows(db_path, "SELECT count(*) FROM agents") == [(0,)]


def test_a_save_waits_for_another_writer(store: SqliteStore, db_path: Path) -> None:
    other = sqlite3.connect(db_path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    timer = threading.Timer(0.3, other.rollback)
    timer.start()
    store.save_info("agt-1", _info())
    timer.join()
    other.close()
    assert _rows(db_path, "SELECT agent_id FROM agents") == [("agt-1",)]


def test_a_file_that_is_no_database_is_named_so(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a database, just a text of some length " * 20)
    with pytest.raises(StoreUnavailable) as caught:
        SqliteStore(path)
    assert caught.value.reason == "not-sqlite"


def test_a_missing_directory_is_named_so(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable) as caught:
        SqliteStore(tmp_path / "absent" / "agents.db")
    assert caught.value.reason == "missing"
