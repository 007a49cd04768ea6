"""The file half: the SDK's names and text, and no way out of the base directory."""

import json
from pathlib import Path

import pytest

from stores.errors import StoreError
from stores.kode.files import FileStore
from stores.kode.records import (
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    RecoveredFile,
    Timeline,
    TodoItem,
    TodoSnapshot,
)


def _event(seq: int, channel: str = "monitor") -> Timeline:
    bookmark = Bookmark(seq=seq, timestamp=1000 + seq)
    event = {"channel": channel, "type": "state_changed", "bookmark": bookmark.to_json()}
    return Timeline(cursor=seq, bookmark=bookmark, event=event)


def test_events_go_to_the_log_of_their_channel(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.append_events("agt-1", [_event(1), _event(2, "progress")])
    store.append_events("agt-1", [_event(3)])
    lines = (tmp_path / "agt-1/events/monitor.log").read_text("utf-8").splitlines()
    assert [json.loads(line)["cursor"] for line in lines] == [1, 3]
    assert (tmp_path / "agt-1/events/progress.log").read_text("utf-8").endswith("}}\n")


def test_unflushed_events_stay_in_the_wal(tmp_path: Path) -> None:
    FileStore(tmp_path).append_events("agt-1", [_event(1)], is_flushed=False)
    assert [path.name for path in (tmp_path / "agt-1/events").iterdir()] == ["monitor.wal"]


def test_an_event_of_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="channel"):
        FileStore(tmp_path).append_events("agt-1", [_event(1, "../x")])


def test_todos_have_the_text_of_the_sdk(tmp_path: Path) -> None:
    item = TodoItem(id="t1", title="写", status="pending", created_at=1, updated_at=2)
    FileStore(tmp_path).save_todos("a", TodoSnapshot(todos=(item,), version=2, updated_at=2))
    assert (tmp_path / "a/runtime/todos.json").read_text("utf-8") == (
        '{\n  "todos": [\n    {\n      "id": "t1",\n      "title": "写",\n'
        '      "status": "pending",\n      "createdAt": 1,\n      "updatedAt": 2\n    }\n  ],\n'
        '  "version": 2,\n  "updatedAt": 2\n}'
    )


def test_files_of_one_compression_share_their_time(tmp_path: Path) -> None:
    store = FileStore(tmp_path)
    store.save_history_window(
        "a", HistoryWindow(id="window-7", messages=(), events=(), stats={}, timestamp=7)
    )
    store.save_compression_record(
        "a",
        CompressionRecord(
            id="comp-7",
            window_id="window-7",
            config={},
            summary="",
            ratio=0.6,
            recovered_files=["/ws/a.txt"],
            timestamp=7,
        ),
    )
    store.save_recovered_file(
        "a", RecoveredFile(path="/ws/a.txt", content="x\r\ny", mtime=12.5, timestamp=7)
    )
    history = tmp_path / "a" / "history"
    found = sorted(str(path.relative_to(history)) for path in history.rglob("*.*"))
    assert found == ["compressions/7.json", "recovered/_ws_a.txt_7.txt", "windows/7.json"]
    assert (history / found[1]).read_bytes() == (
        b"# Recovered: /ws/a.txt\n# Timestamp: 7\n# Mtime: 12.5\n\nx\r\ny"
    )
