"""What ``query_sessions``, ``query_messages`` and ``query_tool_calls`` can be asked for.

The SDK ignores what it does not know, so its own recipe for deleting old agents deletes all of
them. Here an unknown name or an impossible value is an error, whichever spelling is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, Self

from stores.errors import InvalidQuery

__all__ = [
    "BLOCK_TYPES",
    "DEFAULT_LIMIT",
    "SESSION_SORTS",
    "Filter",
    "MessageFilter",
    "SessionFilter",
    "Time",
    "ToolCallFilter",
]

DEFAULT_LIMIT: Final = 100
SESSION_SORTS: Final = ("created_at", "message_count")
BLOCK_TYPES: Final = frozenset({
    "text", "reasoning", "tool_use", "tool_result", "image", "audio", "video", "file",
    "image_url",
})  # fmt: skip
_ROLES: Final = frozenset({"user", "assistant", "system"})
_MOST_ROWS: Final = (1 << 63) - 1
# What the SDK's types and its guide call the same thing.
_SPELLINGS: Final = {
    "startDate": "created_after",
    "endDate": "created_before",
    "name": "tool_name",
    "sortBy": "sort_by",
    "sortOrder": "sort_order",
}
_SORT_SPELLINGS: Final = {"createdAt": "created_at", "messageCount": "message_count"}

#: Milliseconds since 1970 UTC, a datetime (without a zone: UTC) or ISO 8601 text.
Time = int | float | datetime | str


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What all filters share. ``limit=None`` returns every row.

    Both bounds are inclusive and are milliseconds UTC once the filter is made.

    Raises:
        InvalidQuery: a value that cannot be meant; ``from_json`` also for a name it does not know.
    """

    agent_id: str | None = None
    created_after: Time | None = None
    created_before: Time | None = None
    limit: int | None = DEFAULT_LIMIT
    offset: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "created_after", _ms("created_after", self.created_after))
        object.__setattr__(self, "created_before", _ms("created_before", self.created_before))
        _check_number("limit", self.limit)
        _check_number("offset", self.offset)
        if self.offset is None:
            raise InvalidQuery("offset is a whole number from 0 on.")
        for item in fields(self):
            if item.type in (str | None, str):
                _check_text(item.name, getattr(self, item.name))

    @property
    def after_ms(self) -> int | None:
        """The earliest time that passes, in milliseconds UTC."""
        return self.created_after if isinstance(self.created_after, int) else None

    @property
    def before_ms(self) -> int | None:
        """The latest time that passes, in milliseconds UTC."""
        return self.created_before if isinstance(self.created_before, int) else None

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Self:
        """Read the guide's form (``createdAfter``) or the SDK's (``startDate``)."""
        if not isinstance(value, Mapping):
            raise InvalidQuery("A filter is an object of names and values.")
        known = {item.name for item in fields(cls)}
        given: dict[str, Any] = {}
        for key, item in value.items():
            if not isinstance(key, str):
                raise InvalidQuery("The name of a filter is a text.")
            name = _SPELLINGS.get(key, _snake(key))
            if name not in known:
                offered = ", ".join(sorted(known))
                raise InvalidQuery(f"{key[:60]!r} is not a filter here. There are {offered}.")
            if name in given:
                raise InvalidQuery(f"{key[:60]!r} says the same as another filter.")
            given[name] = item
        return cls(**given)


@dataclass(frozen=True, kw_only=True)
class SessionFilter(Filter):
    """Sessions by template and time of creation, sorted by a column that can be sorted by."""

    template_id: str | None = None
    sort_by: str = "created_at"
    sort_order: str = "desc"

    def __post_init__(self) -> None:
        super().__post_init__()
        sort_by = _SORT_SPELLINGS.get(self.sort_by, self.sort_by)
        if sort_by not in SESSION_SORTS:
            raise InvalidQuery(f"Sessions are sorted by {' or '.join(SESSION_SORTS)}.")
        order = self.sort_order.lower() if isinstance(self.sort_order, str) else ""
        if order not in ("asc", "desc"):
            raise InvalidQuery("sort_order is 'asc' or 'desc'.")
        object.__setattr__(self, "sort_by", sort_by)
        object.__setattr__(self, "sort_order", order)


@dataclass(frozen=True, kw_only=True)
class MessageFilter(Filter):
    """Messages by role and by a type of block they contain; times are those of the last save."""

    role: str | None = None
    content_type: str | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.role is not None and self.role not in _ROLES:
            raise InvalidQuery(f"role is one of {', '.join(sorted(_ROLES))}.")
        if self.content_type is not None and self.content_type not in BLOCK_TYPES:
            raise InvalidQuery(f"content_type is one of {', '.join(sorted(BLOCK_TYPES))}.")


@dataclass(frozen=True, kw_only=True)
class ToolCallFilter(Filter):
    """Tool calls; ``has_approval`` means that approval was asked for, whatever came of it."""

    STATES: ClassVar[frozenset[str]] = frozenset({
        "PENDING", "APPROVAL_REQUIRED", "APPROVED", "EXECUTING",
        "COMPLETED", "FAILED", "DENIED", "SEALED",
    })  # fmt: skip

    tool_name: str | None = None
    state: str | None = None
    is_error: bool | None = None
    has_approval: bool | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("is_error", "has_approval"):
            if getattr(self, name) not in (None, True, False):
                raise InvalidQuery(f"{name} is true or false.")
        if self.state is not None:
            state = self.state.upper()
            if state not in self.STATES:
                raise InvalidQuery(f"state is one of {', '.join(sorted(self.STATES))}.")
            object.__setattr__(self, "state", state)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _check_number(name: str, value: object) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_ROWS:
        raise InvalidQuery(f"{name} is a whole number from 0 on.")


def _check_text(name: str, value: object) -> None:
    if value is not None and not isinstance(value, str):
        raise InvalidQuery(f"{name} is a text.")


def _ms(name: str, value: object) -> int | None:
    if value is None:
        return None
    try:
        if isinstance(value, str):
            value = datetime.fromisoformat(value)
        if isinstance(value, datetime):
            at = value if value.tzinfo else value.replace(tzinfo=UTC)
            value = round(at.timestamp() * 1000)
        if isinstance(value, int | float) and not isinstance(value, bool):
            # No row is beyond what databases can compare with.
            return max(-_MOST_ROWS, min(int(value), _MOST_ROWS))
    except (ValueError, OverflowError):
        pass
    raise InvalidQuery(f"{name} is a time: milliseconds, a datetime or ISO 8601 text.")
