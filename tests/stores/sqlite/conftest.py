"""Readers of the real SDK's store, and the same rows read independently with plain sqlite3."""

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from stores.backends.sqlite.reader import SqliteReader

Rows = list[dict[str, Any]]


@pytest.fixture(scope="session")
def sdk_db(kode_data: Path) -> Path:
    """Return the SQLite store that the SDK wrote."""
    return kode_data / "sqlite" / "agents.db"


@pytest.fixture
def reader(sdk_db: Path) -> Iterator[SqliteReader]:
    """Return a reader of the SDK's store."""
    reader = SqliteReader.open("store", sdk_db, sdk_db.parent / "store")
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def plain(sdk_db: Path) -> dict[str, Rows]:
    """Return all rows by table, read without any code of ours."""
    connection = sqlite3.connect(sdk_db.as_uri() + "?mode=ro", uri=True)
    connection.row_factory = sqlite3.Row
    tables = {
        table: [dict(row) for row in connection.execute(f"SELECT rowid, * FROM {table}")]
        for table in ("agents", "messages", "tool_calls", "snapshots")
    }
    connection.close()
    for row in tables["tool_calls"]:
        row["approval"] = json.loads(row["approval"])
        row["audit_trail"] = json.loads(row["audit_trail"])
    for row in tables["messages"]:
        row["blocks"] = json.loads(row["content"])
    return tables
