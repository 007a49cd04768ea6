"""Filters of the session list."""

from dashboard.filters._base import Group, StoreFilterSet
from dashboard.filters._fields import Choice, ListFilter, TextFilter, TimeFilter
from dashboard.outcomes import STATUSES
from stores.interface import SessionQuery

__all__ = ["SessionFilter"]

_STATUSES = tuple(
    Choice(status.value, how.word, how.icon, how.tone) for status, how in STATUSES.items()
)
_HAS = (
    Choice("calls", "Tool calls", "tools"),
    Choice("failures", "Failed calls", "failed", "failed"),
    Choice("denials", "Denied calls", "denied", "denied"),
    Choice("sealed", "Sealed calls", "sealed", "sealed"),
    Choice("approvals", "Waits for approval", "awaiting", "awaiting"),
    Choice("forks", "Forks", "fork"),
    Choice("snapshots", "Snapshots", "snapshot"),
)


class SessionFilter(StoreFilterSet[SessionQuery]):
    """Sessions by what they are, have and when they were created."""

    base = SessionQuery()
    sorts = ("created", "active", "messages")
    groups = (
        Group("Status", ("status",), is_open=True),
        Group("Has", ("has",), is_open=True),
        Group("Template", ("template",), is_open=True),
        Group("Created", ("from", "to"), is_open=True),
        Group("Id", ("id",), is_open=True),
    )

    status = ListFilter("status", "Status", choices=_STATUSES)
    has = ListFilter("has", "Has", choices=_HAS)
    template = ListFilter("template", "Template")
    from_ = TimeFilter("created_from", "From, UTC")
    to_ = TimeFilter("created_to", "To, UTC", is_end=True)
    id = TextFilter("agent_id", "Part of the session id")

    def default_sort(self) -> str:
        """Return last activity, newest first, where the store is small enough for it."""
        return "-active" if "active" in self.known_sorts else self.base.sort
