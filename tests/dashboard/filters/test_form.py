"""The filter form as people and assistive technology meet it."""

from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict

from dashboard.filters._base import StoreFilterSet
from dashboard.filters.form import render_form
from dashboard.filters.messages import MessageFilter
from dashboard.filters.sessions import SessionFilter
from dashboard.filters.tool_calls import ToolCallFilter
from stores.interface import Facet
from tests.dashboard.fakes import HOSTILE
from tests.dashboard.markup import Markup

PATH = "/browse/agents/tool-calls/"


def form(kind: type[StoreFilterSet[Any]], address: str = "", **facets: list[Facet]) -> Markup:
    html = render_form(kind(QueryDict(address)), path=PATH, facets=facets)
    return Markup(SimpleNamespace(content=html.encode()))


@pytest.mark.parametrize("kind", [SessionFilter, MessageFilter, ToolCallFilter])
def test_every_control_has_a_label(kind: type[StoreFilterSet[Any]]) -> None:
    page = form(kind)
    labelled = {label.attrs.get("for") for label in page.all("label")}
    wrapped = {id(box) for label in page.all("label") for box in label.all("input")}
    for control in page.all("input") + page.all("select"):
        assert control.attrs.get("id") in labelled or id(control) in wrapped


def test_the_form_works_without_scripts_and_swaps_results_with_them() -> None:
    found = form(ToolCallFilter).one("form")
    assert (found.attrs["method"], found.attrs["action"]) == ("get", PATH)
    assert found.attrs["hx-get"] == PATH
    assert found.attrs["hx-target"] == "#results"
    assert found.one("button").text == "Apply"


def test_what_is_set_is_shown_as_set() -> None:
    page = form(
        ToolCallFilter, "state=FAILED&tool=rare&error=yes&text=a%22b", tool=[Facet("ls", 4)]
    )
    checked = [box.attrs["value"] for box in page.all("input") if "checked" in box.attrs]
    assert checked == ["FAILED", "rare"]
    assert page.one("input", name="text").attrs["value"] == 'a"b'
    assert page.one("option", selected="").text == "Yes"


def test_the_stores_own_values_are_offered_with_counts_and_any_other_may_be_typed() -> None:
    tools = [Facet(f"tool-{n}", n, is_exact=n < 3) for n in range(14)]
    page = form(ToolCallFilter, tool=tools)
    boxes = page.all("input", type="checkbox", name="tool")
    assert len(boxes) == 10
    assert [label.text for label in page.all("label") if "tool-3" in label.text] == ["tool-33+"]
    assert [
        option.attrs["value"] for option in page.one("datalist", id="f-tool-list").all("option")
    ]
    assert page.one("input", id="f-tool-any").attrs["name"] == "tool"


def test_a_wrong_value_stays_and_is_described_by_its_reason() -> None:
    page = form(ToolCallFilter, "min_duration=5x&by=me")
    field = page.one("input", name="min_duration")
    assert field.attrs["value"] == "5x"
    assert field.attrs["aria-invalid"] == "true"
    assert "no duration" in page.one(id=field.attrs["aria-describedby"]).text
    group = next(one for one in page.all("fieldset") if one.attrs.get("aria-invalid"))
    assert "“me”" in page.one(id=group.attrs["aria-describedby"]).text
    assert page.one("form").attrs["hx-target"] == "#browse"
    folded = [one for one in page.all("details") if "Decided by" in one.text]
    assert "open" in folded[0].attrs


def test_an_unknown_name_is_told_at_the_top() -> None:
    page = form(SessionFilter, "creatd_from=1")
    assert "creatd_from" in page.one("p", role="alert").text


def test_hostile_values_stay_text() -> None:
    page = form(ToolCallFilter, "text=<script>&tool=%22onx%3D1", tool=[Facet(HOSTILE, 1)])
    assert not page.all("script")
    assert page.one("input", name="text").attrs["value"] == "<script>"
    assert {"onclick", "hx-get"}.isdisjoint(
        name for control in page.all("input") for name in control.attrs
    )
