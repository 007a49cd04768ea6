"""Keyset pages join up: forth and back, each row once, whatever the order."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stores.browse.queries import (
    Cursor,
    MessageQuery,
    Page,
    Query,
    SessionQuery,
    ToolCallQuery,
)
from stores.browse.reader import Reader
from stores.errors import InvalidCursor, InvalidQuery, StoreUnavailable

CASES = [
    *(("sessions", SessionQuery(sort=sort)) for sort in ("created", "active", "messages")),
    *(("messages", MessageQuery(sort=sort)) for sort in ("saved", "session")),
    *(("tool_calls", ToolCallQuery(sort=sort)) for sort in ("created", "name", "state", "session")),
    ("messages", MessageQuery(sort="saved", text="e")),
    ("messages", MessageQuery(sort="session", role=("assistant",))),
    ("tool_calls", ToolCallQuery(sort="created", state=("COMPLETED",))),
    ("tool_calls", ToolCallQuery(sort="name", min_duration_ms=1)),
    ("sessions", SessionQuery(sort="created", has=("calls",))),
    ("sessions", SessionQuery(sort="active", status=("idle",))),
]


def _list(reader: Reader, kind: str) -> Callable[[Any], Page[Any]]:
    return getattr(reader, f"list_{kind}")  # type: ignore[no-any-return]


def _key(row: Any) -> Any:
    return getattr(row, "id", None) or (row.agent_id, getattr(row, "seq", None))


@pytest.mark.parametrize("descending", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("limit", [7, 25])
@pytest.mark.parametrize(
    ("kind", "query"),
    CASES,
    ids=lambda case: case if isinstance(case, str) else f"{case.sort} {case.filters()}",
)
def test_pages_join_up_forth_and_back(
    reader: Reader, kind: str, query: Query, limit: int, *, descending: bool
) -> None:
    query = replace(query, sort=("-" if descending else "") + query.sort, limit=limit)
    list_page = _list(reader, kind)
    page = list_page(query)
    forth = [page]
    while page.next:
        text = page.next.encode(scope="here")
        page = list_page(replace(query, cursor=Cursor.decode(text, scope="here", sort=query.sort)))
        forth.append(page)
    everything = [_key(row) for page in forth for row in page.rows]
    assert len(everything) == len(set(everything))
    whole = list_page(replace(query, limit=1000))
    assert everything == [_key(row) for row in whole.rows]
    back = [_key(row) for row in page.rows]
    while page.previous:
        page = list_page(replace(query, cursor=page.previous))
        back = [_key(row) for row in page.rows] + back
    assert back == everything


def test_up_is_down_reversed(reader: Reader) -> None:
    up = reader.list_tool_calls(ToolCallQuery(sort="created", limit=200)).rows
    down = reader.list_tool_calls(ToolCallQuery(sort="-created", limit=200)).rows
    assert up == down[::-1]


@pytest.mark.parametrize("kind", ["sessions", "messages", "tool_calls"])
def test_an_unknown_sort_is_refused(reader: Reader, kind: str) -> None:
    query = {"sessions": SessionQuery, "messages": MessageQuery, "tool_calls": ToolCallQuery}[kind]
    with pytest.raises(InvalidQuery, match="cannot be sorted by"):
        _list(reader, kind)(query(sort="created_at; DROP TABLE agents"))


def test_a_cursor_is_bound_to_its_scope_and_sort() -> None:
    text = Cursor("-created", (5, "x")).encode(scope="a")
    assert Cursor.decode(text, scope="a", sort="-created").values == (5, "x")
    for scope, sort in (("b", "-created"), ("a", "created")):
        with pytest.raises(InvalidCursor):
            Cursor.decode(text, scope=scope, sort=sort)
    for damaged in (text[:-2], "A" + text[1:], "", "%%%", "x" * 5000, text + "AA"):
        with pytest.raises(InvalidCursor):
            Cursor.decode(damaged, scope="a", sort="-created")


def test_rows_that_were_passed_over_end_an_export_with_an_error(
    reader: Reader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file cannot show notices, and must not look whole when it is not."""
    page = reader.list_messages(MessageQuery(limit=25))
    short = replace(page, next=None, notices=("1 row took too long to search.",))
    monkeypatch.setattr(reader, "list_messages", lambda query: short)
    chunks = reader.iter_messages(MessageQuery())
    assert next(chunks) == page.rows
    with pytest.raises(StoreUnavailable, match="took too long"):
        next(chunks)
