"""What a query must answer, worked out in plain Python from what was saved."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import AgentInfo, Message, ToolCallRecord

__all__ = ["Saved", "expected_calls", "expected_messages", "expected_sessions"]


@dataclass(frozen=True, kw_only=True)
class Saved:
    """One session as it was saved: its messages between ``saved_ms`` and ``done_ms``."""

    info: AgentInfo
    created_ms: int
    saved_ms: int
    done_ms: int
    messages: Sequence[Message]
    calls: Sequence[ToolCallRecord]


def expected_sessions(saved: Sequence[Saved], query: SessionFilter) -> list[str]:
    """Return the ids that the query must answer, in order."""
    rows = [
        item
        for item in saved
        if _passes(query, item.info.agent_id, item.created_ms)
        and query.template_id in (None, item.info.template_id)
    ]
    keys: dict[str, Callable[[Saved], int]] = {
        "created_at": lambda item: item.created_ms,
        "message_count": lambda item: len(item.messages),
    }
    rows.sort(key=keys[query.sort_by], reverse=query.sort_order == "desc")
    return [item.info.agent_id for item in _page(rows, query)]


def expected_messages(saved: Sequence[Saved], query: MessageFilter) -> list[dict[str, Any]]:
    """Return the messages that the query must answer; the order within a session is open."""
    rows = [
        message.to_json()
        for item in sorted(saved, key=lambda item: item.saved_ms, reverse=True)
        if _passes(query, item.info.agent_id, item.saved_ms)
        for message in item.messages
        if query.role in (None, message.role)
        and (
            query.content_type is None
            or any(block["type"] == query.content_type for block in message.content)
        )
    ]
    return _page(rows, query)


def expected_calls(saved: Sequence[Saved], query: ToolCallFilter) -> list[str]:
    """Return the ids of the calls that the query must answer, newest first."""
    rows = [
        call
        for item in saved
        for call in item.calls
        if _passes(query, item.info.agent_id, call.created_at)
        and query.tool_name in (None, call.name)
        and query.state in (None, call.state)
        and query.is_error in (None, bool(call.is_error))
        and query.has_approval in (None, call.approval.required)
    ]
    rows.sort(key=lambda call: call.created_at, reverse=True)
    return [call.id for call in _page(rows, query)]


def _passes(query: Filter, agent_id: str, at_ms: int) -> bool:
    return (
        query.agent_id in (None, agent_id)
        and (query.after_ms is None or at_ms >= query.after_ms)
        and (query.before_ms is None or at_ms <= query.before_ms)
    )


def _page(rows: list[Any], query: Filter) -> list[Any]:
    end = None if query.limit is None else query.offset + query.limit
    return rows[query.offset : end]
