"""How MySQL and MariaDB spell what the lists of the dashboard ask."""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from stores.browse.sql.reading import Reading
from stores.browse.sql.schema import KODE_TABLES, Schema, check_tables
from stores.browse.sql.where import Where, like_pattern

__all__ = ["MySQLSchema", "read_schema"]

#: Texts out of JSON have a collation of their own, and do not mix with the columns' otherwise.
_BYTES: Final = "COLLATE utf8mb4_bin"
_CALL_IDS: Final = re.compile(
    r'"(?:tool_use_id":\s?"((?:[^"\\]|\\.){1,200})"'
    r'|id":\s?"((?:[^"\\]|\\.){1,200})",\s?"(?:meta|name|input)":)'
)


@dataclass(frozen=True)
class MySQLSchema(Schema):
    """The dialect of MySQL and MariaDB; JSON is checked and the planner has statistics."""

    call_ids: ClassVar[re.Pattern[str]] = _CALL_IDS
    is_planned: ClassVar[bool] = True

    def activity(self, updated: str, created: str) -> str:
        made = self.column("agents", "created_at")
        return f"COALESCE({updated}, CONVERT({made} USING utf8mb4) {_BYTES}, '')"

    def values(self, table: str, column: str, *, count_cap: int, most: int) -> str:
        # Without LATERAL, a count cannot be capped; the index of the column answers this one.
        return f"""
            SELECT {column}, COUNT(*)
            FROM {table}
            GROUP BY {column}
            ORDER BY COUNT(*) DESC
            LIMIT {most}
        """

    def key(self, table: str) -> str:
        if table == "snapshots":
            return "CONCAT(snapshots.agent_id, ' ', snapshots.snapshot_id)"
        return f"{table}.{'agent_id' if table == 'agents' else 'id'}"

    def tie(self, table: str) -> str:
        if table != "messages":
            return self.key(table)
        # All messages of a save have the same time: then they come as they were said.
        return "CONCAT(messages.agent_id, LPAD(messages.seq, 10, '0'))"

    def head(self, table: str, column: str, chars: int) -> str:
        return f"LEFT({self.column(table, column)}, {chars})"

    def size(self, table: str, column: str) -> str:
        return f"OCTET_LENGTH({self.column(table, column)})"

    def weight(self, table: str, column: str) -> str:
        return f"COALESCE({self.size(table, column)}, 0)"

    def member(self, table: str, column: str, *path: str) -> str:
        return f"(JSON_VALUE({self.column(table, column)}, '$.{'.'.join(path)}') {_BYTES})"

    def if_json(self, table: str, column: str, sql: str, otherwise: str = "NULL") -> str:
        return sql

    def is_true(self, table: str, column: str, member: str) -> str:
        return f"JSON_VALUE({self.column(table, column)}, '$.{member}') IN ('true', '1')"

    def flag(self, table: str, column: str, *, is_set: bool) -> str:
        return f"{self.need(table, column)} IS {'' if is_set else 'NOT '}TRUE"

    def unindexed(self, column: str) -> str:
        return column

    def numbered(self, column: str, *, in_index: bool = False) -> str:
        return "TRUE"

    def below(self, table: str, ancestor: str) -> str:
        inside = f"CONCAT({ancestor}, '/')"
        return f"LEFT({table}.agent_id, CHAR_LENGTH({inside})) = {inside}"

    def child(self, ancestor: str, where: Where) -> str:
        return f"{_last(self.column('agents', 'lineage'))} = {where.bind(ancestor)}"

    def holds_types(self, where: Where, types: Sequence[str]) -> None:
        found = f"JSON_EXTRACT({self.need('messages', 'content')}, '$[*].type')"
        tests = (f"JSON_CONTAINS({found}, JSON_QUOTE({where.bind(name)}))" for name in types)
        where.add(" OR ".join(tests), is_scan=True)

    def holds_call(self, call_id: str) -> tuple[str, Any]:
        block = json.dumps({"type": "tool_use", "id": call_id})
        return f"JSON_CONTAINS({self.column('messages', 'content')}, :call_id)", block

    def duration(self) -> str:
        recorded = self.column("tool_calls", "duration_ms")
        last = _last(self.column("tool_calls", "audit_trail"), ".timestamp")
        return f"""
            CASE WHEN {recorded} > 0 THEN {recorded}
                 WHEN UPPER(tool_calls.state) IN ('COMPLETED', 'FAILED', 'DENIED', 'SEALED')
                 THEN CAST({last} AS SIGNED) - tool_calls.started_at END
        """

    def contains(self, where: Where, expression: str, text: str) -> str:
        return f"LOWER({expression}) LIKE {where.bind(like_pattern(text).lower())}"

    def is_few(
        self, reading: Reading, table: str, column: str, values: Sequence[Any], *, rows: int
    ) -> bool:
        """Leave it to the planner, which has statistics."""
        return True

    def is_family_quick(self, reading: Reading) -> bool:
        return False


def _last(column: str, member: str = "") -> str:
    """Return the SQL of the last item of a JSON list, or of a member of it."""
    path = f"CONCAT('$[', JSON_LENGTH({column}) - 1, ']{member}')"
    return f"(JSON_UNQUOTE(JSON_EXTRACT({column}, {path})) {_BYTES})"


def read_schema(reading: Reading) -> MySQLSchema:
    """Read the tables of the SDK that are there.

    Raises:
        StoreUnavailable: reason ``foreign``, naming what was found instead.
    """
    statement = """
        SELECT table_name, column_name, is_nullable = 'YES'
        FROM information_schema.COLUMNS
        WHERE table_schema = DATABASE()
        LIMIT 2000
    """
    tables: dict[str, dict[str, bool]] = {}
    names = set()
    for table, column, is_nullable in reading.fetch(statement):
        names.add(table)
        if table in KODE_TABLES and column in {
            name for part in KODE_TABLES[table] for name in part
        }:
            tables.setdefault(table, {})[column] = bool(is_nullable)
    check_tables(tables, sorted(names), "This database")
    return MySQLSchema(tables)
