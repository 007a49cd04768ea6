"""How SQLite spells what lists ask, and which of the SDK's tables a file really has."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from stores.backends.sqlite.connection import Reading
from stores.browse.sql.reading import Reading as AnyReading
from stores.browse.sql.reading import StatementTimeout
from stores.browse.sql.schema import KODE_TABLES, Schema, check_tables
from stores.browse.sql.sessions import is_small
from stores.browse.sql.where import Where, like_pattern

__all__ = ["SqliteSchema", "read_schema"]

_MIN, _MAX = -(1 << 63), (1 << 63) - 1
_CALL_IDS: Final = re.compile(
    r'"(?:type":\s?"tool_use",\s?"id|tool_use_id)":\s?"((?:[^"\\]|\\.){1,200})"'
)


@dataclass(frozen=True)
class SqliteSchema(Schema):
    """The dialect of SQLite, where JSON is text that may be broken."""

    call_ids: ClassVar[re.Pattern[str]] = _CALL_IDS
    step_limit: ClassVar[str] = "LIMIT 201"

    def key(self, table: str) -> str:
        return f"{table}.rowid"

    def tie(self, table: str) -> str:
        # Every index entry ends in it, so this order needs no sort.
        return f"{table}.rowid"

    def head(self, table: str, column: str, chars: int) -> str:
        return f"substr({self.column(table, column)}, 1, {chars})"

    def size(self, table: str, column: str) -> str:
        return f"length(CAST({self.column(table, column)} AS BLOB))"

    def weight(self, table: str, column: str) -> str:
        return f"length({self.column(table, column)})"

    def member(self, table: str, column: str, *path: str) -> str:
        return f"json_extract({self.column(table, column)}, '$.{'.'.join(path)}')"

    def if_json(self, table: str, column: str, sql: str, otherwise: str = "NULL") -> str:
        # json_extract fails the whole statement on text that is not JSON, so that is asked first.
        return f"CASE WHEN json_valid({self.column(table, column)}) THEN {sql} ELSE {otherwise} END"

    def is_true(self, table: str, column: str, member: str) -> str:
        return f"{self.member(table, column, member)} = 1"

    def flag(self, table: str, column: str, *, is_set: bool) -> str:
        return f"{self.need(table, column)} IS {'' if is_set else 'NOT '}1"

    def unindexed(self, column: str) -> str:
        return f"+{column}"

    def numbered(self, column: str, *, in_index: bool = False) -> str:
        if in_index:
            return f"{column} BETWEEN {_MIN} AND {_MAX}"
        return f"typeof({column}) = 'integer'"

    def below(self, table: str, ancestor: str) -> str:
        # Ids of forks are the parent's id, a slash and more; "0" is the character after "/".
        return f"{table}.agent_id > {ancestor} || '/' AND {table}.agent_id < {ancestor} || '0'"

    def child(self, ancestor: str, where: Where) -> str:
        mention = where.bind(like_pattern(f'"{ancestor}"]'))
        return f"{self.column('agents', 'lineage')} LIKE {mention} ESCAPE '\\'"

    def holds_types(self, where: Where, types: Sequence[str]) -> None:
        content = self.need("messages", "content")
        # The cheap search for the quoted word leaves few rows whose JSON is then really read. LIKE
        # is three times as fast at it as instr. "_" in a type's name matches any character here,
        # which the exact test then sorts out.
        patterns = [f'%"{name}"%' for name in types]
        words = " OR ".join(f"{content} LIKE {where.bind(pattern)}" for pattern in patterns)
        values = where.bind_all(types)
        where.add(
            f"""({words}) AND CASE WHEN json_valid({content}) THEN EXISTS (
                SELECT 1 FROM json_each({content}) AS block
                WHERE block.type = 'object' AND json_extract(block.value, '$.type') IN {values}
            ) ELSE 0 END""",
            is_scan=True,
        )

    def holds_call(self, call_id: str) -> tuple[str, Any]:
        # Where a block cannot be told from another mention of the id, the first mention counts.
        content = self.column("messages", "content")
        mentions = f"instr({content}, :call_id) > 0"
        return f"""{mentions} AND instr({content}, '"tool_use"') > 0""", f'"{call_id}"'

    def duration(self) -> str:
        recorded = self.column("tool_calls", "duration_ms")
        started = self.column("tool_calls", "started_at")
        trail = self.column("tool_calls", "audit_trail")
        state = self.column("tool_calls", "state")
        last = f"json_extract({trail}, '$[#-1].timestamp')"
        return f"""
            CASE WHEN typeof({recorded}) = 'integer' AND {recorded} > 0 THEN {recorded}
                 WHEN typeof({started}) = 'integer' AND json_valid({trail})
                      AND upper({state}) IN ('COMPLETED', 'FAILED', 'DENIED', 'SEALED')
                 THEN {last} - {started} END
        """

    def contains(self, where: Where, expression: str, text: str) -> str:
        if "\x00" in text:  # LIKE would end the pattern there
            return f"instr({expression}, {where.bind(text)}) > 0"
        return f"{expression} LIKE {where.bind(like_pattern(text))} ESCAPE '\\'"

    def is_few(
        self, reading: AnyReading, table: str, column: str, values: Sequence[Any], *, rows: int
    ) -> bool:
        """Probe: the SDK never runs ANALYZE, so SQLite does not know; a short index walk tells."""
        marks = ", ".join(f":v{index}" for index in range(len(values)))
        params = {f"v{index}": value for index, value in enumerate(values)}
        statement = f"""
            SELECT count(*)
            FROM (SELECT 1 FROM {table} WHERE {column} IN ({marks}) LIMIT {rows + 1})
        """
        try:
            return bool(reading.fetch(statement, params)[0][0] <= rows)
        except StatementTimeout:
            return False

    def is_family_quick(self, reading: AnyReading) -> bool:
        return is_small(reading)


def read_schema(reading: Reading) -> SqliteSchema:
    """Read the tables of the SDK that are there.

    Raises:
        StoreUnavailable: reason ``foreign``, naming what was found instead.
    """
    found = reading.fetch(
        "SELECT name, type FROM sqlite_master WHERE type IN ('table', 'view') LIMIT 500"
    )
    names = {str(name) for name, kind in found if kind == "table"}
    tables: dict[str, dict[str, bool]] = {}
    for table, (keys, others) in KODE_TABLES.items():
        if table not in names:
            continue
        rows = reading.fetch(f"""SELECT name, "notnull" OR pk FROM pragma_table_info('{table}')""")
        known = {*keys, *others}
        tables[table] = {str(name): not is_filled for name, is_filled in rows if name in known}
    check_tables(tables, sorted(names), "This SQLite file")
    return SqliteSchema(tables)
