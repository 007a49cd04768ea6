"""Filters of the tool-call list."""

from dashboard.filters._base import Group, StoreFilterSet
from dashboard.filters._fields import (
    Choice,
    DurationFilter,
    FlagFilter,
    ListFilter,
    TextFilter,
    TimeFilter,
)
from dashboard.outcomes import CALL_STATES
from stores.interface import TOOL_CALL_STATES, ToolCallQuery

__all__ = ["ToolCallFilter"]

_STATES = tuple(
    Choice(state, CALL_STATES[state].word, CALL_STATES[state].icon, CALL_STATES[state].tone)
    for state in TOOL_CALL_STATES
)
_APPROVAL = (
    Choice("asked", "Asked", "help"),
    Choice("pending", "No decision yet", "awaiting", "awaiting"),
    Choice("allow", "Allowed", "completed", "completed"),
    Choice("deny", "Denied", "denied", "denied"),
)
_DECIDERS = (
    Choice("api", "A person, by the API"),
    Choice("policy", "A policy"),
    Choice("hook", "A hook"),
)


class ToolCallFilter(StoreFilterSet[ToolCallQuery]):
    """Tool calls by outcome, tool, session, time and text."""

    base = ToolCallQuery()
    sorts = ("created", "name", "state", "session")
    groups = (
        Group("Text", ("text",), is_open=True),
        Group("State", ("state",), is_open=True),
        Group("Tool", ("tool",), is_open=True),
        Group("Error", ("error",)),
        Group("Approval", ("approval",)),
        Group("Decided by", ("by",)),
        Group("Template", ("template",)),
        Group("Created", ("from", "to"), is_open=True),
        Group("Duration", ("min_duration",), is_open=True),
        Group("Session", ("session",), is_open=True),
    )

    text = TextFilter("text", "Text in input, result or error")
    state = ListFilter("state", "State", choices=_STATES)
    tool = ListFilter("name", "Tool")
    error = FlagFilter("is_error", "Ended with an error")
    approval = ListFilter("approval", "Approval", choices=_APPROVAL)
    by = ListFilter("decided_by", "Decided by", choices=_DECIDERS)
    template = ListFilter("template", "Template")
    from_ = TimeFilter("created_from", "From, UTC")
    to_ = TimeFilter("created_to", "To, UTC", is_end=True)
    min_duration = DurationFilter("min_duration_ms", "At least")
    session = TextFilter("agent_id", "Whole session id")
