"""The state of a SQL store in a few short statements."""

from typing import Final

from stores.browse.queries import Count
from stores.browse.records import ToolCallRow
from stores.browse.sql.facets import count_table, distinct_values, last_created
from stores.browse.sql.reading import Reading
from stores.browse.sql.schema import Schema
from stores.browse.sql.tool_calls import call_order, call_row, call_source
from stores.browse.sql.walk import walk
from stores.browse.sql.where import Where
from stores.browse.store_records import StoreOverview
from stores.browse.times import ms_from_iso

__all__ = ["read_overview"]

COUNT_CAP: Final = 100_000
AWAITING_ROWS: Final = 20


def read_overview(reading: Reading, schema: Schema, *, has_files: bool) -> StoreOverview:
    """Return what the overview shows of a store that can be read, but for the kind's own facts."""
    counts = [
        count_table(reading, table, cap=COUNT_CAP) for table in ("agents", "messages", "tool_calls")
    ]
    sessions, messages, calls = (count.value if count else None for count in counts)
    return StoreOverview(
        state="ok",
        has_files=has_files,
        session_count=sessions,
        message_count=messages,
        tool_call_count=calls,
        is_count_exact=all((count or Count(0, is_exact=False)).is_exact for count in counts),
        last_created_at=ms_from_iso(last_created(reading, schema)),
        awaiting=_awaiting(reading, schema),
        templates=distinct_values(reading, schema, "agents", "template_id"),
    )


def _awaiting(reading: Reading, schema: Schema) -> tuple[ToolCallRow, ...]:
    """Return the newest calls that wait for somebody, found through the index on state."""
    if not schema.has("tool_calls", "state"):
        return ()
    where = Where()
    where.is_sorted = True
    where.add(f"tool_calls.state = {where.bind('APPROVAL_REQUIRED')}")
    order = call_order(schema, "-created")
    found = walk(
        reading, call_source(schema), where, order, start=None, limit=AWAITING_ROWS, budget_ms=50
    )
    return tuple(call_row(row) for row in found.rows)
