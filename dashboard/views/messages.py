"""The messages of one store."""

from dashboard.actions import action
from dashboard.filters.messages import MessageFilter
from dashboard.tables.messages import MessageTable
from dashboard.views._list import StoreListView
from stores.interface import Count, MessageQuery, MessageRow, Page, Reader

__all__ = ["MessageListView"]


@action("browse.read")
class MessageListView(StoreListView):
    """Messages: the whole page, or only its results for HTMX."""

    noun = "messages"
    url_name = "message_list"
    export_url_name = "message_export"
    template_name = "dashboard/messages.html"
    filter_class = MessageFilter
    table_class = MessageTable
    has_templates = False

    def rows(self, reader: Reader, query: MessageQuery) -> Page[MessageRow]:
        """Return one page of messages."""
        return reader.list_messages(query)

    def count(self, reader: Reader, query: MessageQuery) -> Count:
        """Count the messages, capped."""
        return reader.count_messages(query)
