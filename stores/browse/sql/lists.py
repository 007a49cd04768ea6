"""One page of a list: walk it, cut it, and say where the next and previous pages begin."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from stores.browse.queries import Cursor, Page, Query
from stores.browse.sql.keyset import Order, place_from_cursor, place_to_cursor
from stores.browse.sql.reading import Reading, Row
from stores.browse.sql.walk import Source, walk
from stores.browse.sql.where import Where

__all__ = ["List", "read_page"]

RowT = TypeVar("RowT")


@dataclass(frozen=True)
class List:
    """What one list is made of."""

    source: Source
    where: Where
    order: Order


def read_page(
    reading: Reading,
    what: List,
    query: Query,
    decode: Callable[[Sequence[Row]], Sequence[RowT]],
    *,
    reached: Callable[[object], int | str | None],
) -> Page[RowT]:
    """Return the page of ``query``.

    ``decode`` turns rows into records, ``reached`` a sort value into what people are told.
    """
    cursor = query.cursor
    is_back = cursor is not None and cursor.direction == "previous"
    found = walk(
        reading,
        what.source,
        what.where,
        what.order.reversed() if is_back else what.order,
        start=place_from_cursor(cursor) if cursor is not None else None,
        limit=query.limit + 1,
    )
    has_more = len(found.rows) > query.limit
    rows = found.rows[: query.limit]
    onward = None
    if has_more:
        onward = (rows[-1][-2], rows[-1][-1])
    elif found.reached is not None:
        onward = found.reached
    if is_back:
        rows = rows[::-1]
    notices: tuple[str, ...] = ()
    if found.skipped:
        some = "1 row" if found.skipped == 1 else f"{found.skipped:,} rows"
        verb = "is" if found.skipped == 1 else "are"
        notices = (f"{some} took too long to search and {verb} not shown.",)
    return Page(
        rows=tuple(decode(rows)),
        next=_next(query, rows, onward, is_back=is_back),
        previous=_previous(query, rows, onward, is_back=is_back),
        searched_to=reached(found.reached[0]) if found.reached and not has_more else None,
        notices=notices,
    )


def _next(
    query: Query, rows: Sequence[Row], onward: tuple[object, object] | None, *, is_back: bool
) -> Cursor | None:
    if not is_back:
        return place_to_cursor(query.sort, onward, "next") if onward else None
    if rows:
        return place_to_cursor(query.sort, (rows[-1][-2], rows[-1][-1]), "next")
    return Cursor(query.sort, query.cursor.values, "next") if query.cursor else None


def _previous(
    query: Query, rows: Sequence[Row], onward: tuple[object, object] | None, *, is_back: bool
) -> Cursor | None:
    if is_back:
        return place_to_cursor(query.sort, onward, "previous") if onward else None
    if query.cursor is None:
        return None
    if rows:
        return place_to_cursor(query.sort, (rows[0][-2], rows[0][-1]), "previous")
    return Cursor(query.sort, query.cursor.values, "previous")
