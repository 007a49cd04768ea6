"""A cell too large to be read costs its own row, and never the rows behind it."""

import shutil
import sqlite3
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from stores.backends.sqlite import connection
from stores.backends.sqlite.connection import Reading
from stores.backends.sqlite.reader import SqliteReader
from stores.browse.queries import MessageQuery, SessionQuery
from stores.browse.sql import walk
from stores.browse.sql.reading import StatementTimeout

_LARGE_ROWID = 5


@pytest.fixture
def large(sdk_db: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SqliteReader]:
    """Return a reader of a copy in which one message is above the limit of a cell."""
    path = tmp_path / "agents.db"
    shutil.copyfile(sdk_db, path)
    writer = sqlite3.connect(path)
    with writer:
        writer.execute(
            "UPDATE messages SET content = ? WHERE rowid = ?", ("x" * 3_000_000, _LARGE_ROWID)
        )
    writer.close()
    monkeypatch.setattr(connection, "MAX_CELL_BYTES", 2_000_000)
    reader = SqliteReader.open("store", path, tmp_path)
    yield reader
    reader.close()


def _answer_slowly(monkeypatch: pytest.MonkeyPatch, *, is_gone: bool) -> None:
    """Let the large row time out, as far as its cell stands before what is read, or be gone."""
    read = walk._one_row

    def one_row(
        reading: Reading,
        source: walk.Source,
        key: Any,
        columns: Sequence[str],
        place: Sequence[Any],
    ) -> list[tuple[Any, ...]]:
        if key == _LARGE_ROWID and is_gone:
            return []
        if key == _LARGE_ROWID and columns != ("messages.agent_id",):
            raise StatementTimeout
        return read(reading, source, key, columns, place)

    monkeypatch.setattr(walk, "_one_row", one_row)


@pytest.mark.parametrize("sort", ["session", "-session", "saved", "-saved"])
def test_rows_behind_an_oversized_one_are_all_there(large: SqliteReader, sort: str) -> None:
    rows = [row for rows in large.iter_messages(MessageQuery(sort=sort)) for row in rows]
    assert len(rows) == 470
    assert [row.size_bytes for row in rows].count(None) == 1


@pytest.mark.parametrize("sort", ["session", "-saved"])
def test_a_row_that_cannot_be_read_is_marked(
    large: SqliteReader, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    """With what stands before the large cell; reading what is behind it takes too long."""
    _answer_slowly(monkeypatch, is_gone=False)
    rows = [row for rows in large.iter_messages(MessageQuery(sort=sort)) for row in rows]
    assert len(rows) == 470
    (marked,) = [row for row in rows if row.size_bytes is None]
    assert marked.agent_id
    assert marked.problems


@pytest.mark.parametrize("sort", ["session", "-saved"])
def test_a_row_that_is_deleted_meanwhile_does_not_end_the_list(
    large: SqliteReader, monkeypatch: pytest.MonkeyPatch, sort: str
) -> None:
    _answer_slowly(monkeypatch, is_gone=True)
    rows = [row for rows in large.iter_messages(MessageQuery(sort=sort)) for row in rows]
    assert len(rows) == 469


def test_the_order_by_activity_is_offered_while_metadata_is_light(
    sdk_db: Path, tmp_path: Path
) -> None:
    """It parses all metadata at once; heavy metadata would make the first page an error page."""
    path = tmp_path / "agents.db"
    shutil.copyfile(sdk_db, path)
    light = SqliteReader.open("store", path, tmp_path)
    assert light.session_sorts() == ("active", "created", "messages")
    light.close()
    writer = sqlite3.connect(path)
    with writer:
        writer.execute("UPDATE agents SET metadata = ?", (f'{{"tools": "{"x" * 200_000}"}}',))
    writer.close()
    heavy = SqliteReader.open("store", path, tmp_path)
    assert heavy.session_sorts() == ("created", "messages")
    assert len(heavy.list_sessions(SessionQuery(limit=50)).rows) == 46
    heavy.close()
