"""Small answers about a whole store: its templates, its tools, its state."""

from typing import Final

from stores.browse.json_text import to_text
from stores.browse.queries import Count
from stores.browse.sql.reading import Reading, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import Schema
from stores.browse.store_records import Facet

__all__ = ["count_table", "distinct_values", "last_created"]

MAX_VALUES: Final = 200
COUNT_CAP: Final = 1000


def distinct_values(reading: Reading, schema: Schema, table: str, column: str) -> tuple[Facet, ...]:
    """Return the values of an indexed column, most rows first, each count capped.

    Steps from value to value through the index, so that the cost is that of the values and not of
    the rows. What the time limit cuts off is left out.
    """
    if not schema.has(table, column):
        return ()
    step = schema.values(table, column, count_cap=COUNT_CAP + 1, most=MAX_VALUES + 1)
    try:
        rows = reading.fetch(step)
    except (StatementTimeout, RowTooLarge):
        return ()
    facets = [
        Facet(to_text(value)[0], min(count, COUNT_CAP), count <= COUNT_CAP) for value, count in rows
    ]
    return tuple(sorted(facets, key=lambda facet: (-(facet.count or 0), facet.value)))


def count_table(reading: Reading, table: str, *, cap: int) -> Count | None:
    """Count the rows of a table up to a cap, None when that takes too long."""
    statement = f"SELECT count(*) FROM (SELECT 1 FROM {table} LIMIT :rows) AS counted"
    try:
        rows = int(reading.fetch(statement, {"rows": cap + 1})[0][0])
    except (StatementTimeout, RowTooLarge):
        return None
    return Count(min(rows, cap), rows <= cap)


def last_created(reading: Reading, schema: Schema) -> object:
    """Return when the newest session was created, as stored."""
    if not schema.has("agents", "created_at"):
        return None
    created = schema.column("agents", "created_at")
    rows = reading.fetch(f"SELECT {created} FROM agents ORDER BY agents.created_at DESC LIMIT 1")
    return rows[0][0] if rows else None
