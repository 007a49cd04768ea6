"""What the tables of all lists share: one page of records, drawn by compiled rows."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString
from django_tables2 import Table

from dashboard.address import Address
from dashboard.tables._columns import CellColumn
from dashboard.tables._data import PageData
from dashboard.tables._links import Links
from dashboard.tables._rows import render_rows
from stores.interface import Page

__all__ = ["Head", "StoreTable"]


@dataclass(frozen=True)
class Head:
    """One header cell. ``href`` sorts by it, ``aria_sort`` says how it is sorted now."""

    title: str
    css: str = ""
    hint: str = ""
    href: str = ""
    aria_sort: str = ""


class StoreTable(Table):  # type: ignore[misc]  # django-tables2 carries no types
    """A page of a store. ``sorts`` are the keys that are cheap now; other heads have no link."""

    caption = ""
    row_css = ""

    class Meta:
        template_name = "tables/table.html"
        attrs = {"class": "table"}  # noqa: RUF012 (django-tables2 reads a plain dict)

    def __init__(
        self,
        page: Page[Any],
        *,
        links: Links,
        address: Address,
        sort: str,
        sorts: tuple[str, ...],
    ) -> None:
        super().__init__(PageData(page), order_by=sort)
        self.links = links
        self.address = address
        self.sort = sort
        self.sorts = sorts

    def body(self) -> SafeString:
        """Return the rows."""
        return render_rows(type(self), self.data.page.rows, self.links)

    def heads(self) -> Iterator[Head]:
        """Yield the header cells."""
        for name, column in self.base_columns.items():
            yield self._head(name, column)

    def _head(self, name: str, column: CellColumn) -> Head:
        title = str(column.verbose_name)
        if not column.orderable or name not in self.sorts:
            return Head(title, column.head_css, column.hint, aria_sort=self._direction(name))
        is_current = self.sort.removeprefix("-") == name
        first = f"{column.first}{name}"
        other = name if first.startswith("-") else f"-{name}"
        wanted = other if is_current and self.sort == first else first
        href = str(self.address.with_value("sort", wanted))
        return Head(title, column.head_css, column.hint, href, self._direction(name))

    def _direction(self, name: str) -> str:
        if self.sort.removeprefix("-") != name:
            return ""
        return "descending" if self.sort.startswith("-") else "ascending"
