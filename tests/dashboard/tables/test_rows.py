"""Compiled rows: the same cells as django-tables2 renders, and hostile text stays text."""

from types import SimpleNamespace
from typing import Any

import pytest

from dashboard.address import Address
from dashboard.tables._links import Links
from dashboard.tables._table import StoreTable
from dashboard.tables.messages import MessageTable
from dashboard.tables.sessions import SessionTable
from dashboard.tables.tool_calls import ToolCallTable
from stores.interface import Approval, Page
from tests.dashboard.fakes import HOSTILE, NOW, make_message, make_session, make_tool_call
from tests.dashboard.markup import Markup

LINKS = Links("/s/", "/m/", "/t/", NOW, "a%3Db")
TABLES: list[tuple[type[StoreTable], Any]] = [
    (SessionTable, make_session),
    (MessageTable, make_message),
    (ToolCallTable, make_tool_call),
]
HOSTILE_CHANGES: dict[Any, dict[str, Any]] = {
    make_session: {"agent_id": HOSTILE, "template_id": HOSTILE, "first_text": HOSTILE,
                   "relation": "fork", "parent_id": HOSTILE},
    make_message: {"agent_id": HOSTILE, "role": HOSTILE, "block_types": (HOSTILE,),
                   "preview": HOSTILE},
    make_tool_call: {"id": HOSTILE, "agent_id": HOSTILE, "name": HOSTILE, "state": HOSTILE,
                     "input_preview": HOSTILE, "error": HOSTILE,
                     "approval": Approval(decision=HOSTILE, decided_by=HOSTILE)},
}  # fmt: skip


def table_of(kind: type[StoreTable], *rows: Any, sort: str = "-created") -> StoreTable:
    address = Address("/list/", (("tool", "x"), ("after", "c")))
    sorts = ("created", "name", "saved", "session")
    return kind(Page(rows), links=LINKS, address=address, sort=sort, sorts=sorts)


def body_of(table: StoreTable) -> Markup:
    html = f"<table><tbody>{table.body()}</tbody></table>"
    return Markup(SimpleNamespace(content=html.encode()))


@pytest.mark.parametrize(("kind", "make"), TABLES)
def test_rows_hold_the_cells_that_django_tables2_renders(kind: Any, make: Any) -> None:
    table = table_of(kind, make(1), make(2, problems=("content is not valid JSON",)))
    parsed = body_of(table)
    for row, ours in zip(table.rows, parsed.rows, strict=True):
        theirs = [
            Markup(SimpleNamespace(content=f"<i>{cell}</i>".encode())).text for cell in row.cells
        ]
        assert ours == theirs


@pytest.mark.parametrize(("kind", "make"), TABLES)
def test_hostile_text_adds_no_element_and_no_attribute(kind: Any, make: Any) -> None:
    hostile = make(1, problems=(HOSTILE,), **HOSTILE_CHANGES[make])
    page = body_of(table_of(kind, hostile))
    allowed = {"tr", "th", "td", "a", "span", "div", "time", "svg", "use", "table", "tbody"}
    assert {element.tag for element in page.all()} <= allowed
    names = {name for element in page.all() for name in element.attrs}
    assert names <= {
        "class", "href", "title", "scope", "datetime", "data-row", "data-state", "aria-hidden",
        "aria-label",
    }  # fmt: skip
    assert "<script>alert(1)</script>" in page.text
    assert "\x00" not in page.source
    assert "\u202e" not in page.source


@pytest.mark.parametrize(("kind", "make"), TABLES)
def test_a_row_with_problems_says_which(kind: Any, make: Any) -> None:
    page = body_of(table_of(kind, make(1, problems=("content is not valid JSON",))))
    mark = page.one("span", data_state="soft")
    assert "content is not valid JSON" in mark.text
    assert mark.all("svg")


@pytest.mark.parametrize(("kind", "make"), TABLES)
def test_unknown_values_are_a_dash_never_zero(kind: Any, make: Any) -> None:
    nothing = {
        make_session: {"created_at": None, "failed_count": None, "message_count": None},
        make_message: {"saved_at": None, "size_bytes": None},
        make_tool_call: {"created_at": None, "duration_ms": None, "result_size_bytes": None},
    }[make]
    row = body_of(table_of(kind, make(1, **nothing))).rows[0]
    assert row.count("–") >= len(nothing)


def test_each_number_of_a_session_leads_to_its_rows() -> None:
    session = make_session(1, denied_count=2, sealed_count=3, fork_count=4)
    page = body_of(table_of(SessionTable, session))
    hrefs = {a.text: a.attrs["href"] for a in page.all("a", **{"class": "count"})}
    assert hrefs["1"] == "/t/?session=agt-0001&state=FAILED"
    assert hrefs["2"] == "/t/?session=agt-0001&state=DENIED"
    assert hrefs["3"] == "/t/?session=agt-0001&state=SEALED"
    assert "tab=snapshots" in page.all("a", **{"class": "count"})[-1].attrs["href"]


def test_the_first_link_of_a_row_opens_it_and_remembers_the_list() -> None:
    def first(kind: type[StoreTable], row: Any) -> str:
        return body_of(table_of(kind, row)).all("a")[0].attrs["href"]

    assert first(SessionTable, make_session(1)) == "/s/agt-0001/?list=a%3Db"
    assert first(MessageTable, make_message(7)) == "/s/agt-0001/?seq=7#m7"
    assert first(ToolCallTable, make_tool_call(1)) == "/t/call-0001/?list=a%3Db"


def test_a_derived_duration_is_marked() -> None:
    row = body_of(table_of(ToolCallTable, make_tool_call(is_duration_derived=True))).rows[0]
    assert "≈ 1.16 s" in row


def test_heads_sort_where_it_is_cheap_and_say_how_it_is_sorted() -> None:
    heads = {head.title: head for head in table_of(ToolCallTable, sort="-created").heads()}
    assert heads["Created, UTC"].aria_sort == "descending"
    assert heads["Created, UTC"].href == "/list/?tool=x&sort=created"
    assert heads["Tool"].href == "/list/?tool=x&sort=name"
    assert heads["Duration"].href == ""
    again = {head.title: head for head in table_of(ToolCallTable, sort="name").heads()}
    assert again["Tool"].aria_sort == "ascending"
    assert again["Tool"].href == "/list/?tool=x&sort=-name"


@pytest.mark.parametrize("kind", [SessionTable, MessageTable, ToolCallTable])
def test_columns_that_sort_are_named_by_their_public_key(kind: type[StoreTable]) -> None:
    known = {"created", "active", "messages", "saved", "session", "name", "state"}
    assert {name for name, column in kind.base_columns.items() if column.orderable} <= known
