"""The demo's live session: it goes on, wraps, outlives a lock, and resumes."""

import json
import sqlite3
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreUnavailable
from stores.sample.live import LIVE_AGENT_ID, LiveAgent


class StopAfter(threading.Event):
    """Says stop after so many rests, so that a test writes a known number of turns."""

    def __init__(self, rests: int) -> None:
        super().__init__()
        self.rests = rests

    def wait(self, timeout: float | None = None) -> bool:
        self.rests -= 1
        if self.rests <= 0:
            self.set()
        return self.is_set()


@pytest.fixture
def db_path(tmp_path: Path) -> Path:
    path = tmp_path / "agents.db"
    SqliteStore(path).close()
    return path


def _write(db_path: Path, turns: int, *, most_messages: int = 180) -> None:
    LiveAgent(db_path, pace=0, seed=5, most_messages=most_messages).run(StopAfter(turns))


def _rows(db_path: Path, statement: str) -> list[tuple[Any, ...]]:
    with closing(sqlite3.connect(db_path)) as db:
        return db.execute(statement).fetchall()


def _events(db_path: Path, kind: str) -> list[dict[str, Any]]:
    logs = (db_path.parent / "store" / LIVE_AGENT_ID / "events").glob("*.log")
    lines = (line for log in logs for line in log.read_text("utf-8").splitlines())
    return [event for line in lines if (event := json.loads(line)["event"])["type"] == kind]


def test_it_starts_a_session_and_keeps_writing(db_path: Path) -> None:
    _write(db_path, 6)
    messages = _rows(db_path, "SELECT seq, role FROM messages ORDER BY seq")
    assert [seq for seq, _ in messages] == list(range(len(messages)))
    assert messages[-1][1] == "assistant"
    assert len(_events(db_path, "done")) == 6
    assert _rows(db_path, "SELECT agent_id, message_count FROM agents") == [
        (LIVE_AGENT_ID, len(messages))
    ]


def test_its_calls_are_saved_with_the_results(db_path: Path) -> None:
    _write(db_path, 12)
    contents = _rows(db_path, "SELECT content FROM messages ORDER BY seq")
    blocks = [block for (text,) in contents for block in json.loads(text)]
    used = {block["id"] for block in blocks if block["type"] == "tool_use"}
    assert used
    assert used == {row[0] for row in _rows(db_path, "SELECT id FROM tool_calls")}
    assert used == {block["tool_use_id"] for block in blocks if block["type"] == "tool_result"}


def test_it_wraps_before_it_grows_long(db_path: Path) -> None:
    _write(db_path, 24, most_messages=20)
    assert _rows(db_path, "SELECT count(*) <= 24 FROM messages") == [(1,)]
    first = _rows(db_path, "SELECT role, content FROM messages WHERE seq = 0")[0]
    assert first[0] == "system"
    assert "<context-summary" in first[1]
    assert len(_events(db_path, "context_compression")) >= 2
    assert list((db_path.parent / "store" / LIVE_AGENT_ID / "history/windows").iterdir())


def test_it_goes_on_where_an_earlier_demo_stopped(db_path: Path) -> None:
    _write(db_path, 4)
    before = _rows(db_path, "SELECT content FROM messages ORDER BY seq")
    created = _rows(db_path, "SELECT created_at FROM agents")
    _write(db_path, 3)
    after = _rows(db_path, "SELECT content FROM messages ORDER BY seq")
    assert after[: len(before)] == before
    assert len(after) > len(before)
    assert _rows(db_path, "SELECT created_at FROM agents") == created
    assert [event["strategy"] for event in _events(db_path, "agent_resumed")] == ["manual"]


def test_a_database_that_is_gone_does_not_end_the_thread(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    LiveAgent(tmp_path / "absent" / "agents.db", pace=0).run(StopAfter(3))
    assert "live session: the database cannot be opened" in caplog.text


def test_a_save_that_fails_is_made_up_for_by_the_next(
    db_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    save, failures = SqliteStore.save_messages, [1, 2]

    def save_or_fail(self: SqliteStore, agent_id: str, messages: Any) -> None:
        if failures:
            failures.pop()
            raise StoreUnavailable("another process holds the database", reason="locked")
        save(self, agent_id, messages)

    monkeypatch.setattr(SqliteStore, "save_messages", save_or_fail)
    _write(db_path, 3)
    assert caplog.text.count("another process holds the database") == 2
    assert len(_rows(db_path, "SELECT seq FROM messages")) >= 6
