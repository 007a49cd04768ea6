"""What stands around the rows."""

import pytest
from django.http import QueryDict

from dashboard.address import Address
from dashboard.filters.sessions import SessionFilter
from dashboard.tables.page import ListPage
from stores.interface import Count, Cursor, Page
from tests.dashboard.fakes import NOW, make_session


def shown(address: str = "", page: Page | None = None) -> ListPage:  # type: ignore[type-arg]
    params = QueryDict(address)
    filters = SessionFilter(params)
    pairs = tuple((name, value) for name, values in params.lists() for value in values if value)
    found = ListPage(
        noun="sessions",
        address=Address("/s/", pairs),
        filters=filters,
        query=filters.placed("store"),
    )
    found.page, found.store_id = page or Page(), "store"
    return found


@pytest.mark.parametrize(
    ("total", "words"),
    [
        (Count(1), "1 session"),
        (Count(470), "470 sessions"),
        (Count(1000, is_exact=False), "1,000+ sessions"),
        (Count(312, is_exact=False), "at least 312 sessions"),
    ],
)
def test_a_count_says_what_it_is(total: Count, words: str) -> None:
    found = shown(page=Page((make_session(),), next=Cursor("-created", (1, "a"))))
    found.total = total
    assert found.counted == words


def test_a_whole_list_needs_no_count() -> None:
    assert shown(page=Page((make_session(), make_session(1)))).counted == "2 sessions"
    assert shown(page=Page((make_session(),), next=Cursor("-created", (1, "a")))).counted == ""


def test_a_search_that_was_cut_says_how_far_it_came_and_goes_on() -> None:
    place = Cursor("-created", (NOW, "a"))
    found = shown("template=x", Page((), next=place, searched_to=NOW))
    assert found.searched == "Searched back to 18 Oct 2026 06:15:16 UTC."
    assert found.continue_href.startswith("/s/?template=x&after=")
    assert found.counted == ""


def test_links_to_other_rows_drop_the_place_and_keep_the_rest() -> None:
    found = shown("template=x&sort=created&limit=25&after=garbage")
    assert found.clear_href == "/s/?sort=created&limit=25"
    assert found.chips[0].href == "/s/?sort=created&limit=25"
    assert [link.href for link in found.sizes][1] == "/s/?template=x&sort=created&limit=50"
    assert found.hidden == [("sort", "created"), ("limit", "25")]


def test_a_chip_removes_one_of_several_values() -> None:
    chips = shown("has=calls&has=forks").chips
    assert [chip.label for chip in chips] == ["has:calls", "has:forks"]
    assert [chip.href for chip in chips] == ["/s/?has=forks", "/s/?has=calls"]


def test_exports_keep_filters_and_order() -> None:
    links = shown("template=x&sort=created&limit=25").exports("/s.csv", "/s.jsonl")
    assert [link.href for link in links] == [
        "/s.csv?template=x&sort=created",
        "/s.jsonl?template=x&sort=created",
    ]


def test_the_order_is_said_and_why_a_dearer_one_is_not_offered() -> None:
    assert shown("sort=-created").ordered == "newest first"
    assert shown().ordered == "latest activity first"
    found = shown("sort=created")
    found.filters.known_sorts = ("created",)
    assert found.ordered == "oldest first; this store is too big for other orders"
