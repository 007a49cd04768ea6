"""A reader of one session in memory, for the pages of a session, a call and a block."""

import json
from dataclasses import dataclass, field, replace
from typing import Any

from stores.browse.blocks import block_content
from stores.interface import (
    BlockContent,
    EventPage,
    EventPosition,
    MessageNotFound,
    SessionDetail,
    SessionNotFound,
    TodoList,
    ToolCall,
    ToolCallNotFound,
    ToolCallRow,
    Transcript,
)
from tests.dashboard.fakes import FakeReader, make_session
from tests.dashboard.render.makers import SESSION, make_turns

__all__ = ["SessionReader", "failure"]


def failure(call_id: str, at: int, state: str = "FAILED") -> ToolCallRow:
    """Return a failed call as the transcript lists it."""
    return ToolCallRow(
        id=call_id,
        agent_id=SESSION,
        name="fs_read",
        state=state,
        is_error=True,
        input_preview="{}",
        result_preview="",
        result_size_bytes=None,
        error="boom",
        created_at=at,
        duration_ms=None,
    )


@dataclass
class SessionReader(FakeReader):
    """Keep the messages of one session and its calls."""

    content: tuple[tuple[str, Any], ...] = ()
    calls: tuple[ToolCall, ...] = ()
    failures: tuple[ToolCallRow, ...] = ()
    detail: SessionDetail = field(
        default_factory=lambda: SessionDetail(
            make_session(1, agent_id=SESSION), (), (), (), (("Model", "a-model"),)
        )
    )
    events: EventPage = field(default_factory=EventPage)
    todos: TodoList | None = None
    asked_after: EventPosition | None = None

    def get_session(self, agent_id: str, *, whole: bool = False) -> SessionDetail:
        if agent_id != self.detail.row.agent_id:
            raise SessionNotFound("This store has no session with this id.")
        return replace(self.detail, failures=self.failures)

    def get_transcript(
        self,
        agent_id: str,
        *,
        around: int | None = None,
        start: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        self.get_session(agent_id)
        turns = make_turns(*self.content, calls=self.calls)
        last = len(turns) - 1
        begin = max(0, min(around - limit // 2, last - limit + 1)) if around is not None else 0
        begin = min(start, last) if start is not None else begin
        shown = turns[begin : begin + limit]
        return Transcript(
            shown,
            len(turns),
            shown[0].seq if shown else None,
            shown[-1].seq if shown else None,
            max(0, begin - limit) if begin else None,
            begin + limit if begin + limit <= last else None,
        )

    def find_call_seq(self, agent_id: str, call_id: str) -> int | None:
        for turn in make_turns(*self.content):
            if any(block.get("id") == call_id for block in turn.blocks):
                return turn.seq
        return None

    def get_tool_call(self, call_id: str) -> ToolCall:
        found = next((call for call in self.calls if call.id == call_id), None)
        if found is None:
            raise ToolCallNotFound("This store has no tool call with this id.")
        return found

    def get_tool_call_text(self, call_id: str, part: str) -> str:
        call = self.get_tool_call(call_id)
        texts = {"input": call.input_text, "result": call.result_text, "error": call.error}
        if part not in texts:
            raise ToolCallNotFound("A tool call has an input, a result and an error.")
        return texts[part] or ""

    def get_message_text(self, agent_id: str, seq: int) -> str:
        if seq >= len(self.content):
            raise MessageNotFound(f"This session has no message #{seq}.")
        stored = self.content[seq][1]
        return stored if isinstance(stored, str) else json.dumps(stored)

    def get_block(self, agent_id: str, seq: int, index: int) -> BlockContent:
        found = block_content(self.get_message_text(agent_id, seq), index)
        if found is None:
            raise MessageNotFound(f"Message #{seq} has no block {index}.")
        return found

    def list_events(
        self, agent_id: str, *, after: EventPosition | None = None, limit: int = 200
    ) -> EventPage:
        self.asked_after = after
        return self.events

    def get_todos(self, agent_id: str) -> TodoList | None:
        return self.todos

    def change(self, **changes: Any) -> None:
        """Change the detail of the session."""
        self.detail = replace(self.detail, **changes)
