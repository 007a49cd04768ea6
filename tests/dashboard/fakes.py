"""A reader over lists in memory, with real keyset cursors, and makers of its records."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from stores.interface import (
    Approval,
    Count,
    Cursor,
    Facet,
    InvalidCursor,
    MessageQuery,
    MessageRow,
    Page,
    Query,
    SessionQuery,
    SessionRow,
    SessionStatus,
    StoreOverview,
    ToolCallQuery,
    ToolCallRow,
)

__all__ = ["HOSTILE", "FakeReader", "make_message", "make_session", "make_tool_call"]

NOW = 1_792_304_116_576
HOSTILE = (
    "<script>alert(1)</script>\"' onclick=x hx-get=/x {{ 7*7 }} \x00\x1b[31m\u202egpj.exe\ud800 & é"
)


def make_session(number: int = 0, **changes: Any) -> SessionRow:
    """Return a session; rising numbers are newer."""
    values: dict[str, Any] = {
        "agent_id": f"agt-{number:04}",
        "template_id": "coder",
        "created_at": NOW - 3_600_000 + number,
        "active_at": NOW - 60_000,
        "message_count": 4,
        "first_text": f"Task {number}",
        "call_count": 3,
        "failed_count": 1,
        "denied_count": 0,
        "sealed_count": 0,
        "fork_count": 0,
        "status": SessionStatus.IDLE,
    }
    return SessionRow(**{**values, **changes})


def make_message(number: int = 0, **changes: Any) -> MessageRow:
    """Return a message; rising numbers are newer."""
    values: dict[str, Any] = {
        "agent_id": "agt-0001",
        "seq": number,
        "role": "assistant",
        "block_types": ("text",),
        "preview": f"Words {number}",
        "size_bytes": 120,
        "saved_at": NOW - 3_600_000 + number,
    }
    return MessageRow(**{**values, **changes})


def make_tool_call(number: int = 0, **changes: Any) -> ToolCallRow:
    """Return a tool call; rising numbers are newer."""
    values: dict[str, Any] = {
        "id": f"call-{number:04}",
        "agent_id": "agt-0001",
        "name": "bash_run",
        "state": "COMPLETED",
        "is_error": False,
        "input_preview": '{"cmd":"ls"}',
        "result_preview": f"a-{number}.txt",
        "result_size_bytes": 73,
        "error": None,
        "created_at": NOW - 3_600_000 + number,
        "duration_ms": 1160,
        "approval": Approval(),
    }
    return ToolCallRow(**{**values, **changes})


@dataclass
class FakeReader:
    """Keep rows in the order of the default sort, and remember what was asked."""

    store_id: str = "fake"
    sessions: Sequence[SessionRow] = ()
    messages: Sequence[MessageRow] = ()
    tool_calls: Sequence[ToolCallRow] = ()
    sorts: tuple[str, ...] = ("created", "active", "messages")
    searched_to: int | str | None = None
    notices: tuple[str, ...] = ()
    total: Count | None = None
    templates: tuple[Facet, ...] = (Facet("coder", 3), Facet("writer", 1))
    tools: tuple[Facet, ...] = (Facet("bash_run", 5), Facet("fs_read", 2))
    state: StoreOverview = field(default_factory=lambda: StoreOverview(state="ok"))
    error: Exception | None = None
    asked: list[Query] = field(default_factory=list)

    def overview(self) -> StoreOverview:
        return self.state

    def session_sorts(self) -> tuple[str, ...]:
        return self.sorts

    def list_templates(self) -> tuple[Facet, ...]:
        return self.templates

    def list_tool_names(self) -> tuple[Facet, ...]:
        return self.tools

    def list_sessions(self, query: SessionQuery) -> Page[SessionRow]:
        return self._page(self.sessions, query, lambda row: (row.created_at, row.agent_id))

    def list_messages(self, query: MessageQuery) -> Page[MessageRow]:
        return self._page(self.messages, query, lambda row: (row.saved_at, row.seq))

    def list_tool_calls(self, query: ToolCallQuery) -> Page[ToolCallRow]:
        return self._page(self.tool_calls, query, lambda row: (row.created_at, row.id))

    def count_sessions(self, query: SessionQuery, *, cap: int = 1000) -> Count:
        return self.total or Count(len(self.sessions))

    def count_messages(self, query: MessageQuery, *, cap: int = 1000) -> Count:
        return self.total or Count(len(self.messages))

    def count_tool_calls(self, query: ToolCallQuery, *, cap: int = 1000) -> Count:
        return self.total or Count(len(self.tool_calls))

    def iter_sessions(self, query: SessionQuery) -> Iterator[tuple[SessionRow, ...]]:
        return self._chunks(self.sessions, query)

    def iter_messages(self, query: MessageQuery) -> Iterator[tuple[MessageRow, ...]]:
        return self._chunks(self.messages, query)

    def iter_tool_calls(self, query: ToolCallQuery) -> Iterator[tuple[ToolCallRow, ...]]:
        return self._chunks(self.tool_calls, query)

    def _chunks(self, rows: Sequence[Any], query: Query) -> Iterator[tuple[Any, ...]]:
        self.asked.append(query)
        yield tuple(rows[:2])
        if self.error is not None:
            raise self.error
        yield tuple(rows[2:])

    def _page(
        self, rows: Sequence[Any], query: Query, key: Callable[[Any], tuple[Any, ...]]
    ) -> Page[Any]:
        self.asked.append(query)
        if self.error is not None:
            raise self.error
        ordered = sorted(rows, key=key, reverse=query.sort.startswith("-"))
        keys = [key(row) for row in ordered]
        start, end = 0, query.limit
        if query.cursor is not None:
            if query.cursor.values not in keys:
                raise InvalidCursor("This page link belongs to another list or is damaged.")
            place = keys.index(query.cursor.values)
            is_next = query.cursor.direction == "next"
            start = place + 1 if is_next else max(0, place - query.limit)
            end = start + query.limit if is_next else place
        shown = ordered[start:end]
        return Page(
            tuple(shown),
            next=Cursor(query.sort, keys[end - 1]) if end < len(ordered) else None,
            previous=Cursor(query.sort, keys[start], "previous") if start else None,
            searched_to=self.searched_to,
            notices=self.notices,
        )
