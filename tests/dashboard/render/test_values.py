"""JSON and diffs: bounded in size and depth, hostile keys and lines included."""

import json

import pytest

from dashboard.render.diff import diff_html
from dashboard.render.json_view import json_line, json_text
from tests.dashboard.fakes import HOSTILE
from tests.dashboard.render.makers import Fragment

VALUES = [
    None,
    True,
    0,
    -1.5,
    "",
    'é\n"quoted"',
    [],
    {},
    [1, [2, [3, {"a": []}]]],
    {"a": {"b": [1, 2, {"c": "x" * 90}]}, "d": {}, "": [None]},
    {"k" * 100: "v" * 100},
    {HOSTILE.encode("utf-8", "replace").decode(): 1},
]


@pytest.mark.parametrize("value", VALUES)
def test_what_is_written_is_the_value(value: object) -> None:
    shown, is_cut = json_text(value)
    assert json.loads(shown) == value
    assert json.loads(json_line(value, 10_000)) == value
    assert not is_cut


def test_short_values_stay_on_one_line() -> None:
    assert json_text({"path": "src/a.ts"}) == ('{ "path": "src/a.ts" }', False)
    assert json_text([1, 2, 3])[0] == "[1, 2, 3]"


@pytest.mark.parametrize("value", ["x" * 10_000, ["y"] * 10_000, {str(n): n for n in range(5000)}])
def test_writing_stops_when_there_is_enough(value: object) -> None:
    shown, is_cut = json_text(value, 500)
    assert is_cut
    assert len(shown) == 500


def test_deep_values_end_in_an_ellipsis() -> None:
    value: object = 1
    for _ in range(300):
        value = [value]
    shown, _ = json_text(value, 100_000)
    assert "…" in shown


def test_numbers_that_json_does_not_have_are_shown() -> None:
    assert json_text([float("nan"), float("inf")])[0] == "[NaN, Infinity]"


def test_a_diff_shows_each_line_once_with_its_numbers() -> None:
    table, is_cut = diff_html("a\nb\nc\n", "a\nB\nc\nd\n", label="x")
    rows = [[cell.text for cell in row.all("td")] for row in Fragment(table).all("tr")]
    assert rows == [
        ["1", "1", "", "a"],
        ["2", "", "−", "b"],
        ["", "2", "+", "B"],
        ["3", "3", "", "c"],
        ["", "4", "+", "d"],
    ]
    assert not is_cut


def test_a_long_diff_is_cut_and_says_so() -> None:
    table, is_cut = diff_html("a\n" * 1000, "b\n" * 1000, label="x", limit=100_000)
    assert is_cut
    assert len(Fragment(table).all("tr")) == 400


def test_hostile_lines_and_names_are_text_in_a_diff() -> None:
    table, _ = diff_html(HOSTILE, "<b>x</b>", label=f'"{HOSTILE}')
    shown = Fragment(table)
    assert not shown.all("script")
    assert not shown.all("b")
    assert "onclick" not in shown.one("div").attrs
