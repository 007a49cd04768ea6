"""Find out which of the SDK's tables and columns a file really has.

The SDK keeps no version in its files. A store of another SDK version, or a damaged one, may lack
a column: its values then read as NULL and its filter is refused; only a missing key column makes
the file foreign.
"""

from dataclasses import dataclass
from typing import Final

from stores.backends.sqlite.connection import Reading
from stores.errors import InvalidQuery, StoreUnavailable

__all__ = ["KODE_TABLES", "Schema", "read_schema"]

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
_REQUIRED: Final = ("agents", "messages", "tool_calls")
_SHOWN_NAMES: Final = 6


@dataclass(frozen=True)
class Schema:
    """Columns that exist, by table, each with whether it may be NULL."""

    tables: dict[str, dict[str, bool]]

    def has(self, table: str, column: str = "") -> bool:
        """Tell whether a table, or a column of it, exists."""
        columns = self.tables.get(table)
        return columns is not None and (not column or column in columns)

    def column(self, table: str, column: str) -> str:
        """Return the SQL that reads a column, NULL when the file lacks it."""
        return f"{table}.{column}" if self.has(table, column) else "NULL"

    def need(self, table: str, column: str) -> str:
        """Return the SQL of a column that a filter cannot do without.

        Raises:
            InvalidQuery: the file lacks it.
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


def read_schema(reading: Reading) -> Schema:
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
    for table in _REQUIRED:
        keys = KODE_TABLES[table][0]
        missing = [key for key in keys if key not in tables.get(table, {})]
        if missing:
            raise StoreUnavailable(
                _foreign_message(table, missing, sorted(names)), reason="foreign"
            )
    return Schema(tables)


def _foreign_message(table: str, missing: list[str], names: list[str]) -> str:
    if not names:
        return "This SQLite file is empty: the KODE SDK has not written any table into it yet."
    if table in names:
        columns = ", ".join(f"{table}.{name}" for name in missing)
        return f"This file's tables are not those of the KODE SDK: {columns} is missing."
    shown = ", ".join(_printable(name) for name in names[:_SHOWN_NAMES])
    more = f" and {len(names) - _SHOWN_NAMES} more" if len(names) > _SHOWN_NAMES else ""
    return (
        "This SQLite file was not written by the KODE SDK: it has the tables "
        f"{shown}{more}, but not agents, messages and tool_calls."
    )


def _printable(name: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in name[:40])
