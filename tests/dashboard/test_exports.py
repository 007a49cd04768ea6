"""Whole lists as files, safe for spreadsheets and exact for programs."""

import csv
import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from dashboard.exports import (
    MESSAGE_FIELDS,
    SESSION_FIELDS,
    TOOL_CALL_FIELDS,
    csv_lines,
    formula_safe,
    jsonl_lines,
)
from stores.interface import Approval, StoreUnavailable
from tests.dashboard.fakes import (
    HOSTILE,
    FakeReader,
    make_message,
    make_session,
    make_tool_call,
)

LISTS: list[tuple[str, str, Callable[..., Any]]] = [
    ("sessions", "sessions", make_session),
    ("messages", "messages", make_message),
    ("tool-calls", "tool_calls", make_tool_call),
]
each_list = pytest.mark.parametrize(("path", "name", "make"), LISTS)
STARTS = ["=", "+", "-", "@", "\t", "\r", "\0", "＝", "＋", "－", "＠", "−"]


def rows_of(lines: Any) -> list[list[str]]:
    text = b"".join(lines).decode()
    return list(csv.reader(StringIO(text, newline="")))


def body(client: Client, path: str) -> bytes:
    response = client.get(path)
    assert response.status_code == 200
    return b"".join(response.streaming_content)  # type: ignore[attr-defined]  # streamed


@each_list
def test_all_rows_of_the_filtered_list_leave_in_both_formats(
    path: str, name: str, make: Any, reader: FakeReader, viewer: Client
) -> None:
    setattr(reader, name, [make(number) for number in range(5)])
    lines = list(csv.DictReader(StringIO(body(viewer, f"/browse/agents/{path}.csv").decode())))
    objects = [
        json.loads(line)
        for line in body(viewer, f"/browse/agents/{path}.jsonl").decode().splitlines()
    ]
    assert len(lines) == len(objects) == 5
    assert list(lines[0]) == list(objects[0])
    assert lines[3]["agent_id"] == objects[3]["agent_id"] == getattr(reader, name)[3].agent_id


@each_list
def test_an_export_asks_what_the_page_asks_without_a_limit(
    path: str, name: str, make: Any, reader: FakeReader, viewer: Client
) -> None:
    viewer.get(f"/browse/agents/{path}/?from=2026-01-01")
    body(viewer, f"/browse/agents/{path}.csv?from=2026-01-01")
    asked = reader.asked
    assert asked[0].filters() == asked[1].filters() != {}
    assert asked[0].sort == asked[1].sort


@each_list
def test_the_file_is_named_for_store_list_and_day(
    path: str, name: str, make: Any, reader: FakeReader, viewer: Client
) -> None:
    response = viewer.get(f"/browse/agents/{path}.jsonl")
    expected = f'attachment; filename="agents-{path}-2026-10-18.jsonl"'
    assert response["Content-Disposition"] == expected
    assert response["X-Content-Type-Options"] == "nosniff"
    assert b"".join(response.streaming_content) == b""  # type: ignore[attr-defined]


@each_list
def test_wrong_filters_export_nothing_and_say_why(
    path: str, name: str, make: Any, reader: FakeReader, viewer: Client
) -> None:
    response = viewer.get(f"/browse/agents/{path}.csv?creatd_from=1&from=soon")
    assert response.status_code == 422
    assert b"creatd_from" in response.content
    assert b"soon" in response.content
    assert not reader.asked


@each_list
def test_an_error_on_the_way_is_the_visible_end(
    path: str, name: str, make: Any, reader: FakeReader, viewer: Client
) -> None:
    setattr(reader, name, [make(number) for number in range(5)])
    reader.error = StoreUnavailable("The file is gone.", reason="missing")
    lines = body(viewer, f"/browse/agents/{path}.csv").decode().split("\r\n")
    assert lines[-2] == '"# Export stopped here, rows are missing: The file is gone."'
    assert len(lines) == 5
    last = json.loads(body(viewer, f"/browse/agents/{path}.jsonl").splitlines()[-1])
    assert last == {"error": "# Export stopped here, rows are missing: The file is gone."}


def test_a_store_that_is_dead_at_once_is_an_error_page(
    reader: FakeReader, viewer: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dead(query: Any) -> Any:
        raise StoreUnavailable("The file is gone.", reason="missing")
        yield

    monkeypatch.setattr(reader, "iter_sessions", dead)
    response = viewer.get("/browse/agents/sessions.csv")
    assert response.status_code == 503
    assert "Content-Disposition" not in response


@each_list
def test_only_who_may_export_gets_a_file(
    path: str, name: str, make: Any, reader: FakeReader, client_for: Callable[[str], Client]
) -> None:
    assert client_for("anonymous").get(f"/browse/agents/{path}.csv").status_code == 302
    assert client_for("nobody").get(f"/browse/agents/{path}.csv").status_code == 403


@pytest.mark.parametrize("start", STARTS)
@pytest.mark.parametrize("before", ["", " ", "   ", "\u00a0", "\ufeff"])
def test_what_looks_like_a_formula_gets_a_quote(start: str, before: str) -> None:
    text = f"{before}{start}cmd|' /C calc'!A0"
    assert formula_safe(text) == f"'{text}"


@pytest.mark.parametrize("text", ["plain", "a=b", "", " ", "1-2", "a\n=b", "é", "'=x"])
def test_other_text_stays_as_it_is(text: str) -> None:
    assert formula_safe(text) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60))
def test_csv_comes_back_as_written_or_with_one_quote_before(text: str) -> None:
    rows = rows_of(csv_lines([(make_message(1, preview=text),)], MESSAGE_FIELDS))
    cell = dict(zip(*rows, strict=True))["preview"]
    assert cell in (text, f"'{text}")


@given(st.text(max_size=60))
def test_jsonl_comes_back_as_it_was(text: str) -> None:
    (line,) = jsonl_lines([(make_message(1, preview=text),)], MESSAGE_FIELDS)
    preview = json.loads(line)["preview"]
    plain = "".join("\ufffd" if "\ud800" <= one <= "\udfff" else one for one in text)
    assert preview == plain
    assert line.count(b"\n") == 1


def test_numbers_stay_numbers_and_unknown_is_empty() -> None:
    call = make_tool_call(1, duration_ms=-5, result_size_bytes=None, is_error=True)
    lines = b"".join(csv_lines([(call,)], TOOL_CALL_FIELDS)).decode().split("\r\n")
    assert ',"true",-5,"false",' in lines[1]
    cells = dict(zip(*rows_of([lines[0].encode(), b"\r\n", lines[1].encode()]), strict=True))
    assert cells["result_size_bytes"] == ""
    assert cells["duration_ms"] == "-5"


def test_lines_end_and_quote_as_rfc_4180_says() -> None:
    data = b"".join(csv_lines([(make_session(1, first_text='a "b"\r\nc,d'),)], SESSION_FIELDS))
    assert data.endswith(b"\r\n")
    assert b'"a ""b""\r\nc,d"' in data


def test_hostile_text_leaves_whole() -> None:
    call = make_tool_call(1, name=HOSTILE, approval=Approval(decision="deny", decided_by=HOSTILE))
    (line,) = jsonl_lines([(call,)], TOOL_CALL_FIELDS)
    record = json.loads(line)
    assert record["name"] == HOSTILE.replace("\ud800", "\ufffd")
    assert record["approval_decision"] == "deny"
    assert b"".join(csv_lines([(call,)], TOOL_CALL_FIELDS)).decode().count("<script>") == 2


def test_memory_stays_flat() -> None:
    """The writer takes a chunk only when the reader of the file asks for more."""
    taken = []

    def chunks() -> Any:
        for number in range(1000):
            taken.append(number)
            yield (make_session(number),)

    lines = csv_lines(chunks(), SESSION_FIELDS)
    for _ in range(3):
        next(lines)
    assert len(taken) <= 3
