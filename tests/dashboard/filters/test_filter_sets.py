"""From an address to a frozen query, or to reasons."""

from typing import Any
from urllib.parse import urlencode

import pytest
from django.http import QueryDict

from dashboard.filters._base import StoreFilterSet
from dashboard.filters.messages import MessageFilter
from dashboard.filters.sessions import SessionFilter
from dashboard.filters.tool_calls import ToolCallFilter
from stores.interface import (
    BLOCK_TYPES,
    TOOL_CALL_STATES,
    Cursor,
    MessageQuery,
    SessionQuery,
    SessionStatus,
    ToolCallQuery,
)

ALL = [SessionFilter, MessageFilter, ToolCallFilter]
Filters = type[StoreFilterSet[Any]]
OCT_5 = 1_791_158_400_000


@pytest.mark.parametrize(
    ("kind", "address", "query"),
    [
        (SessionFilter, "", SessionQuery(sort="-active")),
        (SessionFilter, "template=a&template=b", SessionQuery(sort="-active", template=("a", "b"))),
        (SessionFilter, "id=01M5", SessionQuery(sort="-active", agent_id="01M5")),
        (SessionFilter, "from=2026-10-05", SessionQuery(sort="-active", created_from=OCT_5)),
        (
            SessionFilter,
            "to=2026-10-05",
            SessionQuery(sort="-active", created_to=OCT_5 + 86_399_999),
        ),
        (
            SessionFilter,
            "status=idle&status=stuck",
            SessionQuery(sort="-active", status=("idle", "stuck")),
        ),
        (
            SessionFilter,
            "has=failures&has=forks",
            SessionQuery(sort="-active", has=("failures", "forks")),
        ),
        (SessionFilter, "sort=messages&limit=200", SessionQuery(sort="messages", limit=200)),
        (MessageFilter, "session=agt-1/fork", MessageQuery(agent_id="agt-1/fork")),
        (MessageFilter, "role=user", MessageQuery(role=("user",))),
        (MessageFilter, "type=image&type=text", MessageQuery(type=("image", "text"))),
        (MessageFilter, "from=1791158400000", MessageQuery(saved_from=OCT_5)),
        (MessageFilter, "to=1791158400000", MessageQuery(saved_to=OCT_5)),
        (MessageFilter, "text=+a+b+", MessageQuery(text="a b")),
        (MessageFilter, "sort=session", MessageQuery(sort="session")),
        (ToolCallFilter, "session=agt-1", ToolCallQuery(agent_id="agt-1")),
        (ToolCallFilter, "tool=a&tool=b&tool=a", ToolCallQuery(name=("a", "b"))),
        (ToolCallFilter, "state=FAILED", ToolCallQuery(state=("FAILED",))),
        (ToolCallFilter, "error=yes", ToolCallQuery(is_error=True)),
        (ToolCallFilter, "error=0", ToolCallQuery(is_error=False)),
        (ToolCallFilter, "approval=pending", ToolCallQuery(approval=("pending",))),
        (ToolCallFilter, "by=hook", ToolCallQuery(decided_by=("hook",))),
        (ToolCallFilter, "template=x", ToolCallQuery(template=("x",))),
        (ToolCallFilter, "from=2026-10-05", ToolCallQuery(created_from=OCT_5)),
        (ToolCallFilter, "min_duration=5s", ToolCallQuery(min_duration_ms=5000)),
        (ToolCallFilter, "text=ENOENT", ToolCallQuery(text="ENOENT")),
        (ToolCallFilter, "tool=&error=&from=&text=", ToolCallQuery()),
    ],
)
def test_an_address_becomes_a_query(kind: Filters, address: str, query: Any) -> None:
    filters = kind(QueryDict(address))
    assert filters.is_valid(), filters.errors
    assert filters.query == query


@pytest.mark.parametrize(
    ("kind", "name", "value"),
    [
        (SessionFilter, "status", "idel"),
        (SessionFilter, "has", "soup"),
        (SessionFilter, "from", "yesterday"),
        (SessionFilter, "id", "x" * 501),
        (MessageFilter, "role", "tool"),
        (MessageFilter, "type", "sound"),
        (MessageFilter, "to", "2026-02-30"),
        (MessageFilter, "text", "x" * 501),
        (ToolCallFilter, "state", "failed"),
        (ToolCallFilter, "error", "maybe"),
        (ToolCallFilter, "approval", "no"),
        (ToolCallFilter, "by", "me"),
        (ToolCallFilter, "min_duration", "5x"),
    ],
)
def test_a_wrong_value_is_an_error_at_its_field(kind: Filters, name: str, value: str) -> None:
    filters = kind(QueryDict(urlencode({name: value})))
    assert not filters.is_valid()
    assert list(filters.field_errors) == [name]
    assert [term.is_wrong for term in filters.terms()] == [True]


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize(
    "name", ["creatd_from", "utm_source", "q", "__all__", "<script>", "offset"]
)
def test_an_unknown_name_is_an_error_at_the_top(kind: Filters, name: str) -> None:
    filters = kind(QueryDict(urlencode({name: "1"})))
    assert not filters.is_valid()
    assert len(filters.top_errors) == 1
    assert name[:40] in filters.top_errors[0]


@pytest.mark.parametrize("kind", ALL)
def test_a_bad_sort_or_page_size_names_the_good_ones(kind: Filters) -> None:
    filters = kind(QueryDict("sort=-rowid&limit=51"))
    assert not filters.is_valid()
    assert any(kind.sorts[0] in reason for reason in filters.top_errors)
    assert any("25, 50, 100 or 200" in reason for reason in filters.top_errors)


@pytest.mark.parametrize(
    "address", ["session=a&session=b", "sort=created&sort=name", "from=1&from=2"]
)
def test_a_single_value_given_twice_is_refused(address: str) -> None:
    assert not ToolCallFilter(QueryDict(address)).is_valid()


def test_a_range_that_ends_before_it_starts_is_refused() -> None:
    filters = SessionFilter(QueryDict("from=2026-10-06&to=2026-10-05"))
    assert not filters.is_valid()
    assert filters.field_errors == {"to": "The end is before the start."}


def test_a_sort_that_is_dear_on_this_store_is_refused() -> None:
    assert SessionFilter(QueryDict("sort=-active")).is_valid()
    assert not SessionFilter(QueryDict("sort=-active"), sorts=("created",)).is_valid()


def test_a_hundred_values_are_refused() -> None:
    filters = ToolCallFilter(QueryDict(urlencode([("tool", str(n)) for n in range(100)])))
    assert filters.field_errors["tool"].startswith("At most 50 values")


@pytest.mark.parametrize("kind", ALL)
def test_a_place_of_this_list_is_kept(kind: Filters) -> None:
    query = kind(QueryDict("")).query
    cursor = Cursor(query.sort, (5, "x"))
    text = cursor.encode(scope=query.scope("store"))
    assert kind(QueryDict(f"after={text}")).placed("store").cursor == cursor


@pytest.mark.parametrize(
    "address",
    [
        "after={0}&status=idle",  # other filters
        "after={0}&sort=created",  # another order
        "before={0}",  # another direction
        "after={0}&before={0}",
        "after=garbage",
        "after=%00",
        "before=" + "A" * 5000,
    ],
)
def test_a_foreign_place_is_a_notice_and_the_first_page(address: str) -> None:
    text = Cursor("-created", (5, "x")).encode(scope=SessionQuery().scope("store"))
    filters = SessionFilter(QueryDict(address.format(text)))
    assert filters.is_valid()
    assert filters.placed("store").cursor is None
    assert len(filters.notices) == 1


def test_a_place_of_another_store_is_foreign() -> None:
    text = Cursor("-created", (5, "x")).encode(scope=SessionQuery().scope("one"))
    assert SessionFilter(QueryDict(f"after={text}")).placed("two").cursor is None


def test_choices_cover_all_that_stores_know() -> None:
    def values(kind: Filters, name: str) -> tuple[str, ...]:
        return tuple(choice.value for choice in kind.base_filters[name].choices)

    assert set(values(SessionFilter, "status")) == {status.value for status in SessionStatus}
    assert values(MessageFilter, "type") == BLOCK_TYPES
    assert values(ToolCallFilter, "state") == TOOL_CALL_STATES


@pytest.mark.parametrize("kind", ALL)
def test_every_filter_has_a_place_in_the_form(kind: Filters) -> None:
    assert sorted(name for group in kind.groups for name in group.names) == sorted(
        kind.base_filters
    )


def test_sessions_of_a_large_store_open_by_creation() -> None:
    assert SessionFilter(QueryDict(""), sorts=("created",)).query.sort == "-created"
