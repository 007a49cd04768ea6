"""Lists of tool calls: their filters and orders in SQL, their rows as records."""

import json
from collections.abc import Sequence
from typing import Any, Final

from stores.browse.calls import call_row_from_columns
from stores.browse.queries import ToolCallQuery
from stores.browse.records import ToolCallRow
from stores.browse.sql.keyset import Order
from stores.browse.sql.reading import RawText, Reading
from stores.browse.sql.schema import Schema
from stores.browse.sql.walk import Source
from stores.browse.sql.where import Where
from stores.errors import InvalidQuery

__all__ = [
    "CALL_COLUMNS",
    "call_columns",
    "call_order",
    "call_row",
    "call_source",
    "call_where",
    "columns_of",
]

PREFIX_CHARS: Final = 400
#: Approval and audit trail are read whole; this only bounds what a hostile row can cost.
JSON_CHARS: Final = 20_000
#: Names under which calls.py expects the columns, in the order in which they are read.
ROW_COLUMNS: Final = (
    "id",
    "agent_id",
    "name",
    "state",
    "is_error",
    "input",
    "result",
    "result_size",
    "error",
    "created_at",
    "started_at",
    "completed_at",
    "duration_ms",
    "approval",
    "audit_trail",
)
#: All columns of the table, for one call in full.
CALL_COLUMNS: Final = (
    "id",
    "agent_id",
    "name",
    "input",
    "state",
    "approval",
    "result",
    "error",
    "is_error",
    "started_at",
    "completed_at",
    "duration_ms",
    "created_at",
    "updated_at",
    "audit_trail",
)
_FEW_SESSIONS: Final = 100
_PAYLOADS: Final = ("input", "result", "error", "approval", "audit_trail")
_ORDERS: Final = {
    "created": ("created_at", "0", True),
    "name": ("name", "''", False),
    "state": ("state", "''", False),
    "session": ("agent_id", "''", False),
}


def call_columns(schema: Schema) -> tuple[str, ...]:
    """Return the SQL of every column of a call, NULL for those that the file lacks."""
    return tuple(schema.column("tool_calls", name) for name in CALL_COLUMNS)


def call_source(schema: Schema) -> Source:
    """Return what the list reads of each row."""
    full, light = [], []
    for name in ROW_COLUMNS:
        stored = "result" if name == "result_size" else name
        column = schema.column("tool_calls", stored)
        if name == "result_size":
            column = schema.size("tool_calls", stored)
        elif name in _PAYLOADS:
            chars = PREFIX_CHARS if name in ("input", "result") else JSON_CHARS
            column = schema.head("tool_calls", name, chars)
        full.append(column)
        light.append("NULL" if stored in _PAYLOADS else column)
    return Source("tool_calls", schema.key("tool_calls"), tuple(full), tuple(light))


def call_order(schema: Schema, sort: str) -> Order:
    """Return the order of a sort key. Raises InvalidQuery for an unknown one."""
    name = sort.removeprefix("-")
    if name not in _ORDERS:
        raise InvalidQuery(f"Tool calls cannot be sorted by {name!r}.")
    column, default, is_index_descending = _ORDERS[name]
    key = schema.sort_key("tool_calls", column, default)
    order = Order(key, schema.tie("tool_calls"), is_first_descending=is_index_descending)
    return order if sort.startswith("-") == is_index_descending else order.reversed()


def call_where(reading: Reading, schema: Schema, query: ToolCallQuery) -> Where:
    """Return the conditions of a query. Raises InvalidQuery for a filter this file lacks."""
    where = Where()
    if query.agent_id is not None:
        where.one_session("tool_calls", query.agent_id)
    if query.name:
        schema.among(reading, where, "tool_calls", "name", query.name)
    if query.state:
        states = [spelled for state in query.state for spelled in (state.upper(), state.lower())]
        schema.among(reading, where, "tool_calls", "state", states)
    if query.template:
        _add_templates(reading, schema, where, query.template)
    if query.is_error is not None:
        flag = schema.flag("tool_calls", "is_error", is_set=query.is_error)
        where.add(flag, is_scan=True)
    if query.created_from is not None or query.created_to is not None:
        created = schema.need("tool_calls", "created_at")
        where.between(created, query.created_from, query.created_to)
        # In any other order the range is a filter like others.
        where.is_scan = where.is_scan or not query.sort.endswith("created")
    _add_approval(schema, where, query)
    if query.min_duration_ms is not None:
        where.add(f"{schema.duration()} >= {where.bind(query.min_duration_ms)}", is_scan=True)
    if query.text:
        _add_text(schema, where, query.text)
    if where.is_sorted:
        # An index has found the few rows already; what else is asked is checked on those.
        where.is_scan = False
    return where


def call_row(row: Sequence[Any]) -> ToolCallRow:
    """Return the record of one row of :func:`call_source`."""
    return call_row_from_columns(columns_of(ROW_COLUMNS, row))


def columns_of(names: Sequence[str], row: Sequence[Any]) -> dict[str, Any]:
    """Return named values; text that is not UTF-8 as its bytes, so that it is reported."""
    return {
        name: value.raw if type(value) is RawText else value
        for name, value in zip(names, row, strict=False)
    }


def _add_templates(
    reading: Reading, schema: Schema, where: Where, templates: Sequence[str]
) -> None:
    template = schema.need("agents", "template_id")
    values = where.bind_all(templates)
    sessions = f"SELECT agents.agent_id FROM agents WHERE {template} IN {values}"
    if schema.is_few(reading, "agents", "template_id", templates, rows=_FEW_SESSIONS):
        # Few sessions: through the index on agent_id, unless those few hold very many calls.
        many = f"""
            SELECT count(*) FROM (
                SELECT 1 FROM tool_calls WHERE tool_calls.agent_id IN ({sessions}) LIMIT 2001
            ) AS counted
        """
        if reading.fetch(many, where.params)[0][0] <= 2000:
            where.is_sorted = True
            where.add(f"tool_calls.agent_id IN ({sessions})")
            return
    where.add(
        f"EXISTS (SELECT 1 FROM agents WHERE agents.agent_id = tool_calls.agent_id "
        f"AND {schema.unindexed(template)} IN {values})",
        is_scan=True,
    )


def _add_approval(schema: Schema, where: Where, query: ToolCallQuery) -> None:
    if not query.approval and not query.decided_by:
        return
    schema.need("tool_calls", "approval")
    asked = schema.is_true("tool_calls", "approval", "required")
    decision = schema.member("tool_calls", "approval", "decision")
    tests = {
        "asked": asked,
        "pending": f"{asked} AND {decision} IS NULL",
        "allow": f"{decision} = 'allow'",
        "deny": f"{decision} = 'deny'",
    }
    wanted = []
    for name in query.approval:
        if name not in tests:
            raise InvalidQuery(f"There is no approval filter {name!r}.")
        wanted.append(f"({tests[name]})")
    clauses = [" OR ".join(wanted)] if wanted else []
    if query.decided_by:
        decided_by = schema.member("tool_calls", "approval", "decidedBy")
        clauses.append(f"{decided_by} IN {where.bind_all(query.decided_by)}")
    both = " AND ".join(f"({clause})" for clause in clauses)
    where.add(schema.if_json("tool_calls", "approval", both, "0"), is_scan=True)


def _add_text(schema: Schema, where: Where, text: str) -> None:
    # Input and result are JSON text: a quote or a new line in what is sought is escaped in there.
    in_json = json.dumps(text, ensure_ascii=False)[1:-1]
    parts = [
        schema.contains(where, schema.column("tool_calls", "input"), in_json),
        schema.contains(where, schema.column("tool_calls", "result"), in_json),
        schema.contains(where, schema.column("tool_calls", "error"), text),
    ]
    where.add(" OR ".join(parts), is_scan=True)
