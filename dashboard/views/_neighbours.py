"""The sessions before and behind one in the list that one came from."""

from dataclasses import replace
from typing import Final

from django.http import QueryDict

from dashboard.filters._base import PAGING
from dashboard.filters.sessions import SessionFilter
from stores.interface import Reader, SessionQuery

__all__ = ["is_session_list", "neighbour"]

_NAMES: Final = frozenset({*SessionFilter.base_filters, *PAGING})


def is_session_list(origin: str | None) -> bool:
    """Tell whether a query string is that of a session list: other lists have other filters."""
    return origin is not None and not set(QueryDict(origin)) - _NAMES


def neighbour(reader: Reader, origin: str, agent_id: str, *, step: str) -> tuple[str, str] | None:
    """Return the session one step on and the query of its page; None at an end or when gone.

    ``step``: ``next`` or ``previous``. Only this asks for the list; showing a session does not.
    """
    filters = SessionFilter(QueryDict(origin), sorts=reader.session_sorts())
    if not filters.is_valid():
        return None
    query: SessionQuery = filters.placed(reader.store_id)
    page = reader.list_sessions(query)
    ids = [row.agent_id for row in page.rows]
    if agent_id not in ids:
        return None
    place = ids.index(agent_id) + (1 if step == "next" else -1)
    if 0 <= place < len(ids):
        return ids[place], origin
    cursor = page.next if step == "next" else page.previous
    if cursor is None:
        return None
    rows = reader.list_sessions(replace(query, cursor=cursor)).rows
    if not rows:
        return None
    params = QueryDict(origin, mutable=True)
    for name in ("after", "before", "count"):
        params.pop(name, None)
    text = cursor.encode(scope=query.scope(reader.store_id))
    params["after" if step == "next" else "before"] = text
    return rows[0 if step == "next" else -1].agent_id, params.urlencode()
