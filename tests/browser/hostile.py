"""A store in which every text that an agent can write holds an attack."""

from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

from stores.backends.sqlite.agent_database import AgentDatabase
from stores.backends.sqlite.agent_store import SqliteStore
from stores.backends.sqlite.agent_writes import write_info, write_messages
from stores.errors import InvalidAgentId
from stores.kode.files import FileStore
from stores.kode.records import (
    AgentInfo,
    Approval,
    AuditEntry,
    Bookmark,
    Message,
    Snapshot,
    Timeline,
    TodoItem,
    TodoSnapshot,
    ToolCallRecord,
)
from tests.browser.payloads import PAYLOADS, Payload

__all__ = ["FIELDS", "GROUP_SIZE", "group_ids", "make_hostile"]

GROUP_SIZE = 30
_AT = 1_790_000_000_000
_CREATED = "2026-09-21T13:33:20.000Z"

#: What must be readable somewhere, for each payload.
FIELDS = (
    "agent", "template", "text", "reason", "tool", "key", "value", "error", "result",
    "note", "audit", "event", "todo", "snapshot", "system",
)  # fmt: skip


def make_hostile(folder: Path) -> Path:
    """Make the store: a session named by each payload, and sessions that hold many."""
    folder.mkdir()
    path = folder / "agents.db"
    with SqliteStore(path, now_ms=lambda: _AT) as store:
        with closing(AgentDatabase(path)) as rows:
            for payload in PAYLOADS:
                _save_named(rows, store.files, payload)
        for agent_id, group in group_ids():
            with store.transaction():
                _save_group(store, agent_id, group)
    return path


def group_ids() -> Iterator[tuple[str, Sequence[Payload]]]:
    """Yield the plain id of each session that holds many payloads, and which they are."""
    for start in range(0, len(PAYLOADS), GROUP_SIZE):
        yield f"agt-group-{start:02}", PAYLOADS[start : start + GROUP_SIZE]


def _info(agent_id: str, template_id: str, *, number: int, count: int, **more: Any) -> AgentInfo:
    return AgentInfo(
        agent_id=agent_id,
        template_id=template_id,
        created_at=f"2026-09-{number % 28 + 1:02}T10:00:00.000Z",
        config_version="v2.7.0",
        message_count=count,
        last_sfp_index=count - 1,
        **more,
    )


def _named_id(payload: Payload) -> str:
    return f"agt-{payload.before('agent')}"


def _save_named(rows: AgentDatabase, files: FileStore, payload: Payload) -> None:
    """Save a session whose id, template, lineage and metadata are the payload.

    The SDK writes any id into its rows; our store refuses many, so they are written below it.
    """
    agent_id = _named_id(payload)
    parent = _named_id(PAYLOADS[payload.number - 1])
    message = Message(role="user", content=[{"type": "text", "text": payload.behind("text")}])
    info = _info(
        agent_id,
        payload.behind("template"),
        number=payload.number,
        count=1,
        lineage=[parent],
        breakpoint=payload.behind("breakpoint"),
        metadata={
            "agentId": agent_id,
            "templateVersion": payload.behind("version"),
            "modelConfig": {"provider": payload.behind("provider"), "model": payload.text},
            "tools": [{"name": payload.behind("tools")}],
            "metadata": {"parentAgentId": parent},
        },
    )
    with rows.transaction():
        write_info(rows, info)
        new_id = f"msg_{_AT}_{payload.number}"
        write_messages(rows, agent_id, [message], now_ms=_AT, new_id=lambda: new_id)
    with suppress(InvalidAgentId):  # some ids are no path
        files.append_events(agent_id, [_event(payload, 0)])


def _save_group(store: SqliteStore, agent_id: str, group: Sequence[Payload]) -> None:
    messages = [message for payload in group for message in _messages(payload)]
    info = _info(agent_id, "hostile", number=1, count=len(messages), lineage=[], metadata={})
    store.save_info(info.agent_id, info)
    store.save_messages(agent_id, messages)
    store.save_tool_call_records(agent_id, [_call(payload) for payload in group])
    store.files.append_events(
        agent_id, [_event(payload, place) for place, payload in enumerate(group)]
    )
    todos = tuple(
        TodoItem(
            id=payload.text,
            title=payload.behind("todo"),
            status="pending",
            assignee=payload.text,
            notes=payload.text,
            created_at=_AT,
            updated_at=_AT,
        )
        for payload in group
    )
    store.save_todos(agent_id, TodoSnapshot(todos=todos, version=1, updated_at=_AT))
    for payload in group:
        snapshot = Snapshot(
            id=payload.before("snapshot"),
            messages=(messages[0],),
            last_sfp_index=0,
            last_bookmark=Bookmark(seq=0, timestamp=_AT),
            created_at=_CREATED,
        )
        store.save_snapshot(agent_id, snapshot)


def _messages(payload: Payload) -> Iterator[Message]:
    """Yield a turn of the user, one of the agent with a call, its result, and one of the system."""
    texts = (payload.behind("text"), f"> {payload.text}\n\n- {payload.text}\n\n# {payload.text}")
    yield Message(role="user", content=[{"type": "text", "text": text} for text in texts])
    yield Message(
        role="assistant",
        content=[
            {"type": "reasoning", "reasoning": payload.behind("reason")},
            {"type": "tool_use", "id": _call_id(payload), "name": payload.before("tool"),
             "input": _input(payload)},
            {"type": "image_url", "image_url": {"url": payload.text}},
            {"type": payload.text, "text": payload.text},
        ],
    )  # fmt: skip
    result = {payload.text: payload.behind("result"), "html": payload.text}
    yield Message(
        role="user",
        content=[{"type": "tool_result", "tool_use_id": _call_id(payload), "content": result}],
    )
    large = f"{payload.text}\n" * (12_000 // len(payload.text)) + payload.mark("large")
    yield Message(
        role="system",
        content=[
            {"type": "text", "text": payload.behind("system")},
            {"type": "text", "text": large},
        ],
    )


def _call_id(payload: Payload) -> str:
    return f"call {payload.before('id')}"


def _input(payload: Payload) -> dict[str, Any]:
    return {payload.before("key"): payload.before("value"), "command": payload.text,
            "file_path": payload.text, "url": payload.text}  # fmt: skip


def _call(payload: Payload) -> ToolCallRecord:
    """Return a call that a person denied, with an error all the same."""
    return ToolCallRecord(
        id=_call_id(payload),
        name=payload.before("tool"),
        input=_input(payload),
        state="DENIED" if payload.number % 2 else "FAILED",
        approval=Approval(
            required=True,
            decision="deny",
            decided_by=payload.text,
            decided_at=_AT + 5,
            note=payload.behind("note"),
            meta={"reason": payload.text},
        ),
        result={payload.text: payload.behind("result")},
        error=payload.behind("error"),
        is_error=True,
        started_at=_AT,
        completed_at=_AT + 9,
        duration_ms=9,
        created_at=_AT + payload.number,
        updated_at=_AT + 9,
        audit_trail=(
            AuditEntry(state="PENDING", timestamp=_AT),
            AuditEntry(state=payload.text, timestamp=_AT + 1, note=payload.behind("audit")),
        ),
    )


def _event(payload: Payload, place: int) -> Timeline:
    bookmark = Bookmark(seq=place, timestamp=_AT + place)
    event = {
        "channel": "monitor",
        "type": payload.text,
        "message": payload.before("event"),
        "bookmark": bookmark.to_json(),
    }
    return Timeline(cursor=place, bookmark=bookmark, event=event)
