"""A page of a store as django-tables2 data: already sorted, already cut."""

from collections.abc import Iterator
from typing import Any

from django_tables2.data import TableData

from stores.interface import Page

__all__ = ["PageData"]


class PageData(TableData):  # type: ignore[misc]  # django-tables2 carries no types
    """Wrap a ``Page``. Ordering does nothing: the page came in the order of its query."""

    def __init__(self, page: Page[Any]) -> None:
        super().__init__(page.rows)
        self.page = page

    def __len__(self) -> int:
        return len(self.page.rows)

    def __iter__(self) -> Iterator[Any]:
        return iter(self.page.rows)

    def __getitem__(self, key: Any) -> Any:
        return self.page.rows[key]

    def order_by(self, aliases: Any) -> None:
        """Leave the order as it is."""
