"""What the three lists promise alike: page, partial, history, errors, roles, hostile text."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from stores.interface import StoreUnavailable
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import HOSTILE, FakeReader
from tests.dashboard.lists import each_list, fill

HOSTILE_FIELDS = {
    "sessions": {"agent_id": HOSTILE, "template_id": HOSTILE, "first_text": HOSTILE},
    "messages": {"agent_id": HOSTILE, "role": HOSTILE, "preview": HOSTILE},
    "tool_calls": {"agent_id": HOSTILE, "name": HOSTILE, "state": HOSTILE, "error": HOSTILE},
}


@each_list
def test_a_whole_page_has_one_heading_the_form_and_the_rows(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 3)
    page = get(path)
    assert page.is_page
    assert page.one("h1").text == name.replace("_", " ").capitalize()
    assert len(page.rows) == 3
    assert page.one("form", id="filters").attrs["action"] == path
    assert page.one("section", id="results").attrs["aria-live"] == "polite"
    assert page.one(id="count").text == f"3 {name.replace('_', ' ')}"
    assert len(reader.asked) == 1


@each_list
def test_htmx_gets_the_results_and_the_pickers_only(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 3)
    page = get(
        f"{path}?from=2026-01-01&text=&sort=" if name != "sessions" else f"{path}?id=&to=",
        hx="results",
    )
    assert not page.is_page
    assert not page.all("form")
    assert len(page.rows) == 3
    for fresh in ("list-pickers", "as-of"):
        assert page.one(id=fresh).attrs["hx-swap-oob"] == "true"
    assert "=&" not in page.response["HX-Push-Url"]
    assert {"HX-Request", "HX-Target"} <= set(page.response["Vary"].split(", "))


@each_list
def test_restored_history_and_boosted_requests_get_the_page(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    assert get(path, hx="results", **{"HX-History-Restore-Request": "true"}).is_page
    assert get(path, hx="results", **{"HX-Boosted": "true"}).is_page


@each_list
@pytest.mark.parametrize(
    "query", ["sort=rowid", "limit=7", "creatd_from=1", "from=soon", "offset=3"]
)
def test_what_is_wrong_answers_422_and_shows_no_rows(
    path: str, name: str, make: Any, query: str, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 3)
    page = get(f"{path}?{query}", status=422)
    assert page.is_page
    assert not page.rows
    assert "The filters were not applied" in page.one(id="results").text
    assert not reader.asked


@each_list
def test_a_wrong_value_by_htmx_swaps_the_form_in_with_its_reason(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    page = get(f"{path}?from=soon&sort=-created&limit=25", hx="results", status=422)
    assert page.response["HX-Retarget"] == "#browse"
    browse = page.one(id="browse")
    field = browse.one("input", name="from")
    assert field.attrs["aria-invalid"] == "true"
    assert "“soon”" in browse.one(id=field.attrs["aria-describedby"]).text
    assert browse.one("input", name="limit", type="hidden").attrs["form"] == "filters"


@each_list
def test_a_mended_form_is_swapped_in_whole(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    page = get(f"{path}?from=2026-01-01", hx="browse")
    assert not page.is_page
    assert page.one("form", id="filters").attrs["hx-target"] == "#results"


@each_list
def test_notices_of_the_store_are_shown(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    reader.notices = ("2 rows <b> could not be read.",)
    assert "2 rows <b> could not be read." in get(path).one(id="results").text


@each_list
def test_an_empty_store_and_a_filter_without_match_say_so(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    words = name.replace("_", " ")
    assert f"This store has no {words} yet" in get(path).text
    page = get(f"{path}?from=2026-01-01&to=2026-01-02")
    assert f"No {words} match all 2 filters" in page.text
    assert page.link("Remove to:2026-01-02") == f"{path}?from=2026-01-01"
    assert page.link("Clear all") == path


@each_list
def test_terms_can_be_removed_one_by_one(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 1)
    page = get(f"{path}?from=2026-01-01&limit=25")
    assert page.link("Remove from:2026-01-01") == f"{path}?limit=25"


@each_list
def test_every_htmx_link_is_a_real_link(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 60)
    page = get(f"{path}?from=2026-01-01&limit=25")
    links = [a for a in page.all("a") if "hx-get" in a.attrs]
    assert len(links) > 8
    assert all(a.attrs["href"] == a.attrs["hx-get"] for a in links)


@each_list
def test_only_who_may_read_sees_rows(
    path: str, name: str, make: Any, reader: FakeReader, client_for: Callable[[str], Client]
) -> None:
    fill(reader, name, make, 1)
    assert client_for("anonymous").get(path).status_code == 302
    assert client_for("nobody").get(path).status_code == 403
    assert client_for("viewer").get(path).status_code == 200
    assert client_for("viewer").post(path).status_code in (403, 405)


@each_list
def test_hostile_text_is_text(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    fill(reader, name, make, 2, **HOSTILE_FIELDS[name])
    reader.templates = tuple(replace(one, value=HOSTILE) for one in reader.templates)
    page = get(path)
    assert "<script>alert(1)</script>" in page.one(id="results").text
    scripts = [script for script in page.all("script") if not script.attrs.get("src")]
    assert not scripts
    assert not [one for one in page.all() if "onclick" in one.attrs]
    assert "\x00" not in page.one(id="results").text


@each_list
def test_a_store_that_cannot_be_read_is_a_503_with_its_sentence(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    reader.error = StoreUnavailable("Another program holds the lock.", reason="locked")
    assert "Another program holds the lock." in get(path, status=503).text


@each_list
def test_an_unknown_store_is_a_404_with_a_way_back(
    path: str, name: str, make: Any, reader: FakeReader, get: Get
) -> None:
    page = get(path.replace("agents", "nowhere"), status=404)
    assert page.link("Overview") == "/"


@each_list
def test_own_queries_do_not_grow_with_rows(
    path: str,
    name: str,
    make: Any,
    reader: FakeReader,
    viewer: Client,
    django_assert_max_num_queries: Any,
) -> None:
    fill(reader, name, make, 200)
    viewer.get(path)  # the first request of a session notes that it was seen
    with django_assert_max_num_queries(5):
        viewer.get(f"{path}?limit=200")
