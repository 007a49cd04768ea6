"""Filters of the message list."""

from dashboard.filters._base import Group, StoreFilterSet
from dashboard.filters._fields import Choice, ListFilter, TextFilter, TimeFilter
from stores.interface import BLOCK_TYPES, MessageQuery

__all__ = ["MessageFilter"]

_ROLES = (
    Choice("user", "User", "user"),
    Choice("assistant", "Assistant", "agents"),
    Choice("system", "System", "settings"),
)
_ICONS = {
    "text": "sessions",
    "reasoning": "think",
    "tool_use": "tools",
    "tool_result": "return",
    "image": "image",
    "image_url": "image",
}
_TYPES = tuple(
    Choice(name, name.replace("_", " ").capitalize(), _ICONS.get(name, "file"))
    for name in BLOCK_TYPES
)


class MessageFilter(StoreFilterSet[MessageQuery]):
    """Messages by session, role, content and the time their session was last saved."""

    base = MessageQuery()
    sorts = ("saved", "session")
    groups = (
        Group("Text", ("text",), is_open=True),
        Group("Role", ("role",), is_open=True),
        Group("Content", ("type",), is_open=True),
        Group("Session saved", ("from", "to"), is_open=True),
        Group("Session", ("session",), is_open=True),
    )

    text = TextFilter("text", "Text in the message")
    role = ListFilter("role", "Role", choices=_ROLES)
    type = ListFilter("type", "Content", choices=_TYPES)
    from_ = TimeFilter("saved_from", "From, UTC")
    to_ = TimeFilter("saved_to", "To, UTC", is_end=True)
    session = TextFilter("agent_id", "Whole session id")
