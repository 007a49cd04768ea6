"""Downloads of whole lists: the same filters and order as on screen, all rows, flat memory."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import chain
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.generic import View

from dashboard.actions import action
from dashboard.exports import (
    MESSAGE_FIELDS,
    SESSION_FIELDS,
    TOOL_CALL_FIELDS,
    ExportField,
    csv_lines,
    jsonl_lines,
)
from dashboard.filters._base import StoreFilterSet
from dashboard.filters.messages import MessageFilter
from dashboard.filters.sessions import SessionFilter
from dashboard.filters.tool_calls import ToolCallFilter
from dashboard.views._store import now_ms, open_store
from stores.interface import Reader

__all__ = ["MessageExportView", "SessionExportView", "ToolCallExportView"]

_TYPES = {"csv": "text/csv; charset=utf-8", "jsonl": "application/jsonl; charset=utf-8"}
_WRITERS = {"csv": csv_lines, "jsonl": jsonl_lines}


class _ExportView(View):
    """Stream one list. Subclasses name the filters, the columns and the reader's method."""

    name: ClassVar[str]
    filter_class: ClassVar[type[StoreFilterSet[Any]]]
    fields: ClassVar[tuple[ExportField, ...]]

    def chunks(self, reader: Reader, query: Any) -> Iterator[Sequence[Any]]:
        """Return the rows of a query in chunks, each its own short read."""
        raise NotImplementedError

    def sorts(self, reader: Reader) -> tuple[str, ...]:
        """Return the sort keys that are cheap on this store now."""
        return self.filter_class.sorts

    def get(self, request: HttpRequest, store: str, export_format: str) -> HttpResponseBase:
        """Answer with the file, or with the reasons why the filters are not understood."""
        record, reader = open_store(store)
        filters = self.filter_class(request.GET, sorts=self.sorts(reader))
        if not filters.is_valid():
            reasons = [*filters.top_errors, *filters.field_errors.values()]
            return HttpResponse(
                "Nothing was exported.\n" + "\n".join(reasons) + "\n",
                content_type="text/plain; charset=utf-8",
                status=HTTPStatus.UNPROCESSABLE_ENTITY,
            )
        chunks = iter(self.chunks(reader, filters.query))
        # The first read happens before the first byte: a dead store is an error page, not a file.
        first = next(chunks, ())
        lines = _WRITERS[export_format](chain((first,), chunks), self.fields)
        response = StreamingHttpResponse(lines, content_type=_TYPES[export_format])
        day = datetime.fromtimestamp(now_ms() // 1000, UTC).date().isoformat()
        name = f"{record.slug}-{self.name}-{day}.{export_format}"
        response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        return response


@action("browse.export")
class SessionExportView(_ExportView):
    """All sessions that match."""

    name = "sessions"
    filter_class = SessionFilter
    fields = SESSION_FIELDS

    def chunks(self, reader: Reader, query: Any) -> Iterator[Sequence[Any]]:
        """Return the sessions."""
        return reader.iter_sessions(query)

    def sorts(self, reader: Reader) -> tuple[str, ...]:
        """Ask the store, as the list does."""
        return reader.session_sorts()


@action("browse.export")
class MessageExportView(_ExportView):
    """All messages that match."""

    name = "messages"
    filter_class = MessageFilter
    fields = MESSAGE_FIELDS

    def chunks(self, reader: Reader, query: Any) -> Iterator[Sequence[Any]]:
        """Return the messages."""
        return reader.iter_messages(query)


@action("browse.export")
class ToolCallExportView(_ExportView):
    """All tool calls that match."""

    name = "tool-calls"
    filter_class = ToolCallFilter
    fields = TOOL_CALL_FIELDS

    def chunks(self, reader: Reader, query: Any) -> Iterator[Sequence[Any]]:
        """Return the tool calls."""
        return reader.iter_tool_calls(query)
