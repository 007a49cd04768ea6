"""The face of a store that people browse: bounded, read-only, one page at a time."""

from collections.abc import Iterator
from typing import Protocol

from stores.browse.queries import Count, MessageQuery, Page, SessionQuery, ToolCallQuery
from stores.browse.records import (
    BlockContent,
    MessageRow,
    SessionDetail,
    SessionRow,
    ToolCall,
    ToolCallRow,
    Transcript,
)
from stores.browse.store_records import Facet, StoreOverview
from stores.kode.event_log import EventPage, EventPosition
from stores.kode.todos import TodoList

__all__ = ["Reader"]


class Reader(Protocol):
    """Read one store. Every method may raise StoreUnavailable.

    No statement outlives its time limit and no cursor stays open between calls, so that a
    running agent is never kept waiting.
    """

    store_id: str

    def overview(self) -> StoreOverview:
        """Return the state of the store; never raises, a failure is a state."""
        ...

    def list_sessions(self, query: SessionQuery) -> Page[SessionRow]:
        """Return one page of sessions. Raises InvalidQuery for an unknown sort or filter."""
        ...

    def list_messages(self, query: MessageQuery) -> Page[MessageRow]:
        """Return one page of messages, without their payloads."""
        ...

    def list_tool_calls(self, query: ToolCallQuery) -> Page[ToolCallRow]:
        """Return one page of tool calls, without their payloads."""
        ...

    def count_sessions(self, query: SessionQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        ...

    def count_messages(self, query: MessageQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        ...

    def count_tool_calls(self, query: ToolCallQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        ...

    def session_sorts(self) -> tuple[str, ...]:
        """Return the sort keys that are cheap on this store now, without direction."""
        ...

    def iter_sessions(self, query: SessionQuery) -> Iterator[tuple[SessionRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read (for exports)."""
        ...

    def iter_messages(self, query: MessageQuery) -> Iterator[tuple[MessageRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read (for exports)."""
        ...

    def iter_tool_calls(self, query: ToolCallQuery) -> Iterator[tuple[ToolCallRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read (for exports)."""
        ...

    def get_session(self, agent_id: str, *, whole: bool = False) -> SessionDetail:
        """Return one session; metadata, snapshot sizes and all relations only when ``whole``.

        Raises:
            SessionNotFound: no session has this ``agent_id``.
        """
        ...

    def get_transcript(
        self,
        agent_id: str,
        *,
        around: int | None = None,
        start: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        """Return a window of turns: around a seq, from a seq on, or from the beginning.

        Raises:
            SessionNotFound: no session has this ``agent_id``.
        """
        ...

    def find_call_seq(self, agent_id: str, call_id: str) -> int | None:
        """Return the seq of the message that holds the tool_use block of a call, if any."""
        ...

    def list_events(
        self, agent_id: str, *, after: EventPosition | None = None, limit: int = 200
    ) -> EventPage:
        """Return a page of the session's events, oldest first; empty without the file half."""
        ...

    def get_todos(self, agent_id: str) -> TodoList | None:
        """Return the session's todo list as it is now, None when it has none."""
        ...

    def get_tool_call(self, call_id: str) -> ToolCall:
        """Return one call in full, texts cut at the reader's limit. Raises ToolCallNotFound."""
        ...

    def get_tool_call_text(self, call_id: str, part: str) -> str:
        """Return ``input``, ``result`` or ``error`` of a call whole, as stored."""
        ...

    def get_block(self, agent_id: str, seq: int, index: int) -> BlockContent:
        """Return the whole payload of one block. Raises MessageNotFound."""
        ...

    def get_message_text(self, agent_id: str, seq: int) -> str:
        """Return the stored content of one message, whole. Raises MessageNotFound."""
        ...

    def list_templates(self) -> tuple[Facet, ...]:
        """Return the templates of the store, most sessions first, counts capped."""
        ...

    def list_tool_names(self) -> tuple[Facet, ...]:
        """Return the tool names of the store, most calls first, counts capped."""
        ...
