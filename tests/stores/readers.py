"""The SDK's own rows in every kind of store, and the same rows read without any code of ours.

A kind is a name in ``KINDS``, an opener in ``OPENERS`` and a plain reading in ``PLAIN``; tests that
take the fixtures ``reader`` and ``plain`` of :mod:`tests.stores.reader` then run over it as well.
"""

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import psycopg
from psycopg.rows import dict_row

from stores.backends.jsondir.reader import JsonReader
from stores.backends.postgres.connection import PostgresTarget
from stores.backends.postgres.reader import PostgresReader
from stores.backends.postgres.schema import SCHEMA
from stores.backends.sqlite.reader import SqliteReader
from stores.browse.reader import Reader
from tests.servers import fresh_postgres
from tests.stores.json_copy import json_rows, write_json_copy

__all__ = ["KINDS", "Copies", "Rows", "json_copy", "opened", "plain_rows", "postgres_copy"]

Rows = list[dict[str, Any]]

KINDS: Final = ("sqlite", "postgres", "json")
_TABLES: Final = ("agents", "messages", "tool_calls", "snapshots")


@dataclass(frozen=True)
class Copies:
    """Where the SDK's rows are in the other kinds, each made at its first use."""

    postgres: Callable[[], str]
    json: Callable[[], Path]


@contextmanager
def opened(kind: str, kode_data: Path, copies: Copies) -> Iterator[Reader]:
    """Open a reader of the SDK's SQLite store, or of its rows in another kind of store."""
    files = kode_data / "sqlite" / "store"
    reader: SqliteReader | PostgresReader | JsonReader
    if kind == "sqlite":
        reader = SqliteReader.open("store", kode_data / "sqlite" / "agents.db", files)
    elif kind == "postgres":
        target = PostgresTarget.from_url(copies.postgres())
        reader = PostgresReader.open("store", target, files)
    else:
        base = copies.json()
        reader = JsonReader("store", base, base.parent / "index")
    try:
        yield reader
    finally:
        reader.close()


def plain_rows(kind: str, kode_data: Path, copies: Copies) -> dict[str, Rows]:
    """Return all rows by table, JSON as stored, ``is_error`` as 0 or 1, times of agents as ISO."""
    if kind == "sqlite":
        tables = _sqlite_rows(kode_data)
    elif kind == "postgres":
        tables = _postgres_rows(copies.postgres())
    else:
        tables = json_rows(copies.json())
    for row in tables["tool_calls"]:
        row["approval"] = json.loads(row["approval"])
        row["audit_trail"] = json.loads(row["audit_trail"])
    for row in tables["messages"]:
        row["blocks"] = json.loads(row["content"])
    return tables


@contextmanager
def postgres_copy(kode_data: Path) -> Iterator[str]:
    """Put the rows of the SDK's SQLite store into a PostgreSQL database as the SDK would."""
    tables = _sqlite_rows(kode_data)
    with fresh_postgres() as url:
        with psycopg.connect(url) as connection:
            for statement in SCHEMA:
                connection.execute(statement)
            for table, rows in tables.items():
                names = [name for name in rows[0] if name != "rowid"]
                marks = ", ".join(f"%({name})s" for name in names)
                insert = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"
                connection.cursor().executemany(insert, [_as_saved(row) for row in rows])
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("ANALYZE")
        yield url


def json_copy(kode_data: Path, base: Path) -> Path:
    """Put the rows of the SDK's SQLite store into a folder of JSON as the SDK would."""
    write_json_copy(_sqlite_rows(kode_data), kode_data / "sqlite" / "store", base)
    return base


def _as_saved(row: dict[str, Any]) -> dict[str, Any]:
    """Return what the SDK sends for a row: a call that is no error has NULL."""
    saved = {name: _fit(value) for name, value in row.items()}
    if "is_error" in saved:
        saved["is_error"] = True if saved["is_error"] else None
    return saved


def _fit(value: Any) -> Any:
    """Return stored JSON without what jsonb cannot hold: NUL and halves of surrogate pairs."""
    if not isinstance(value, str) or "\\u" not in value:
        return value
    text = json.dumps(json.loads(value), ensure_ascii=False)
    whole = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return whole.replace("\\u0000", "?")


def _sqlite_rows(kode_data: Path) -> dict[str, Rows]:
    path = kode_data / "sqlite" / "agents.db"
    connection = sqlite3.connect(path.as_uri() + "?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    tables = {
        table: [dict(row) for row in connection.execute(f"SELECT rowid, * FROM {table}")]
        for table in _TABLES
    }
    connection.close()
    return tables


def _postgres_rows(url: str) -> dict[str, Rows]:
    columns = {
        "agents": '*, to_char(created_at, \'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"\') AS created_at',
        "messages": "*, content::text AS content",
        "tool_calls": "*, input::text AS input, result::text AS result, approval::text AS approval,"
        " audit_trail::text AS audit_trail, (is_error IS TRUE)::int AS is_error",
        "snapshots": "*",
    }
    with psycopg.connect(url, row_factory=dict_row) as connection:
        return {
            table: connection.execute(f"SELECT {names} FROM {table}").fetchall()
            for table, names in columns.items()
        }
