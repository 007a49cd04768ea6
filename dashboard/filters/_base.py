"""What the filters of every list share: reading an address into a frozen query, or saying why not.

Nothing is dropped silently: an unknown name, a value given twice and a wrong value are errors.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Final, Generic, TypeVar, cast

from django import forms
from django.http import QueryDict
from django_filters import FilterSet

from dashboard.filters._fields import ListFilter, one_of
from stores.interface import PAGE_SIZES, Cursor, InvalidCursor, InvalidQuery, Query

__all__ = ["Group", "StoreFilterSet", "Term"]

QueryT = TypeVar("QueryT", bound=Query)

# Names that every list knows beside its filters.
PAGING: Final = ("sort", "limit", "after", "before", "count")
BAD_CURSOR = "The link to that page does not fit this list any more. This is its first page."


class _NoRows:
    """What a FilterSet wants for a queryset; rows come from a store, never through it."""

    model = None

    def all(self) -> "_NoRows":
        return self


_NO_ROWS = _NoRows()


@dataclass(frozen=True)
class Group:
    """One part of the filter form: a title over the filters named."""

    title: str
    names: tuple[str, ...]
    is_open: bool = False


@dataclass(frozen=True)
class Term:
    """One value that is set, as a chip shows it. ``is_wrong``: it was not understood."""

    name: str
    value: str
    is_wrong: bool = False


class _StoreForm(forms.Form):
    """Clean the filters, and refuse a range that ends before it starts."""

    def clean(self) -> dict[str, Any]:
        values = dict(self.cleaned_data)
        start, end = values.get("from"), values.get("to")
        if start is not None and end is not None and start > end:
            self.add_error("to", "The end is before the start.")
        return values


class StoreFilterSet(FilterSet, Generic[QueryT]):  # type: ignore[misc]  # carries no types
    """Validate the parameters of one list. ``query`` is the frozen query when they are valid."""

    base: ClassVar[Query]
    groups: ClassVar[tuple[Group, ...]] = ()
    sorts: ClassVar[tuple[str, ...]] = ()

    class Meta:
        form = _StoreForm

    def __init__(self, data: QueryDict, *, sorts: tuple[str, ...] | None = None) -> None:
        super().__init__(data, queryset=_NO_ROWS)
        self.known_sorts = self.sorts if sorts is None else sorts
        self.paging_errors = dict(self._check_paging())
        self.notices: list[str] = []

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        """Name each filter by its parameter: ``from_`` is ``from``, which Python reserves."""
        return {name.rstrip("_"): item for name, item in super().get_filters().items()}

    def given(self, name: str) -> list[str]:
        """Return what was given for a name, blanks left out."""
        return [value for value in self.data.getlist(name) if value.strip()]

    def _check_paging(self) -> Iterator[tuple[str, str]]:
        known = (*self.base_filters, *PAGING)
        for name in self.data:
            if name not in known:
                yield name, f"This list has no filter “{name[:40]}”. It has {one_of(known[:-5])}."
            elif len(self.given(name)) > 1 and not self.takes_many(name):
                yield name, f"“{name}” is given {len(self.given(name))} times; it takes one value."
        sort, limit = self._last("sort"), self._last("limit")
        if sort.removeprefix("-") not in (*self.known_sorts, ""):
            yield "sort", f"This list cannot be sorted by “{sort[:40]}”, only by {self._sorts()}."
        if limit and limit not in map(str, PAGE_SIZES):
            yield "limit", f"A page has {one_of(tuple(map(str, PAGE_SIZES)))} rows."

    def _sorts(self) -> str:
        return one_of(self.known_sorts) if self.known_sorts else "its default"

    def _last(self, name: str) -> str:
        return (self.given(name) or [""])[-1].strip()

    def default_sort(self) -> str:
        """Return the order of an address that names none."""
        return self.base.sort

    def takes_many(self, name: str) -> bool:
        """Return whether a name may be given several times."""
        return isinstance(self.base_filters.get(name), ListFilter)

    @property
    def field_errors(self) -> dict[str, str]:
        """Return the reason for each filter whose value is wrong, by name."""
        own = {name: reason for name, reason in self.paging_errors.items() if name in self.filters}
        form_errors = {name: str(reasons[0]) for name, reasons in self.form.errors.items()}
        return {**form_errors, **own}

    @property
    def top_errors(self) -> list[str]:
        """Return what is wrong and belongs to no field: unknown names, sort, page size."""
        return [text for name, text in self.paging_errors.items() if name not in self.filters]

    def is_valid(self) -> bool:
        """Return whether everything given was understood."""
        return not self.paging_errors and bool(super().is_valid())

    @property
    def query(self) -> QueryT:
        """Return the query without its place.

        Raises:
            InvalidQuery: something given was not understood.
        """
        if not self.is_valid():
            raise InvalidQuery("; ".join([*self.top_errors, *self.field_errors.values()]))
        cleaned = self.form.cleaned_data
        values = {item.field_name: cleaned[name] for name, item in self.filters.items()}
        return cast(
            QueryT,
            replace(
                self.base,
                sort=self._last("sort") or self.default_sort(),
                limit=int(self._last("limit") or self.base.limit),
                **values,
            ),
        )

    def placed(self, store_id: str) -> QueryT:
        """Return the query with its place; a place that does not fit is a notice and page one."""
        query = self.query
        after, before = self._last("after"), self._last("before")
        if not after and not before:
            return query
        try:
            cursor = Cursor.decode(after or before, scope=query.scope(store_id), sort=query.sort)
        except InvalidCursor:
            cursor = None
        if cursor is None or (after and before) or (cursor.direction == "next") != bool(after):
            self.notices.append(BAD_CURSOR)
            return query
        return replace(query, cursor=cursor)

    def terms(self) -> list[Term]:
        """Return what is set, in the order of the form, wrong values marked."""
        wrong = {**self.field_errors, **self.paging_errors}
        names = [name for name in self.data if name not in PAGING]
        order = list(self.filters)
        names.sort(key=lambda name: order.index(name) if name in order else -1)
        return [
            Term(name, value.strip(), is_wrong=name in wrong)
            for name in names
            for value in dict.fromkeys(self.given(name) or ([""] if name in wrong else []))
        ]
