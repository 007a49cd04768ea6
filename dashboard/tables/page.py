"""What stands around the rows of a list: terms, notices, page links, sizes, count, exports.

Prepared here, so that the template only lays it out.
"""

from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import cached_property

from dashboard.address import Address
from dashboard.filters._base import StoreFilterSet
from dashboard.formats import count, exact, one_line
from dashboard.tables._table import StoreTable
from stores.interface import PAGE_SIZES, Count, Page, Query

__all__ = ["Chip", "Link", "ListPage"]

_ORDERS: Final = {
    "-created": "newest first",
    "created": "oldest first",
    "-active": "latest activity first",
    "active": "longest without activity first",
    "-messages": "most messages first",
    "messages": "fewest messages first",
    "-saved": "latest save first",
    "saved": "oldest save first",
}


@dataclass(frozen=True)
class Link:
    """A link with its words; ``is_current`` marks the choice in force."""

    label: str
    href: str
    is_current: bool = False


@dataclass(frozen=True)
class Chip:
    """A filter that is set, with the address without it."""

    label: str
    href: str
    is_wrong: bool


class ListPage:
    """One page of one list. ``page`` is None when the filters were not understood."""

    def __init__(
        self,
        *,
        noun: str,
        address: Address,
        filters: StoreFilterSet[Any],
        query: Query | None = None,
    ) -> None:
        self.noun = noun
        self.address = address
        self.filters = filters
        self.query = query
        self.page: Page[Any] | None = None
        self.table: StoreTable | None = None
        self.store_id = ""
        self.total: Count | None = None

    @cached_property
    def chips(self) -> list[Chip]:
        """Return the filters that are set."""
        return [
            Chip(
                one_line(f"{term.name}:{term.value}", 60),
                str(self.address.without(term.name, term.value or None)),
                term.is_wrong,
            )
            for term in self.filters.terms()
        ]

    @property
    def clear_href(self) -> str:
        """Return the list without filters, its order kept."""
        return str(self.address.only(("sort", "limit")))

    @cached_property
    def errors(self) -> list[str]:
        """Return every reason why the filters were not applied."""
        return [*self.filters.top_errors, *self.filters.field_errors.values()]

    @cached_property
    def notices(self) -> list[str]:
        """Return what the reader should know about these rows."""
        return [*self.filters.notices, *(self.page.notices if self.page else ())]

    @property
    def hidden(self) -> list[tuple[str, str]]:
        """Return what a new filter keeps: order and page size. The place is dropped."""
        wrong = self.filters.paging_errors
        kept = self.address.only(("sort", "limit")).pairs
        return [(name, value) for name, value in kept if name not in wrong]

    # --- Paging ---------------------------------------------------------------------------

    def _place(self, name: str) -> str:
        if self.page is None or self.query is None:
            return ""
        cursor = self.page.next if name == "after" else self.page.previous
        if cursor is None:
            return ""
        text = cursor.encode(scope=self.query.scope(self.store_id))
        bare = self.address.without("after")  # drops every place
        return str(bare.with_value(name, text))

    @cached_property
    def next_href(self) -> str:
        """Return the next page, or nothing at the end."""
        return self._place("after")

    @cached_property
    def previous_href(self) -> str:
        """Return the page before, or nothing at the start."""
        return self._place("before")

    @property
    def first_href(self) -> str:
        """Return the first page, when this is another one."""
        is_first = self.query is None or self.query.cursor is None
        return "" if is_first else str(self.address.without("after"))

    @property
    def searched(self) -> str:
        """Return how far a search came before its time ended, or nothing."""
        if self.page is None or self.page.searched_to is None or self.query is None:
            return ""
        reached = self.page.searched_to
        if isinstance(reached, int):
            word = "back" if self.query.sort.startswith("-") else "up"
            return f"Searched {word} to {exact(reached)}."
        return f"Searched as far as “{one_line(reached, 60)}”."

    @property
    def continue_href(self) -> str:
        """Return where the search goes on."""
        return self.next_href or self.previous_href

    # --- Around the rows --------------------------------------------------------------------

    @property
    def sizes(self) -> list[Link]:
        """Return the page sizes."""
        now = self.query.limit if self.query else 0
        return [
            Link(str(size), str(self.address.with_value("limit", str(size))), size == now)
            for size in PAGE_SIZES
        ]

    @property
    def is_whole(self) -> bool:
        """Return whether this page holds every row of the query."""
        if self.page is None or self.page.searched_to is not None:
            return False
        return self.page.next is None and self.page.previous is None

    @property
    def counted(self) -> str:
        """Return the number of rows in words, or nothing while it was not counted."""
        if self.is_whole and self.page is not None:
            return self._words(Count(len(self.page.rows)))
        return self._words(self.total) if self.total else ""

    def _words(self, total: Count) -> str:
        noun = self.noun if total.value != 1 else self.noun.removesuffix("s")
        if total.is_exact:
            return f"{count(total.value)} {noun}"
        if total.value >= 1000:
            return f"{count(total.value, is_exact=False)} {noun}"
        return f"at least {count(total.value)} {noun}"

    @property
    def ordered(self) -> str:
        """Return the order in words, and why a dearer one is not offered."""
        sort = self.query.sort if self.query else ""
        words = _ORDERS.get(sort, f"by {sort.removeprefix('-')}")
        if set(self.filters.known_sorts) >= set(self.filters.sorts):
            return words
        return f"{words}; this store is too big for other orders"

    @property
    def count_href(self) -> str:
        """Return the address that counts the rows."""
        return str(self.address.without("count").with_value("count", "1"))

    def exports(self, csv: str, jsonl: str) -> list[Link]:
        """Return the downloads of all rows of this list."""
        bare = self.address.without("limit")
        return [Link("CSV", str(bare.at(csv))), Link("JSON Lines", str(bare.at(jsonl)))]
