"""The sessions of one store."""

from dashboard.actions import action
from dashboard.filters.sessions import SessionFilter
from dashboard.tables.sessions import SessionTable
from dashboard.views._list import StoreListView
from stores.interface import Count, Page, Reader, SessionQuery, SessionRow

__all__ = ["SessionListView"]


@action("browse.read")
class SessionListView(StoreListView):
    """Sessions: the whole page, or only its results for HTMX."""

    noun = "sessions"
    url_name = "session_list"
    export_url_name = "session_export"
    template_name = "dashboard/sessions.html"
    filter_class = SessionFilter
    table_class = SessionTable

    def rows(self, reader: Reader, query: SessionQuery) -> Page[SessionRow]:
        """Return one page of sessions."""
        return reader.list_sessions(query)

    def count(self, reader: Reader, query: SessionQuery) -> Count:
        """Count the sessions, capped."""
        return reader.count_sessions(query)

    def sorts(self, reader: Reader) -> tuple[str, ...]:
        """Ask the store: on a big one only the creation time is cheap."""
        return reader.session_sorts()
