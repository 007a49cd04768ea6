"""What a page asks of a store: frozen queries, cursors and pages.

A query holds validated values only. Sort keys carry a leading ``-`` for descending.
Times are integer milliseconds UTC; every range includes both ends.
"""

import base64
import binascii
import json
from dataclasses import dataclass, field, fields
from hashlib import sha256
from typing import Any, Final, Generic, TypeVar

from stores.errors import InvalidCursor

__all__ = [
    "BLOCK_TYPES",
    "PAGE_SIZES",
    "TOOL_CALL_STATES",
    "Count",
    "Cursor",
    "MessageQuery",
    "Page",
    "Query",
    "SessionQuery",
    "ToolCallQuery",
]

PAGE_SIZES: Final = (25, 50, 100, 200)
TOOL_CALL_STATES: Final = (
    "PENDING",
    "APPROVAL_REQUIRED",
    "APPROVED",
    "EXECUTING",
    "COMPLETED",
    "FAILED",
    "DENIED",
    "SEALED",
)
BLOCK_TYPES: Final = (
    "text",
    "reasoning",
    "tool_use",
    "tool_result",
    "image",
    "audio",
    "video",
    "file",
    "image_url",
)

RowT = TypeVar("RowT")
_NOT_FILTERS: Final = frozenset({"sort", "limit", "cursor"})


@dataclass(frozen=True)
class Cursor:
    """A place in one ordered list: the sort values of the row that a page ended on.

    ``values`` are the values of the sort columns, the last one unique within the list.
    ``direction`` is ``next`` (rows behind the place) or ``previous`` (rows before it).
    """

    sort: str
    values: tuple[Any, ...]
    direction: str = "next"

    def encode(self, *, scope: str) -> str:
        """Return URL-safe text that only :meth:`decode` with the same scope accepts."""
        payload = json.dumps([self.sort, self.direction, *self.values], separators=(",", ":"))
        mark = sha256(f"{scope}\n{payload}".encode("utf-8", "surrogatepass")).hexdigest()[:8]
        raw = (mark + payload).encode("utf-8", "surrogatepass")
        return base64.urlsafe_b64encode(raw).decode().rstrip("=")

    @classmethod
    def decode(cls, text: str, *, scope: str, sort: str) -> "Cursor":
        """Read a cursor.

        Raises:
            InvalidCursor: unreadable, altered, or made for another store, list, filter or sort.
        """
        message = "This page link belongs to another list or is damaged."
        if len(text) > 4096:
            raise InvalidCursor(message)
        try:
            raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
            plain = raw.decode("utf-8", "surrogatepass")
            values = json.loads(plain[8:])
        except (ValueError, binascii.Error, RecursionError) as exc:
            raise InvalidCursor(message) from exc
        if not isinstance(values, list) or len(values) < 3 or values[0] != sort:
            raise InvalidCursor(message)
        if not all(isinstance(value, str | int | float | None) for value in values):
            raise InvalidCursor(message)
        cursor = cls(values[0], tuple(values[2:]), str(values[1]))
        if cursor.direction not in ("next", "previous") or cursor.encode(scope=scope) != text:
            raise InvalidCursor(message)
        return cursor


@dataclass(frozen=True)
class Query:
    """What every list has: order, page size and the place to go on from."""

    sort: str = ""
    limit: int = 50
    cursor: Cursor | None = None

    def filters(self) -> dict[str, Any]:
        """Return the filters that are set, by field name."""
        names = [item.name for item in fields(self) if item.name not in _NOT_FILTERS]
        values = {name: getattr(self, name) for name in names}
        return {name: value for name, value in values.items() if value not in (None, ())}

    def scope(self, store_id: str) -> str:
        """Return the text that binds a cursor to this store, list and set of filters."""
        parts = sorted((name, repr(value)) for name, value in self.filters().items())
        return f"{store_id}|{type(self).__name__}|{parts}"


@dataclass(frozen=True)
class SessionQuery(Query):
    """Sessions. ``agent_id`` matches a part of the id; ``has`` names what must be there.

    ``has``: any of ``failures`` (state FAILED), ``denials``, ``sealed``, ``calls``, ``forks``,
    ``snapshots``, ``approvals`` (a call waits for approval); all named ones must hold.
    ``status``: any of the values of ``SessionStatus``.
    Sorts: ``created``; ``active``, ``messages`` only while the store is small (see ``sorts``).
    """

    sort: str = "-created"
    template: tuple[str, ...] = ()
    agent_id: str | None = None
    created_from: int | None = None
    created_to: int | None = None
    status: tuple[str, ...] = ()
    has: tuple[str, ...] = ()


@dataclass(frozen=True)
class MessageQuery(Query):
    """Messages. ``saved_*`` is the time of the last save of the session, not of the message.

    ``agent_id`` is exact. ``type`` is any of ``BLOCK_TYPES``. ``text`` matches a part of the
    stored content, as it would read after JSON decoding, ASCII letters in either case.
    Sorts: ``saved``, ``session`` (session id, then seq).
    """

    sort: str = "-saved"
    agent_id: str | None = None
    role: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    saved_from: int | None = None
    saved_to: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class ToolCallQuery(Query):
    """Tool calls. ``agent_id`` and ``name`` are exact; ``text`` looks in input, result and error.

    ``approval``: any of ``asked``, ``allow``, ``deny``, ``pending`` (asked, not decided);
    ``decided_by``: any of ``api``, ``policy``, ``hook``. ``min_duration_ms`` compares the recorded
    duration, else last audit time minus start.
    Sorts: ``created``, ``name``, ``state``, ``session``.
    """

    sort: str = "-created"
    agent_id: str | None = None
    name: tuple[str, ...] = ()
    state: tuple[str, ...] = ()
    is_error: bool | None = None
    approval: tuple[str, ...] = ()
    decided_by: tuple[str, ...] = ()
    template: tuple[str, ...] = ()
    created_from: int | None = None
    created_to: int | None = None
    min_duration_ms: int | None = None
    text: str | None = None


@dataclass(frozen=True)
class Count:
    """A number of rows. ``is_exact`` is false when counting stopped: then it is "at least"."""

    value: int
    is_exact: bool = True


@dataclass(frozen=True)
class Page(Generic[RowT]):
    """One page of rows, in the order of the query.

    ``next``/``previous`` are the places to go on from, None at an end.
    ``searched_to`` is set when the time limit ended the search before the page was full: the
    sort value (ms for time sorts, else text) that was reached; ``next`` then goes on from there.
    ``notices`` are sentences for people (unread rows, missing parts).
    """

    rows: tuple[RowT, ...] = ()
    next: Cursor | None = None
    previous: Cursor | None = None
    searched_to: int | str | None = None
    notices: tuple[str, ...] = field(default=())
