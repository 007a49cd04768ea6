"""One list page: read the address, ask the store for one page, show it whole or in part."""

from http import HTTPStatus
from typing import Any, ClassVar

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.views.generic import View

from dashboard.address import Address, address_of
from dashboard.filters._base import BAD_CURSOR, StoreFilterSet
from dashboard.filters.form import render_form
from dashboard.pickers import as_of, list_pickers, store_picker
from dashboard.tables._links import Links
from dashboard.tables._table import StoreTable
from dashboard.tables.page import ListPage
from dashboard.views._htmx import render_page_or_partial, wanted_partial
from dashboard.views._store import now_ms, open_store, template_facets
from stores.interface import (
    Count,
    InvalidCursor,
    Page,
    Reader,
    Store,
    StoreUnavailable,
    list_stores,
)

__all__ = ["StoreListView"]


class StoreListView(View):
    """A filtered, sorted page of one store. Subclasses name the parts and ask the reader."""

    noun: ClassVar[str]
    url_name: ClassVar[str]
    export_url_name: ClassVar[str]
    template_name: ClassVar[str]
    filter_class: ClassVar[type[StoreFilterSet[Any]]]
    table_class: ClassVar[type[StoreTable]]
    has_templates: ClassVar[bool] = True

    def rows(self, reader: Reader, query: Any) -> Page[Any]:
        """Return one page."""
        raise NotImplementedError

    def count(self, reader: Reader, query: Any) -> Count:
        """Return the number of rows, capped."""
        raise NotImplementedError

    def sorts(self, reader: Reader) -> tuple[str, ...]:
        """Return the sort keys that are cheap on this store now."""
        return self.filter_class.sorts

    def facets(self, reader: Reader) -> dict[str, Any]:
        """Return the store's own values for the filter form, by filter name."""
        return {"template": template_facets(reader)} if self.has_templates else {}

    def get(self, request: HttpRequest, store: str) -> HttpResponse:
        """Show the list, one region of it, or its count alone."""
        record, reader = open_store(store)
        partial = wanted_partial(request, "results", "browse", "count")
        filters = self.filter_class(request.GET, sorts=self.sorts(reader))
        address = Address.of(request)
        if not filters.is_valid():
            shown = ListPage(noun=self.noun, address=address, filters=filters)
            return self._refuse(request, record, reader, shown, partial)
        if partial == "count":
            shown = self._counted(reader, filters, address)
            return self._respond(request, {"list": shown}, partial)
        shown = self._read(record, reader, filters, address)
        if self._is_back_at_start(shown):
            return HttpResponseRedirect(shown.first_href)
        if "count" in request.GET:
            shown.total = self._total(reader, shown.query)
        return self._respond(request, self._context(record, reader, shown, partial), partial)

    def _read(
        self, record: Store, reader: Reader, filters: StoreFilterSet[Any], address: Address
    ) -> ListPage:
        """Read one page; a place that the store does not know starts at the first page."""
        query = filters.placed(reader.store_id)
        try:
            page = self.rows(reader, query)
        except InvalidCursor:
            filters.notices.append(BAD_CURSOR)
            query = filters.query
            page = self.rows(reader, query)
        shown = ListPage(noun=self.noun, address=address, filters=filters, query=query)
        shown.page, shown.store_id = page, reader.store_id
        shown.table = self.table_class(
            page,
            links=Links.of(record.slug, now_ms=now_ms(), origin=address.origin),
            address=address,
            sort=query.sort,
            sorts=filters.known_sorts,
        )
        return shown

    @staticmethod
    def _is_back_at_start(shown: ListPage) -> bool:
        """Tell a way back that reached the start: it shows the plain first page instead."""
        cursor = shown.query.cursor if shown.query else None
        if cursor is None or cursor.direction != "previous" or shown.page is None:
            return False
        return shown.page.previous is None and shown.page.searched_to is None

    def _counted(self, reader: Reader, filters: StoreFilterSet[Any], address: Address) -> ListPage:
        shown = ListPage(noun=self.noun, address=address, filters=filters, query=filters.query)
        shown.total = self._total(reader, filters.query)
        return shown

    def _total(self, reader: Reader, query: Any) -> Count | None:
        try:
            return self.count(reader, query)
        except StoreUnavailable:
            return None

    def _refuse(
        self, request: HttpRequest, record: Store, reader: Reader, shown: ListPage, partial: str
    ) -> HttpResponse:
        """Answer 422 with the reasons at their fields; htmx swaps the form in with the results."""
        partial = "browse" if partial else ""
        context = self._context(record, reader, shown, partial)
        response = self._respond(request, context, partial, status=HTTPStatus.UNPROCESSABLE_ENTITY)
        if partial:
            response.headers["HX-Retarget"] = "#browse"
        return response

    def _respond(
        self, request: HttpRequest, context: dict[str, Any], partial: str, *, status: int = 200
    ) -> HttpResponse:
        response = render_page_or_partial(
            request, self.template_name, partial=partial, context=context, status=status
        )
        if partial in ("results", "browse"):
            # A form sends its empty inputs too; what is pushed and shared leaves them out.
            response.headers["HX-Push-Url"] = str(context["list"].address)
        return response

    def _context(
        self, record: Store, reader: Reader, shown: ListPage, partial: str
    ) -> dict[str, Any]:
        now = now_ms()
        templates = template_facets(reader) if self.has_templates else None
        pickers = list_pickers(
            shown.address, templates=templates, now_ms=now, is_update=bool(partial)
        )
        context: dict[str, Any] = {
            "store": record,
            "list": shown,
            "exports": self._exports(record, shown),
            "list_pickers": pickers,
            "as_of": as_of(now, reader, is_update=bool(partial)),
            "is_update": bool(partial),
        }
        if partial != "results":
            facets = self.facets(reader)
            context["form"] = render_form(shown.filters, path=shown.address.path, facets=facets)
        if not partial:
            stores = list_stores()
            context["store_picker"] = store_picker(stores, record.slug, url_name=self.url_name)
        return context

    def _exports(self, record: Store, shown: ListPage) -> Any:
        if shown.page is None:
            return ()
        csv, jsonl = (
            address_of(self.export_url_name, record.slug, name) for name in ("csv", "jsonl")
        )
        return shown.exports(csv, jsonl)
