"""The tool calls of one store."""

from typing import Any

from dashboard.actions import action
from dashboard.filters.tool_calls import ToolCallFilter
from dashboard.tables.tool_calls import ToolCallTable
from dashboard.views._list import StoreListView
from dashboard.views._store import tool_facets
from stores.interface import Count, Page, Reader, ToolCallQuery, ToolCallRow

__all__ = ["ToolCallListView"]


@action("browse.read")
class ToolCallListView(StoreListView):
    """Tool calls: the whole page, or only its results for HTMX."""

    noun = "tool calls"
    url_name = "tool_call_list"
    export_url_name = "tool_call_export"
    template_name = "dashboard/tool_calls.html"
    filter_class = ToolCallFilter
    table_class = ToolCallTable

    def rows(self, reader: Reader, query: ToolCallQuery) -> Page[ToolCallRow]:
        """Return one page of tool calls."""
        return reader.list_tool_calls(query)

    def count(self, reader: Reader, query: ToolCallQuery) -> Count:
        """Count the tool calls, capped."""
        return reader.count_tool_calls(query)

    def facets(self, reader: Reader) -> dict[str, Any]:
        """Add the tool names."""
        return {**super().facets(reader), "tool": tool_facets(reader)}
