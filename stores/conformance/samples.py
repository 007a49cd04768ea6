"""Records to save and compare: small ones with every field, and text that breaks weak stores."""

import time
from collections.abc import Iterator, Sequence
from typing import Any, Final

from stores.kode.records import (
    AgentInfo,
    Approval,
    AuditEntry,
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    Message,
    Record,
    RecoveredFile,
    Snapshot,
    Timeline,
    TodoItem,
    TodoSnapshot,
    ToolCallRecord,
)
from stores.kode.store import Store

__all__ = [
    "BASE_MS",
    "HOSTILE_IDS",
    "HOSTILE_TEXTS",
    "Broken",
    "BrokenAfter",
    "call_json",
    "fill",
    "held",
    "later_ms",
    "make_call",
    "make_compression",
    "make_event",
    "make_info",
    "make_messages",
    "make_snapshot",
    "make_todos",
    "make_window",
    "texts",
]

#: 1 November 2026, 00:00 UTC; samples count up from it.
BASE_MS: Final = 1_793_491_200_000
_BOOKMARK: Final = Bookmark(seq=12, timestamp=BASE_MS + 12)

#: What each text attacks -> the text. ``nul`` and ``lone surrogate`` may be declared impossible.
HOSTILE_TEXTS: Final = {
    "quotes": """'"`\\ '; DROP TABLE agents; -- %s %(x)s :x ? {} {{x}} $1""",
    "markup": "<script>alert(1)</script><!-- ]]> &amp; \x1b[31mred\x1b[0m",
    "control characters": "".join(map(chr, range(1, 32))) + "\x7f\x85\u2028\u2029\ufeff",
    "beyond the basic plane": "\U0001f469\u200d\U0001f4bb \U0010ffff \u202etxt.exe \u0301",
    "line ends": "a\r\nb\rc\nd\n\n  \t ",
    "escapes": "\\u0000 \\ud800 \\n \\\\ %00 &#0;",
    "nul": "before\x00after",
    "lone surrogate": "before\ud800after \udfff",
}

#: Ids that lead out of a store, name the store itself or are no ids at all.
HOSTILE_IDS: Final = (
    "", ".", "..", "../outside", "agt/../../outside", "agt/..", "agt/./x", "/absolute", "agt//x",
    "agt/", "agt\\..\\x", "agt\0", "agt\n", "x" * 300, "agt/" + "x" * 300,
)  # fmt: skip


class Broken(Exception):
    """The fault that a save meets half way."""


class BrokenAfter(Sequence[Any]):
    """A sequence that claims all its rows and breaks in the middle of giving them."""

    def __init__(self, rows: Sequence[Any]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows) + 1

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, int) and 0 <= index < len(self._rows):
            return self._rows[index]
        raise Broken

    def __iter__(self) -> Iterator[Any]:
        yield from self._rows
        raise Broken


def make_info(agent_id: str, **changes: Any) -> AgentInfo:
    """Return what is known of a session, every field given."""
    fields: dict[str, Any] = {
        "agent_id": agent_id,
        "template_id": "assistant",
        "created_at": "2026-11-01T00:00:00.000Z",
        "lineage": [],
        "config_version": "v2.7.0",
        "message_count": 0,
        "last_sfp_index": -1,
        "last_bookmark": _BOOKMARK,
        "metadata": {"agentId": agent_id, "metadata": {"title": "Größe 👩‍💻", "n": [1, 2.5, None]}},
    }
    return AgentInfo(**{**fields, **changes})


def make_messages(text: str, count: int = 3) -> list[Message]:
    """Return a conversation that names its text in each message; roles take turns."""
    messages = []
    for number in range(count):
        role = "assistant" if number % 2 else "user"
        content: list[dict[str, Any]] = [{"type": "text", "text": f"{text} {number}"}]
        if role == "assistant":
            call = {"type": "tool_use", "id": f"call-{number}", "name": "bash_run", "input": {}}
            content.append(call)
        metadata = {"transport": "omit", "number": number} if number == 1 else None
        messages.append(Message(role=role, content=content, metadata=metadata))
    return messages


def make_call(call_id: str, **changes: Any) -> ToolCallRecord:
    """Return a finished call with every field given; none of its values is false or zero."""
    fields: dict[str, Any] = {
        "id": call_id,
        "name": "bash_run",
        "input": {"cmd": "ls -la", "nested": {"list": [1, 2, {"x": None}]}},
        "state": "COMPLETED",
        "approval": Approval(required=False),
        "result": {"code": 1, "output": "ok"},
        "started_at": BASE_MS + 10,
        "completed_at": BASE_MS + 25,
        "duration_ms": 15,
        "created_at": BASE_MS,
        "updated_at": BASE_MS + 25,
        "audit_trail": (
            AuditEntry(state="PENDING", timestamp=BASE_MS),
            AuditEntry(state="COMPLETED", timestamp=BASE_MS + 25, note="execution complete"),
        ),
    }
    return ToolCallRecord(**{**fields, **changes})


def make_snapshot(snapshot_id: str, text: str = "snapshot", **changes: Any) -> Snapshot:
    """Return a snapshot of a short conversation."""
    fields: dict[str, Any] = {
        "id": snapshot_id,
        "messages": tuple(make_messages(text)),
        "last_sfp_index": 2,
        "last_bookmark": _BOOKMARK,
        "created_at": "2026-11-01T00:00:01.000Z",
        "metadata": {"stepCount": 4},
    }
    return Snapshot(**{**fields, **changes})


def make_event(seq: int, *, channel: str = "progress", text: str = "") -> Timeline:
    """Return one line of an event log; the event repeats the bookmark, as the SDK does."""
    bookmark = Bookmark(seq=seq, timestamp=BASE_MS + seq)
    event = {
        "channel": channel,
        "type": "text_chunk",
        "delta": text,
        "bookmark": bookmark.to_json(),
    }
    return Timeline(cursor=seq, bookmark=bookmark, event=event)


def make_todos(title: str, version: int = 2) -> TodoSnapshot:
    """Return a todo list of one line."""
    at = BASE_MS
    item = TodoItem(id="todo-1", title=title, status="in_progress", created_at=at, updated_at=at)
    return TodoSnapshot(todos=(item,), version=version, updated_at=at)


def make_window(timestamp: int, text: str = "window") -> HistoryWindow:
    """Return a history window of that time."""
    return HistoryWindow(
        id=f"window-{timestamp}",
        messages=tuple(make_messages(text)),
        events=(make_event(1), make_event(2, channel="monitor")),
        stats={"messageCount": 3, "tokenCount": 40, "eventCount": 2},
        timestamp=timestamp,
    )


def fill(store: Store, agent_id: str, *, created_at: str = "2026-11-01T00:00:00.000Z") -> None:
    """Save one session with something of everything, each text naming the session."""
    info = make_info(agent_id, message_count=3, created_at=created_at)
    # The SDK knows a session before its messages, and saves what it knows again after them.
    store.save_info(agent_id, info)
    store.save_messages(agent_id, make_messages(agent_id))
    records = [make_call(f"{agent_id}-a"), make_call(f"{agent_id}-b", created_at=BASE_MS + 1)]
    store.save_tool_call_records(agent_id, records)
    store.save_snapshot(agent_id, make_snapshot("sfp-2", agent_id))
    store.save_info(agent_id, info)
    store.save_todos(agent_id, make_todos(agent_id))
    for channel in ("progress", "control", "monitor"):
        store.append_event(agent_id, make_event(1, channel=channel, text=agent_id))
    store.save_history_window(agent_id, make_window(BASE_MS, agent_id))
    store.save_compression_record(agent_id, make_compression(BASE_MS, agent_id))
    file = RecoveredFile(path="/a/b.py", content=agent_id, mtime=BASE_MS, timestamp=BASE_MS)
    store.save_recovered_file(agent_id, file)
    media = MediaCacheRecord(
        key="0" * 64, provider=agent_id, mime_type="image/png", size_bytes=5, created_at=BASE_MS
    )
    store.save_media_cache(agent_id, [media])


def make_compression(timestamp: int, summary: str) -> CompressionRecord:
    """Return the record of a compression at that time."""
    return CompressionRecord(
        id=f"comp-{timestamp}",
        window_id=f"window-{timestamp}",
        config={"model": "m", "prompt": "p", "threshold": 5},
        summary=summary,
        ratio=0.25,
        recovered_files=["/a/b.py"],
        timestamp=timestamp,
    )


def held(store: Store, agent_id: str) -> dict[str, Any]:
    """Return all that a store holds of one session, as JSON, to compare whole sessions."""
    info, todos = store.load_info(agent_id), store.load_todos(agent_id)
    lists: dict[str, Sequence[Record]] = {
        "messages": store.load_messages(agent_id),
        "snapshots": store.list_snapshots(agent_id),
        "events": list(store.read_events(agent_id)),
        "windows": store.load_history_windows(agent_id),
        "compressions": store.load_compression_records(agent_id),
        "recovered": store.load_recovered_files(agent_id),
        "media": store.load_media_cache(agent_id),
    }
    return {
        "exists": store.exists(agent_id),
        "info": info and info.to_json(),
        "calls": [call_json(call) for call in store.load_tool_call_records(agent_id)],
        "todos": todos and todos.to_json(),
        **{name: [row.to_json() for row in rows] for name, rows in lists.items()},
    }


def call_json(call: ToolCallRecord) -> dict[str, Any]:
    """Return a call as JSON; whether it is an error is a yes or no, as in every SQL store."""
    return {**call.to_json(), "isError": bool(call.is_error)}


def texts(messages: Sequence[Message]) -> list[str]:
    """Return the text of each message's first block."""
    return [message.content[0]["text"] for message in messages]


def later_ms() -> int:
    """Return a time, ms UTC, that is later than all before for databases and for files.

    The clock that dates files moves in steps of up to 10 ms.
    """
    time.sleep(0.02)
    return time.time_ns() // 1_000_000
