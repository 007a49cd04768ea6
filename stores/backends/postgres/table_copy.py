"""Take the SDK's tables out of a PostgreSQL database as of one moment, and put them back.

Text comes out of ``COPY`` in an order and a form that depend on no setting of the server, so that
equal tables give equal bytes.
"""

from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import IsolationLevel, sql

from stores.backends.postgres.connection import PostgresConnection, PostgresTarget
from stores.backends.postgres.failures import DRIVER_ERRORS
from stores.errors import StoreUnavailable

__all__ = [
    "TABLES",
    "count_rows",
    "fill_table",
    "has_tables",
    "is_empty",
    "read_table",
    "reading",
    "writing",
]

#: Table -> its columns, the keys that order it first; parents come before children.
TABLES: Final[dict[str, tuple[str, ...]]] = {
    "agents": (
        "agent_id", "template_id", "created_at", "config_version", "lineage", "message_count",
        "last_sfp_index", "last_bookmark", "breakpoint", "metadata",
    ),
    "messages": ("id", "agent_id", "role", "content", "seq", "metadata", "created_at"),
    "tool_calls": (
        "id", "agent_id", "name", "input", "state", "approval", "result", "error", "is_error",
        "started_at", "completed_at", "duration_ms", "created_at", "updated_at", "audit_trail",
    ),
    "snapshots": (
        "agent_id", "snapshot_id", "messages", "last_sfp_index", "last_bookmark", "created_at",
        "metadata",
    ),
}  # fmt: skip
_KEY_LENGTH: Final = {"snapshots": 2}


def has_tables(target: PostgresTarget) -> bool:
    """Tell whether the database has the SDK's tables.

    Raises:
        StoreUnavailable: it cannot be reached, or has only some of them.
    """
    with reading(target) as connection:
        statement = (
            "SELECT count(*) FROM unnest(%s::text[]) AS name WHERE to_regclass(name) IS NOT NULL"
        )
        row = connection.execute(statement, (list(TABLES),)).fetchone()
    found = row[0] if row else 0
    if found not in (0, len(TABLES)):
        message = "This database has only some of the KODE SDK's tables; it is another program's."
        raise StoreUnavailable(message, reason="foreign")
    return bool(found)


def is_empty(target: PostgresTarget) -> bool:
    """Tell whether there is no row in any of the SDK's tables, or no table."""
    if not has_tables(target):
        return True
    with reading(target) as connection:
        return not any(count_rows(connection, table) for table in TABLES)


@contextmanager
def reading(target: PostgresTarget) -> Iterator[PostgresConnection]:
    """Hold one read-only snapshot of the database: every statement sees the same moment.

    Raises:
        StoreError: what the server refused, translated.
    """
    connection = target.connect()
    try:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.transaction():
            connection.execute("SET LOCAL datestyle = 'ISO, YMD'")
            yield connection
    except DRIVER_ERRORS as exc:
        raise target.translate(exc) from exc
    finally:
        connection.close()


@contextmanager
def writing(target: PostgresTarget) -> Iterator[PostgresConnection]:
    """Hold one transaction that is committed at the end, or not at all.

    Raises:
        StoreError: what the server refused, translated.
    """
    connection = target.connect()
    try:
        with connection.transaction():
            connection.execute("SET LOCAL datestyle = 'ISO, YMD'")
            connection.execute("LOCK TABLE agents IN EXCLUSIVE MODE")
            yield connection
    except DRIVER_ERRORS as exc:
        raise target.translate(exc) from exc
    finally:
        connection.close()


def count_rows(connection: PostgresConnection, table: str) -> int:
    """Return the number of rows of a table."""
    statement = sql.SQL("SELECT count(*) FROM {table}").format(table=sql.Identifier(table))
    row = connection.execute(statement).fetchone()
    return int(row[0]) if row else 0


def read_table(connection: PostgresConnection, table: str) -> Generator[bytes, None, None]:
    """Yield the rows of a table as COPY text, by primary key, byte by byte."""
    keys = TABLES[table][: _KEY_LENGTH.get(table, 1)]
    order = (sql.SQL('{key} COLLATE "C"').format(key=sql.Identifier(key)) for key in keys)
    statement = sql.SQL(
        "COPY (SELECT {columns} FROM {table} ORDER BY {order}) TO STDOUT (ENCODING 'UTF8')"
    ).format(columns=_columns(table), table=sql.Identifier(table), order=sql.SQL(", ").join(order))
    with connection.cursor() as cursor, cursor.copy(statement) as copied:
        for chunk in copied:
            yield bytes(chunk)


def fill_table(connection: PostgresConnection, table: str, chunks: Iterable[bytes]) -> None:
    """Add rows that ``read_table`` gave."""
    statement = sql.SQL("COPY {table} ({columns}) FROM STDIN (ENCODING 'UTF8')").format(
        table=sql.Identifier(table), columns=_columns(table)
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copying:
        for chunk in chunks:
            copying.write(chunk)


def _columns(table: str) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, TABLES[table]))
