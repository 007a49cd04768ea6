"""How PostgreSQL spells what lists ask, and which of the SDK's tables a database really has."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

from stores.browse.sql.reading import Reading
from stores.browse.sql.schema import KODE_TABLES, Schema, check_tables
from stores.browse.sql.where import Where, like_pattern
from stores.errors import StoreUnavailable

__all__ = ["PostgresSchema", "read_schema"]

#: A payload stored in more than this is described and not read: turning it into text is dear.
_MOST_STORED: Final = 8 * 1024 * 1024
#: jsonb keeps the shorter name first, then in order of its bytes: id, then meta or name.
_CALL_IDS: Final = re.compile(
    r'"(?:tool_use_id":\s?"((?:[^"\\]|\\.){1,200})"'
    r'|id":\s?"((?:[^"\\]|\\.){1,200})",\s?"(?:meta|name)":)'
)
_ASCII_LOWER: Final = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_JSON: Final = frozenset({"json", "jsonb"})
_PLAIN: Final = frozenset({"bool", "int2", "int4", "int8", "text", "varchar"})
_ISO: Final = """'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'"""


@dataclass(frozen=True)
class PostgresSchema(Schema):
    """The dialect of PostgreSQL, where JSON is checked and the planner has statistics."""

    #: Names of the types of the columns, by table.
    types: dict[str, dict[str, str]] = field(default_factory=dict)

    call_ids: ClassVar[re.Pattern[str]] = _CALL_IDS
    is_planned: ClassVar[bool] = True

    def column(self, table: str, column: str) -> str:
        if not self.has(table, column):
            return "NULL::text"
        name, kind = f"{table}.{column}", self.types[table][column]
        if kind == "timestamp":  # the wall clock that is stored is UTC
            return f"to_char({name}, {_ISO})"
        if kind == "timestamptz":
            return f"to_char({name} AT TIME ZONE 'UTC', {_ISO})"
        return name if kind in _PLAIN else f"{name}::text"

    def sort_key(self, table: str, column: str, default: str) -> str:
        is_time = self.types.get(table, {}).get(column, "").startswith("timestamp")
        return super().sort_key(table, column, "'-infinity'" if is_time else default)

    def place(self, sort_key: str) -> str:
        # A time as text: it may be one that Python's datetime cannot hold.
        return f"({sort_key})::text" if sort_key == self._created() else sort_key

    def activity(self, updated: str, created: str) -> str:
        made = self.column("agents", "created_at")
        return f"""COALESCE({updated}, {made}, '') COLLATE "C\""""

    def key(self, table: str) -> str:
        name = "agent_id" if table == "agents" else "id"
        return f"{table}.{name}" if self.has(table, name) else f"{table}.ctid"

    def tie(self, table: str) -> str:
        if table != "messages":
            return self.key(table)
        # All messages of a save have nearly the same time: then they come as they were said.
        return """(messages.agent_id || lpad(messages.seq::text, 10, '0')) COLLATE "C\""""

    def head(self, table: str, column: str, chars: int) -> str:
        text = self.column(table, column)
        if not self.has(table, column):
            return text
        stored = f"pg_column_size({table}.{column})"
        return f"CASE WHEN {stored} <= {_MOST_STORED} THEN left({text}, {chars}) END"

    def size(self, table: str, column: str) -> str:
        if not self.has(table, column):
            return "NULL::integer"
        stored = f"pg_column_size({table}.{column})"
        text = self.column(table, column)
        return f"CASE WHEN {stored} <= {_MOST_STORED} THEN octet_length({text}) ELSE {stored} END"

    def stored(self, table: str, column: str) -> tuple[str, str, str]:
        # Made into text once, whatever is asked of it.
        text = self.column(table, column)
        source = f"{table} CROSS JOIN LATERAL (SELECT {text} AS whole OFFSET 0) AS payload"
        return source, "payload.whole", "octet_length(payload.whole)"

    def weight(self, table: str, column: str) -> str:
        return f"pg_column_size({table}.{column})" if self.has(table, column) else "0"

    def member(self, table: str, column: str, *path: str) -> str:
        if not self.has(table, column):
            return "NULL::text"
        return f"({self._json(table, column)} #>> '{{{','.join(path)}}}')"

    def if_json(self, table: str, column: str, sql: str, otherwise: str = "NULL") -> str:
        return sql

    def is_true(self, table: str, column: str, member: str) -> str:
        return f"({self._json(table, column)} -> '{member}') = 'true'::jsonb"

    def flag(self, table: str, column: str, *, is_set: bool) -> str:
        name, negation = self.need(table, column), "" if is_set else "NOT "
        return f"{name} IS {negation}TRUE"  # NULL is no error

    def unindexed(self, column: str) -> str:
        return column

    def numbered(self, column: str, *, in_index: bool = False) -> str:
        return "TRUE"

    def below(self, table: str, ancestor: str) -> str:
        # Not by a range of ids: under most collations "/" does not sort where it stands.
        named = f"starts_with({table}.agent_id, {ancestor}::text || '/')"
        if self.types.get("agents", {}).get("lineage") != "jsonb":
            return named
        return f"{table}.lineage @> jsonb_build_array({ancestor}::text) AND {named}"

    def has_forks(self) -> str:
        # All parents of forks at once: looked up by one, each session costs a walk of an index.
        lineage = self._json("fork", "lineage")
        return f"""agents.agent_id IN (
            SELECT parent.agent_id
            FROM agents AS fork
            CROSS JOIN LATERAL jsonb_array_elements_text(
                CASE WHEN jsonb_typeof({lineage}) = 'array' THEN {lineage} ELSE '[]' END
            ) AS parent (agent_id)
            WHERE strpos(fork.agent_id, '/') > 0
              AND starts_with(fork.agent_id, parent.agent_id || '/')
        )"""

    def child(self, ancestor: str, where: Where) -> str:
        mark, lineage = where.bind(ancestor), self._json("agents", "lineage")
        return f"{lineage} @> jsonb_build_array({mark}::text) AND {lineage} ->> -1 = {mark}::text"

    def holds_types(self, where: Where, types: Sequence[str]) -> None:
        content = self._json("messages", "content")
        wanted = (where.bind(json.dumps([{"type": name}])) for name in types)
        where.is_sorted = True
        where.add(" OR ".join(f"{content} @> {mark}::jsonb" for mark in wanted))

    def holds_call(self, call_id: str) -> tuple[str, Any]:
        block = json.dumps([{"type": "tool_use", "id": call_id}])
        return f"{self._json('messages', 'content')} @> :call_id::jsonb", block

    def duration(self) -> str:
        if not all(self.has("tool_calls", name) for name in ("started_at", "audit_trail", "state")):
            return self.column("tool_calls", "duration_ms")
        recorded = self.column("tool_calls", "duration_ms")
        last = f"{self._json('tool_calls', 'audit_trail')} -> -1 -> 'timestamp'"
        return f"""
            CASE WHEN {recorded} > 0 THEN {recorded}
                 WHEN upper(tool_calls.state) IN ('COMPLETED', 'FAILED', 'DENIED', 'SEALED')
                      AND jsonb_typeof({last}) = 'number'
                 THEN ({last})::numeric - tool_calls.started_at END
        """

    def contains(self, where: Where, expression: str, text: str) -> str:
        if "\x00" in text:
            return "FALSE"  # no text of PostgreSQL holds one
        pattern = where.bind(like_pattern(text).translate(_ASCII_LOWER))
        return f"""lower({expression} COLLATE "C") LIKE {pattern}"""

    def is_few(
        self, reading: Reading, table: str, column: str, values: Sequence[Any], *, rows: int
    ) -> bool:
        """Leave it to the planner, which has statistics."""
        return True

    def is_family_quick(self, reading: Reading) -> bool:
        return self.types.get("agents", {}).get("lineage") == "jsonb"

    def _json(self, table: str, column: str) -> str:
        name = f"{table}.{column}"
        kind = self.types.get("agents" if table == "fork" else table, {}).get(column)
        return name if kind == "jsonb" else f"{name}::jsonb"

    def _created(self) -> str:
        return self.sort_key("agents", "created_at", "''")


_TABLES: Final = """
    SELECT c.relname, a.attname, t.typname, a.attnotnull,
           has_column_privilege(c.oid, a.attnum, 'SELECT')
    FROM unnest(:names::text[]) AS wanted (name)
    JOIN pg_catalog.pg_class AS c ON c.oid = to_regclass(quote_ident(wanted.name))
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
    JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
    WHERE c.relkind IN ('r', 'p') AND NOT a.attisdropped
"""
_OTHERS: Final = """
    SELECT c.relname FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
      AND pg_catalog.pg_table_is_visible(c.oid)
    ORDER BY c.relname LIMIT 500
"""


def read_schema(reading: Reading) -> PostgresSchema:
    """Read the tables of the SDK that are there, as the role's search_path finds them.

    Raises:
        StoreUnavailable: reason ``foreign``, naming what was found instead, or ``permission``
            when the role may not read them.
    """
    types: dict[str, dict[str, str]] = {}
    tables: dict[str, dict[str, bool]] = {}
    closed: dict[str, None] = {}
    for table, column, kind, is_filled, is_open in reading.fetch(
        _TABLES, {"names": list(KODE_TABLES)}
    ):
        keys, others = KODE_TABLES[table]
        if column in (*keys, *others):
            types.setdefault(table, {})[column] = kind
            tables.setdefault(table, {})[column] = not is_filled
            if not is_open:
                closed[table] = None
    names = [str(row[0]) for row in reading.fetch(_OTHERS)] if len(tables) < 3 else list(tables)
    check_tables(tables, names, "This database")
    if closed:
        message = (
            f"The role of this store may not read {', '.join(closed)}. "
            "GRANT it SELECT on agents, messages, tool_calls and snapshots."
        )
        raise StoreUnavailable(message, reason="permission")
    return PostgresSchema(tables, types)
