"""Lists of sessions: their filters and orders in SQL, their rows as records."""

from collections.abc import Callable, Sequence
from typing import Any, Final

from stores.browse.queries import SessionQuery
from stores.browse.sql.keyset import Order
from stores.browse.sql.reading import Reading, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import SELECTIVE_ROWS, Schema
from stores.browse.sql.walk import Source
from stores.browse.sql.where import Where
from stores.browse.times import iso_from_ms
from stores.errors import InvalidQuery

__all__ = [
    "ROW_COLUMNS",
    "is_small",
    "session_order",
    "session_sorts",
    "session_source",
    "session_where",
]

#: Up to so many sessions, orders without an index are offered (product F13).
SMALL_STORE_SESSIONS: Final = 2000
#: The order by activity parses all metadata in one statement, at about 4 ms for each megabyte.
SMALL_METADATA_CHARS: Final = 6_000_000
ROW_COLUMNS: Final = (
    "agent_id",
    "template_id",
    "created_at",
    "message_count",
    "lineage",
    "updated_at",
    "parent_id",
)
_HAS_STATE: Final = {
    "failures": "FAILED",
    "denials": "DENIED",
    "sealed": "SEALED",
    "approvals": "APPROVAL_REQUIRED",
}


def _metadata(schema: Schema, *path: str) -> str:
    """Return SQL of one member of metadata; nothing else of that column is ever read in lists."""
    return schema.if_json("agents", "metadata", schema.member("agents", "metadata", *path))


def session_source(schema: Schema) -> Source:
    """Return what the list reads of each row."""
    head = tuple(schema.column("agents", name) for name in ROW_COLUMNS[:4])
    lineage = schema.head("agents", "lineage", 20_000)
    updated, parent = _metadata(schema, "updatedAt"), _metadata(schema, "metadata", "parentAgentId")
    light = (*head, "NULL", "NULL", "NULL")
    return Source("agents", schema.key("agents"), (*head, lineage, updated, parent), light)


def session_sorts(reading: Reading, schema: Schema) -> tuple[str, ...]:
    """Return the sort keys that are cheap now."""
    if not is_small(reading):
        return ("created",)
    is_light = _has_light_metadata(reading, schema)
    return ("active", "created", "messages") if is_light else ("created", "messages")


def _has_light_metadata(reading: Reading, schema: Schema) -> bool:
    """Tell whether all metadata together is quick to parse; it may hold long lists of tools."""
    weight = schema.weight("agents", "metadata")
    try:
        chars = reading.fetch(f"SELECT COALESCE(sum({weight}), 0) FROM agents")[0][0]
    except (StatementTimeout, RowTooLarge):
        return False
    return bool(chars <= SMALL_METADATA_CHARS)


def is_small(reading: Reading) -> bool:
    """Tell whether reading every session is cheap, by a count that stops."""
    statement = "SELECT count(*) FROM (SELECT 1 FROM agents LIMIT :rows) AS counted"
    rows = reading.fetch(statement, {"rows": SMALL_STORE_SESSIONS + 1})[0][0]
    return bool(rows <= SMALL_STORE_SESSIONS)


def session_order(schema: Schema, sort: str) -> Order:
    """Return the order of a sort key. Raises InvalidQuery for an unknown one."""
    created = schema.sort_key("agents", "created_at", "''")
    keys = {
        "created": created,
        "active": schema.activity(_metadata(schema, "updatedAt"), created),
        "messages": f"COALESCE({schema.column('agents', 'message_count')}, 0)",
    }
    key = keys.get(sort.removeprefix("-"))
    if key is None:
        raise InvalidQuery(f"Sessions cannot be sorted by {sort.removeprefix('-')!r}.")
    order = Order(key, schema.tie("agents"), place=schema.place(key))
    return order.reversed() if sort.startswith("-") else order


def session_where(
    reading: Reading,
    schema: Schema,
    query: SessionQuery,
    accept: Callable[[Sequence[Any]], bool] | None,
) -> Where:
    """Return the conditions of a query; ``accept`` decides what only the file half knows."""
    where = Where()
    where.accept = accept
    if query.template:
        schema.among(reading, where, "agents", "template_id", query.template)
    if query.created_from is not None or query.created_to is not None:
        # Times are ISO text of one shape, which sorts like the times themselves.
        created = schema.need("agents", "created_at")
        low, high = query.created_from, query.created_to
        if low is not None:
            where.add(f"{created} >= {where.bind(iso_from_ms(low))}")
        if high is not None:
            where.add(f"{created} <= {where.bind(iso_from_ms(high))}")
        where.is_scan = where.is_scan or not query.sort.endswith("created")
    if query.agent_id:
        where.add(schema.contains(where, "agents.agent_id", query.agent_id), is_scan=True)
    for name in query.has:
        _add_has(reading, schema, where, name)
    if where.is_sorted:
        where.is_scan = False
    return where


def _add_has(reading: Reading, schema: Schema, where: Where, name: str) -> None:
    if name == "forks":
        where.add(schema.has_forks(), is_scan=True)
    elif name == "snapshots":
        if not schema.has("snapshots"):
            raise InvalidQuery("This store has no table of snapshots.")
        where.add(
            "EXISTS (SELECT 1 FROM snapshots WHERE snapshots.agent_id = agents.agent_id)",
            is_scan=True,
        )
    elif name == "calls":
        where.add(
            "EXISTS (SELECT 1 FROM tool_calls WHERE tool_calls.agent_id = agents.agent_id)",
            is_scan=True,
        )
    elif name in _HAS_STATE:
        _add_has_state(reading, schema, where, _HAS_STATE[name])
    else:
        raise InvalidQuery(f"Sessions cannot be filtered by what has {name!r}.")


def _add_has_state(reading: Reading, schema: Schema, where: Where, state: str) -> None:
    column = schema.need("tool_calls", "state")
    states = (state, state.lower())
    values = where.bind_all(states)
    if schema.is_few(reading, "tool_calls", "state", states, rows=SELECTIVE_ROWS):
        clause = f"agents.agent_id IN (SELECT agent_id FROM tool_calls WHERE {column} IN {values})"
    else:
        column = schema.unindexed(column)
        clause = (
            "EXISTS (SELECT 1 FROM tool_calls "
            f"WHERE tool_calls.agent_id = agents.agent_id AND {column} IN {values})"
        )
    where.add(clause, is_scan=True)
