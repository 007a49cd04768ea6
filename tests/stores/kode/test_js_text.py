"""JSON text equals what JavaScript's JSON.stringify printed for the same values."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.kode.js_text import js_number, js_text

# Printed by Node.js 18: JSON.stringify(value).
GOLDEN: list[tuple[Any, str]] = [
    ('"\\/\b\f\n\r\t\0\x1f\x7f\u2028', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7f\u2028"'),
    ("é😀", '"é😀"'),
    ("\ud83d\ude00", '"😀"'),
    ("\ud800", '"\\ud800"'),
    ("x\udc00y", '"x\\udc00y"'),
    ("\udfff\ud800", '"\\udfff\\ud800"'),
    (
        {"b": 1, "2": 1, "10": 1, "01": 1, "-1": 1, "a": 1, "4294967295": 1, "4294967294": 1},
        '{"2":1,"10":1,"4294967294":1,"b":1,"01":1,"-1":1,"a":1,"4294967295":1}',
    ),
    ("<script>&</script>", '"<script>&</script>"'),
    ([None, True, False], "[null,true,false]"),
    ([], "[]"),
    ({}, "{}"),
    ({"a": []}, '{"a":[]}'),
    (float("nan"), "null"),
    (float("-inf"), "null"),
    (5.0, "5"),
    (-0.0, "0"),
    (0.1 + 0.2, "0.30000000000000004"),
    (1e21, "1e+21"),
    (1e-7, "1e-7"),
    (1e-6, "0.000001"),
    (123456789012345680000, "123456789012345680000"),
    (2**53 + 2, "9007199254740994"),
    (2**53 + 1, "9007199254740992"),
    (1.5e300, "1.5e+300"),
    (10**400, "null"),
    (1764e9 + 0.25, "1764000000000.25"),
    (5e-324, "5e-324"),
    (1.7976931348623157e308, "1.7976931348623157e+308"),
    (-1.5e-9, "-1.5e-9"),
    (100, "100"),
    (0.000123, "0.000123"),
]


@pytest.mark.parametrize(("value", "text"), GOLDEN)
def test_text_equals_that_of_javascript(value: Any, text: str) -> None:
    assert js_text(value) == text


def test_indented_text_equals_that_of_javascript() -> None:
    value: Any = {"a": [1, {"b": []}], "c": {}, "1": None}
    golden = '{\n  "1": null,\n  "a": [\n    1,\n    {\n      "b": []\n    }\n  ],\n  "c": {}\n}'
    assert js_text(value, indent=2) == golden


def test_a_value_without_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="bytes has no JSON form"):
        js_text({"a": [b""]})


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_printed_number_reads_back_as_itself(number: float) -> None:
    assert float(js_number(number)) == number


@given(st.text(st.characters(codec=None)))
def test_any_text_has_a_utf8_form_and_reads_back(text: str) -> None:
    printed = js_text(text)
    printed.encode("utf-8")
    assert json.loads(printed) == text.encode("utf-16", "surrogatepass").decode(
        "utf-16", "surrogatepass"
    )
