"""Walking the three lists: pages, places, counts and searches that were cut."""

from typing import Any

import pytest
from django.test import Client

from dashboard.filters._base import BAD_CURSOR
from stores.interface import Count
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import NOW, FakeReader
from tests.dashboard.lists import each_list, fill


@each_list
def test_pages_join_up_forth_and_back(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 60)
    page = get(f"{path}?limit=25")
    seen = [page.rows]
    while "Next" in [a.text for a in page.all("a")]:
        page = get(page.link("Next"))
        seen.append(page.rows)
    assert [len(rows) for rows in seen] == [25, 25, 10]
    first_links = {tuple(row) for rows in seen for row in rows}
    assert len(first_links) == 60
    page = get(page.link("Previous"))
    assert page.rows == seen[1]
    assert page.all("a", rel="prev")[0].attrs["data-key"] == "["
    assert page.all("a", rel="next")[0].attrs["data-key"] == "]"


@each_list
def test_back_at_the_start_is_the_plain_first_page(
    path: str, name: str, make: Any, reader: FakeReader, get: Get, viewer: Client
) -> None:
    fill(reader, name, make, 30)
    second = get(get(f"{path}?limit=25").link("Next"))
    response = viewer.get(second.link("Previous"))
    assert (response.status_code, response["Location"]) == (302, f"{path}?limit=25")
    assert second.link("First") == f"{path}?limit=25"


@each_list
@pytest.mark.parametrize(
    "place", ["after=garbage", "before=AAAA", "after=%F0%9F", "after=a&before=b"]
)
def test_an_unknown_place_is_the_first_page_with_a_notice(
    path: str, name: str, make: Any, place: str, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 3)
    page = get(f"{path}?{place}")
    assert len(page.rows) == 3
    assert BAD_CURSOR in page.one(id="results").text


@each_list
def test_a_place_whose_row_is_gone_is_the_first_page_with_a_notice(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 30)
    following = get(f"{path}?limit=25").link("Next")
    fill(reader, name, make, 2)
    page = get(following)
    assert len(page.rows) == 2
    assert BAD_CURSOR in page.one(id="results").text


@each_list
def test_the_count_loads_after_the_rows_and_works_as_a_link(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 30)
    reader.total = Count(1000, is_exact=False)
    page = get(f"{path}?limit=25")
    link = page.one("a", id="count")
    assert link.attrs["hx-trigger"] == "load"
    assert link.attrs["href"] == link.attrs["hx-get"]
    words = f"1,000+ {name.replace('_', ' ')}"
    assert get(link.attrs["href"], hx="count").text == words
    assert get(link.attrs["href"]).one("span", id="count").text == words
    reader.asked.clear()
    get(link.attrs["href"], hx="count")
    assert not reader.asked


@each_list
def test_a_cut_search_says_how_far_it_came_and_goes_on(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 30)
    reader.searched_to = NOW
    page = get(f"{path}?limit=25")
    assert "Searched back to 18 Oct 2026 06:15:16 UTC." in page.one(id="results").text
    assert page.link("Continue") == page.link("Next")


@each_list
def test_order_and_page_size_survive_a_new_filter(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 1)
    sort = "-saved" if name == "messages" else "-created"
    page = get(f"{path}?sort={sort}&limit=25", hx="results")
    kept = {box.attrs["name"]: box.attrs for box in page.all("input", type="hidden")}
    assert {key: value["value"] for key, value in kept.items()} == {"sort": sort, "limit": "25"}
    assert {value["form"] for value in kept.values()} == {"filters"}
