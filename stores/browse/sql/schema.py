"""The SDK's tables as one database really has them, and how its dialect spells what lists ask.

The SDK keeps no version in its stores. One of another SDK version, or a damaged one, may lack a
column: its values then read as NULL and its filter is refused; only a missing key column makes a
store foreign. Everything that SQL databases write differently is a method of ``Schema``.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from stores.browse.sql.reading import Reading
from stores.browse.sql.where import Where
from stores.errors import InvalidQuery, StoreUnavailable

__all__ = ["KODE_TABLES", "REQUIRED", "SELECTIVE_ROWS", "Schema", "check_tables"]

#: Table -> (key columns without which a row means nothing, all other columns).
KODE_TABLES: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "agents": (
        ("agent_id",),
        (
            "template_id",
            "created_at",
            "config_version",
            "lineage",
            "message_count",
            "last_sfp_index",
            "last_bookmark",
            "breakpoint",
            "metadata",
        ),
    ),
    "messages": (
        ("agent_id", "seq"),
        ("id", "role", "content", "metadata", "created_at"),
    ),
    "tool_calls": (
        ("id", "agent_id"),
        (
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
        ),
    ),
    "snapshots": (
        ("agent_id", "snapshot_id"),
        ("messages", "last_sfp_index", "last_bookmark", "created_at", "metadata"),
    ),
}
#: Up to so many hits it is cheaper to read them through their index and sort (performance.md 8).
SELECTIVE_ROWS: Final = 5000
REQUIRED: Final = ("agents", "messages", "tool_calls")
_SHOWN_NAMES: Final = 6


@dataclass(frozen=True)
class Schema(ABC):
    """Columns that exist, by table, each with whether it may be NULL; and the dialect's words."""

    tables: dict[str, dict[str, bool]]

    #: Finds the ids of calls in the stored text of a message. Other things have ids too (todos in
    #: an input); asking for those would find calls missing.
    call_ids: ClassVar[re.Pattern[str]]
    #: The planner has statistics, so any filter but a search in payloads is first asked at once.
    is_planned: ClassVar[bool] = False
    #: What ends a recursive step that has found enough, where the dialect allows it there.
    step_limit: ClassVar[str] = ""

    def has(self, table: str, column: str = "") -> bool:
        """Tell whether a table, or a column of it, exists."""
        columns = self.tables.get(table)
        return columns is not None and (not column or column in columns)

    def column(self, table: str, column: str) -> str:
        """Return the SQL that reads a column, JSON and times as text; NULL where it is lacking."""
        return f"{table}.{column}" if self.has(table, column) else "NULL"

    def need(self, table: str, column: str) -> str:
        """Return the SQL of a column that a filter cannot do without.

        Raises:
            InvalidQuery: the store lacks it.
        """
        if not self.has(table, column):
            message = f"This store has no column {table}.{column}, so it cannot be filtered by it."
            raise InvalidQuery(message)
        return f"{table}.{column}"

    def is_nullable(self, table: str, column: str) -> bool:
        """Tell whether a column may hold NULL; the SDK's own key columns may not."""
        return self.tables.get(table, {}).get(column, True)

    def sort_key(self, table: str, column: str, default: str) -> str:
        """Return SQL of a sort expression that is never NULL (a NULL would fall off every page)."""
        if not self.has(table, column):
            # Not the bare default: a number in ORDER BY would name a column by its place.
            return f"COALESCE(NULL, {default})"
        if self.is_nullable(table, column):
            return f"COALESCE({table}.{column}, {default})"
        return f"{table}.{column}"

    def among(
        self, reading: Reading, where: Where, table: str, column: str, values: Sequence[Any]
    ) -> None:
        """Narrow an indexed column to some values, through its index only where they are few.

        Raises:
            InvalidQuery: the store lacks the column.
        """
        needed = self.need(table, column)
        if self.is_few(reading, table, column, values, rows=SELECTIVE_ROWS):
            where.is_sorted = True
            where.add(f"{needed} IN {where.bind_all(values)}")
        else:
            where.add(f"{self.unindexed(needed)} IN {where.bind_all(values)}", is_scan=True)

    def find_call_ids(self, content: str) -> list[str]:
        """Return the ids of calls in the stored text of a message."""
        found = self.call_ids.finditer(content)
        return [next(group for group in match.groups() if group is not None) for match in found]

    def place(self, sort_key: str) -> str:
        """Return how a sort value is read so that it compares equal when it comes back."""
        return sort_key

    def activity(self, updated: str, created: str) -> str:
        """Return the SQL to sort sessions by what was last saved of them, else when made."""
        return f"COALESCE({updated}, {created})"

    def stored(self, table: str, column: str) -> tuple[str, str, str]:
        """Return what to read from, and the SQL of a payload and of its size there."""
        return table, self.column(table, column), self.size(table, column)

    def values(self, table: str, column: str, *, count_cap: int, most: int) -> str:
        """Return the statement that reads the values of a column, each with its capped count."""
        return f"""
            WITH RECURSIVE step(value) AS (
                SELECT min({column}) FROM {table}
                UNION ALL
                SELECT (SELECT min({column}) FROM {table} WHERE {column} > step.value)
                FROM step WHERE step.value IS NOT NULL {self.step_limit}
            )
            SELECT value,
                   (SELECT count(*) FROM (
                        SELECT 1 FROM {table} WHERE {column} = step.value LIMIT {count_cap}
                    ) AS counted)
            FROM step WHERE value IS NOT NULL LIMIT {most}
        """

    def has_forks(self) -> str:
        """Return the condition that another session's id is that of a fork below this one."""
        below = self.below("fork", "agents.agent_id")
        return f"EXISTS (SELECT 1 FROM agents AS fork WHERE {below})"

    @abstractmethod
    def key(self, table: str) -> str:
        """Return the SQL of what names one row of a table."""

    @abstractmethod
    def tie(self, table: str) -> str:
        """Return the SQL that orders rows of the same sort value, different for each row."""

    @abstractmethod
    def head(self, table: str, column: str, chars: int) -> str:
        """Return the SQL of the first characters of a column."""

    @abstractmethod
    def size(self, table: str, column: str) -> str:
        """Return the SQL of the stored size of a column, in bytes."""

    @abstractmethod
    def weight(self, table: str, column: str) -> str:
        """Return the SQL of roughly how large a column is, by the cheapest means."""

    @abstractmethod
    def member(self, table: str, column: str, *path: str) -> str:
        """Return the SQL of a member of a JSON column; wrap it with :meth:`if_json`."""

    @abstractmethod
    def if_json(self, table: str, column: str, sql: str, otherwise: str = "NULL") -> str:
        """Return ``sql`` where the column holds JSON, else the other value."""

    @abstractmethod
    def is_true(self, table: str, column: str, member: str) -> str:
        """Return the condition that a member of a JSON column is true, see :meth:`member`."""

    @abstractmethod
    def flag(self, table: str, column: str, *, is_set: bool) -> str:
        """Return the condition that a column is true, or that it is not (NULL is not)."""

    @abstractmethod
    def unindexed(self, column: str) -> str:
        """Return the SQL of a column that keeps the planner from its index, where it needs that."""

    @abstractmethod
    def numbered(self, column: str, *, in_index: bool = False) -> str:
        """Return the condition that a column holds a whole number, or one that an index answers."""

    @abstractmethod
    def below(self, table: str, ancestor: str) -> str:
        """Return the condition that a session's id is that of a fork below another one."""

    @abstractmethod
    def child(self, ancestor: str, where: Where) -> str:
        """Return the condition that a session's lineage ends in another one, however found.

        May admit too many rows; binds what it needs.
        """

    @abstractmethod
    def holds_types(self, where: Where, types: Sequence[str]) -> None:
        """Narrow messages to those with a block of one of the types."""

    @abstractmethod
    def holds_call(self, call_id: str) -> tuple[str, Any]:
        """Return the condition that a message has the block ``:call_id``, and its value."""

    @abstractmethod
    def duration(self) -> str:
        """Return the SQL of a call's recorded duration, else last audit time minus start."""

    @abstractmethod
    def contains(self, where: Where, expression: str, text: str) -> str:
        """Return the condition that a text occurs, ASCII letters in either case."""

    @abstractmethod
    def is_few(
        self, reading: Reading, table: str, column: str, values: Sequence[Any], *, rows: int
    ) -> bool:
        """Tell whether few rows have one of the values, so that they should be found by those."""

    @abstractmethod
    def is_family_quick(self, reading: Reading) -> bool:
        """Tell whether all children of a session are found without reading every session."""


def check_tables(found: dict[str, dict[str, bool]], names: Sequence[str], what: str) -> None:
    """Check that the tables are those of the SDK. ``what`` says what they are in: this file, ...

    Raises:
        StoreUnavailable: reason ``foreign``, naming what was found instead.
    """
    for table in REQUIRED:
        missing = [key for key in KODE_TABLES[table][0] if key not in found.get(table, {})]
        if missing:
            message = _foreign_message(table, missing, sorted(names), what)
            raise StoreUnavailable(message, reason="foreign")


def _foreign_message(table: str, missing: list[str], names: list[str], what: str) -> str:
    if not names:
        return f"{what} is empty: the KODE SDK has not written any table into it yet."
    if table in names:
        columns = ", ".join(f"{table}.{name}" for name in missing)
        return f"{what}'s tables are not those of the KODE SDK: {columns} is missing."
    shown = ", ".join(_printable(name) for name in names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return (
        f"{what} was not written by the KODE SDK: it has the tables "
        f"{shown}{more}, but not agents, messages and tool_calls."
    )


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:40])
