"""Walk a list in its order for a bounded time, a bounded lock at a time.

A filter that an index answers is one statement. Any other filter is searched in chunks: each chunk
is a stretch of the order's own index, so that the lock is free between chunks and the search can
stop anywhere and go on later from a place. Chunks grow while they are quick and shrink when one
reaches the statement limit; a single row that does so is passed over and counted.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from stores.browse.sql.keyset import Order, Place
from stores.browse.sql.reading import Reading, Row, RowTooLarge, StatementTimeout
from stores.browse.sql.where import Where
from stores.errors import StoreUnavailable

__all__ = ["Found", "Source", "count_rows", "walk"]

#: How long one request searches before it answers with what it has.
SEARCH_BUDGET_MS: Final = 180
COUNT_BUDGET_MS: Final = 35
#: How long it searches at least, after a plan that did not end in time.
LEAST_BUDGET_MS: Final = 60
_FIRST_CHUNK: Final = 400
_LAST_CHUNK: Final = 20_000


@dataclass(frozen=True)
class Source:
    """The rows of a list: a table, what names a row, what is read of it, that without payloads."""

    table: str
    key: str
    columns: tuple[str, ...]
    light_columns: tuple[str, ...]


@dataclass
class Found:
    """Rows in order, each followed by its two sort values; where the search stopped, if it did.

    ``reached`` is None when the end of the list, or enough rows, was reached.
    """

    rows: list[Row] = field(default_factory=list)
    reached: Place | None = None
    skipped: int = 0


def walk(
    reading: Reading,
    source: Source,
    where: Where,
    order: Order,
    *,
    start: Place | None,
    limit: int,
    budget_ms: int | None = None,
) -> Found:
    """Find up to ``limit`` rows behind ``start``."""
    budget_ms = SEARCH_BUDGET_MS if budget_ms is None else budget_ms
    if not where.is_scan and where.accept is None:
        began = time.monotonic()
        try:
            return Found(_select(reading, source, where, order, start, None, limit))
        except StatementTimeout:
            # People have waited for this already.
            spent_ms = int((time.monotonic() - began) * 1000)
            budget_ms = max(min(budget_ms, LEAST_BUDGET_MS), budget_ms - spent_ms)
        except RowTooLarge:
            return _select_one_by_one(reading, source, where, order, start, limit)
    return _search(reading, source, where, order, start, limit, budget_ms)


def count_rows(
    reading: Reading, source: Source, where: Where, order: Order, *, cap: int
) -> tuple[int, bool]:
    """Count rows up to a cap for a bounded time; return the count and whether it is exact."""
    if where.accept is None and not where.is_scan:
        statement = f"""
            SELECT count(*) FROM (SELECT 1 FROM {source.table} WHERE {where} LIMIT :count_cap)
            AS counted
        """
        try:
            params = {**where.params, "count_cap": cap + 1}
            total = int(reading.fetch(statement, params)[0][0])
        except (StatementTimeout, RowTooLarge):
            pass
        else:
            return min(total, cap), total <= cap
    if where.accept is None:
        source = Source(source.table, source.key, ("1",), ("1",))
    found = _search(reading, source, where, order, None, cap + 1, COUNT_BUDGET_MS)
    total = len(found.rows)
    return min(total, cap), total <= cap and found.reached is None and not found.skipped


def _search(
    reading: Reading,
    source: Source,
    where: Where,
    order: Order,
    start: Place | None,
    limit: int,
    budget_ms: int,
) -> Found:
    found, place, size = Found(), start, _FIRST_CHUNK
    deadline = time.monotonic() + budget_ms / 1000
    while len(found.rows) < limit:
        began = time.monotonic()
        # What is accepted outside of the database takes whole chunks, else few rows are enough.
        wanted = size if where.accept is not None else limit - len(found.rows)
        try:
            rows, end = _chunk(reading, source, where, order, place, size, wanted)
        except (StatementTimeout, RowTooLarge):
            if size > 1:
                if began >= deadline and place not in (None, start):
                    found.reached = place
                    break
                size = max(1, size // 8)
                continue
            rows, end = [], _step_over(reading, source.table, order, place)
            found.skipped += 1
        found.rows += [row for row in rows if where.accept is None or where.accept(row)]
        if end is None or len(found.rows) >= limit:
            break
        place = end
        now = time.monotonic()
        if now >= deadline:
            found.reached = place
            break
        size = _next_size(reading, size, (now - began) * 1000)
    del found.rows[limit:]
    return found


def _chunk(
    reading: Reading,
    source: Source,
    where: Where,
    order: Order,
    start: Place | None,
    size: int,
    limit: int,
) -> tuple[list[Row], Place | None]:
    """Search the next ``size`` rows of the order; return what was found and where that ended."""
    end = _chunk_end(reading, source.table, order, start, size)
    rows = _select(reading, source, where, order, start, end, limit)
    if len(rows) == limit:
        # Rows behind the last one were not looked at.
        end = (rows[-1][-2], rows[-1][-1])
    return rows, end


def _next_size(reading: Reading, size: int, took_ms: float) -> int:
    if took_ms < reading.chunk_aim_ms:
        return min(size * 2, _LAST_CHUNK)
    if took_ms > reading.chunk_slow_ms and size > _FIRST_CHUNK // 4:
        return size // 2
    return size


def _chunk_end(
    reading: Reading, table: str, order: Order, start: Place | None, size: int
) -> Place | None:
    """Return the place of the row ``size`` rows behind the start, None past the end."""
    params: dict[str, Any] = {"chunk": size - 1}
    behind = order.behind(start, "start", params) if start is not None else "TRUE"
    statement = f"""
        SELECT {order.values}
        FROM {table}
        WHERE {behind}
        ORDER BY {order.sql}
        LIMIT 1 OFFSET :chunk
    """
    rows = reading.fetch(statement, params)
    return (rows[0][0], rows[0][1]) if rows else None


def _step_over(reading: Reading, table: str, order: Order, place: Place | None) -> Place | None:
    try:
        return _chunk_end(reading, table, order, place, 1)
    except (StatementTimeout, RowTooLarge) as exc:
        message = "This store answers too slowly to read its next row within the time limit."
        raise StoreUnavailable(message, reason="slow") from exc


def _select(
    reading: Reading,
    source: Source,
    where: Where,
    order: Order,
    start: Place | None,
    end: Place | None,
    limit: int,
) -> list[Row]:
    """Read rows behind ``start`` and not behind ``end``, in order."""
    params = {**where.params, "limit": limit}
    clauses = [str(where)]
    if start is not None:
        clauses.append(order.behind(start, "start", params))
    if end is not None:
        clauses.append(order.up_to(end, "end", params))
    conditions = " AND ".join(clauses)
    if where.is_sorted:
        # Sort narrow rows, then read the payloads of those that are shown. Not every database
        # knows LIMIT right inside of IN.
        conditions = f"""
            {source.key} IN (SELECT found FROM (
                SELECT {source.key} AS found FROM {source.table} WHERE {conditions}
                ORDER BY {order.sql} LIMIT :limit
            ) AS narrow)
        """
    statement = f"""
        SELECT {", ".join(source.columns)}, {order.values}
        FROM {source.table}
        WHERE {conditions}
        ORDER BY {order.sql}
        LIMIT :limit
    """
    return reading.fetch(statement, params)


def _select_one_by_one(
    reading: Reading, source: Source, where: Where, order: Order, start: Place | None, limit: int
) -> Found:
    """Read a page that holds an oversized row: that row without its payloads, the rest whole."""
    narrow = Source(source.table, source.key, (source.key,), source.light_columns)
    found, wanted = Found(), _select(reading, narrow, where, order, start, None, limit)
    for key, *place in wanted:
        for columns in (source.columns, source.light_columns):
            try:
                found.rows += _one_row(reading, source, key, columns, place)
            except (RowTooLarge, StatementTimeout):
                continue
            break
        else:
            found.rows.append(_start_of_row(reading, source, key, place))
    if len(found.rows) < limit == len(wanted):
        # Rows were deleted meanwhile; the list goes on behind them.
        found.reached = wanted[-1][-2], wanted[-1][-1]
    return found


def _one_row(
    reading: Reading, source: Source, key: Any, columns: Sequence[str], place: Sequence[Any]
) -> list[Row]:
    statement = f"SELECT {', '.join(columns)} FROM {source.table} WHERE {source.key} = :key"
    return [(*row, *place) for row in reading.fetch(statement, {"key": key})]


def _start_of_row(reading: Reading, source: Source, key: Any, place: Sequence[Any]) -> Row:
    """Read what stands before the oversized cell: what is behind it costs as much as the cell."""
    values: list[Any] = []
    for column in source.light_columns:
        try:
            row = _one_row(reading, source, key, (column,), ())
        except (RowTooLarge, StatementTimeout):
            break
        values.append(row[0][0] if row else None)
    values += [None] * (len(source.light_columns) - len(values))
    return (*values, *place)
