"""A search that runs out of time says how far it came and goes on from there."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stores.backends.sqlite.reader import SqliteReader
from stores.browse.queries import MessageQuery, Page, Query, SessionQuery, ToolCallQuery
from stores.browse.sql import walk
from stores.browse.sql.reading import StatementTimeout
from stores.errors import StoreUnavailable

CASES: list[tuple[str, Query]] = [
    ("messages", MessageQuery(text="boss")),
    ("messages", MessageQuery(type=("image",), sort="session")),
    ("messages", MessageQuery(text="no message says this")),
    ("tool_calls", ToolCallQuery(min_duration_ms=1000)),
    ("tool_calls", ToolCallQuery(approval=("asked",), sort="name")),
    ("sessions", SessionQuery(has=("calls",))),
    ("sessions", SessionQuery(status=("idle",), sort="-active")),
]


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """End every search after its first chunk of ten rows."""
    monkeypatch.setattr(walk, "SEARCH_BUDGET_MS", 0)
    monkeypatch.setattr(walk, "COUNT_BUDGET_MS", 0)
    monkeypatch.setattr(walk, "_FIRST_CHUNK", 10)


def _lists(reader: SqliteReader, kind: str) -> Callable[[Any], Page[Any]]:
    return getattr(reader, f"list_{kind}")  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    ("kind", "query"),
    CASES,
    ids=lambda case: case if isinstance(case, str) else str(case.filters()),
)
def test_going_on_finds_all_that_an_unhurried_search_finds(
    reader: SqliteReader, request: pytest.FixtureRequest, kind: str, query: Query
) -> None:
    expected = _lists(reader, kind)(replace(query, limit=1000)).rows
    request.getfixturevalue("hurried")
    found: list[Any] = []
    page, pages = _lists(reader, kind)(query), 1
    assert page.searched_to is not None
    while True:
        found += page.rows
        if page.next is None:
            break
        page, pages = _lists(reader, kind)(replace(query, cursor=page.next)), pages + 1
        assert pages < 200
    assert found == list(expected)
    assert page.searched_to is None
    assert pages > 3


@pytest.mark.usefixtures("hurried")
def test_a_count_that_stops_says_at_least(reader: SqliteReader) -> None:
    count = reader.count_messages(MessageQuery(text="e"))
    assert not count.is_exact
    assert 0 < count.value <= 10


def test_a_row_that_cannot_be_searched_in_time_is_passed_over_and_counted(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ToolCallQuery(min_duration_ms=0, limit=200)
    everything = reader.list_tool_calls(query).rows
    select = walk._select

    def slow(*args: Any) -> Any:
        rows = select(*args)
        if any(everything[7].id in row for row in rows):
            raise StatementTimeout
        return rows

    monkeypatch.setattr(walk, "_select", slow)
    page = reader.list_tool_calls(query)
    assert page.rows == everything[:7] + everything[8:]
    assert page.notices == ("1 row took too long to search and is not shown.",)


def test_a_store_that_cannot_even_be_stepped_through_says_so(
    reader: SqliteReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(*_args: Any) -> Any:
        raise StatementTimeout

    monkeypatch.setattr(walk, "_chunk_end", slow)
    with pytest.raises(StoreUnavailable, match="too slowly"):
        reader.list_messages(MessageQuery(text="e"))
