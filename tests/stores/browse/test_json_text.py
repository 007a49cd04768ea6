"""Tolerant JSON: whatever is stored, something harmless comes out."""

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stores.browse.json_text import (
    clean_text,
    cut_text,
    parse_json,
    parse_json_prefix,
    repair_json_prefix,
    to_text,
)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(JSON_VALUES)
def test_good_json_is_read_as_json_reads_it(value: Any) -> None:
    assert parse_json(json.dumps(value)) == (value, None)


@given(st.text(max_size=200) | st.text(alphabet='[]{}",:\\u0d8tfn1 ', max_size=80))
@example("[" * 100_000)
@example('{"a":' * 5_000)
@example("9" * 10_000)
@example('"\\ud800"')
def test_any_text_gives_a_value_or_a_reason(text: str) -> None:
    value, problem = parse_json(text)
    assert problem is None or (value is None and problem)
    json.dumps(value, ensure_ascii=False).encode()


def test_values_deeper_than_the_limit_are_refused_in_words() -> None:
    assert parse_json("[" * 100 + "]" * 100)[1] is None
    assert parse_json("[" * 102 + "]" * 102) == (None, "JSON nested deeper than 100 levels")
    assert parse_json("[" * 900 + "]" * 900)[1] == "JSON nested deeper than 100 levels"
    assert parse_json("[" * 90_000 + "]" * 90_000)[1] == "JSON nested deeper than 100 levels"


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert parse_json(json.dumps([[]] * 5_000)) == ([[]] * 5_000, None)


def test_integers_too_long_for_python_stay_as_their_digits() -> None:
    digits = "7" * 5_000
    assert parse_json(f'{{"n": {digits}, "m": 1}}') == ({"n": digits, "m": 1}, None)


def test_lone_surrogates_are_replaced_and_pairs_are_kept() -> None:
    value, problem = parse_json('{"\\ud800k": ["a\\ud83d", "\\ud83d\\ude00"]}')
    assert problem is None
    assert value == {"\ufffdk": ["a\ufffd", "😀"]}
    assert clean_text("x\ud800y") == "x\ufffdy"


@pytest.mark.parametrize(
    ("stored", "text", "is_good"),
    [
        ("plain", "plain", True),
        (b"caf\xc3\xa9", "café", True),
        (b"caf\xe9", "caf\ufffd", False),
        (None, "", True),
        (12, "12", False),
        (1.5, "1.5", False),
    ],
)
def test_stored_values_of_any_type_become_text(stored: object, text: str, is_good: bool) -> None:  # noqa: FBT001
    assert to_text(stored) == (text, is_good)


@given(st.text(), st.integers(min_value=0, max_value=40))
def test_a_cut_text_fits_and_keeps_whole_characters(text: str, limit: int) -> None:
    kept, size, is_cut = cut_text(text, limit)
    assert len(kept.encode()) <= limit
    assert text.startswith(kept)
    assert size == len(text.encode())
    assert is_cut == (size > limit)


@given(st.lists(JSON_VALUES, max_size=4), st.data())
def test_a_prefix_gives_a_prefix_of_the_elements(value: list[Any], data: st.DataObject) -> None:
    text = json.dumps(value)
    end = data.draw(st.integers(min_value=0, max_value=len(text)))
    found = parse_json_prefix(text[:end])
    assert len(found) <= len(value)
    assert found[:-1] == value[: max(0, len(found) - 1)]
    if end == len(text):
        assert found == value


@given(st.text(alphabet='[]{}",:\\u0d8tfn1 a', max_size=120))
def test_any_broken_prefix_gives_a_list(text: str) -> None:
    found = parse_json_prefix("[" + text)
    json.dumps(found, ensure_ascii=False).encode()


@given(st.text(), st.text())
def test_a_cut_block_keeps_the_start_of_its_text(before: str, text: str) -> None:
    block = json.dumps([{"type": "text", "text": before + text}])
    end = len(json.dumps([{"type": "text", "text": before}])) - 3
    found = parse_json_prefix(block[:end])
    assert found[0]["type"] == "text"
    assert found[0]["text"].rstrip("\ufffd") == before.rstrip("\ufffd")


@pytest.mark.parametrize(
    ("cut", "closed"),
    [
        ('{"a": "b\\', '{"a": "b"}'),
        ('{"a": "b\\u00', '{"a": "b"}'),
        ('{"a": "b\\\\u00', '{"a": "b\\\\u00"}'),
        ('{"a": 1, "b', '{"a": 1}'),
        ('{"a": 1, "b": ', '{"a": 1}'),
        ('{"a": 12', "{}"),
        ('{"a": [1, tru', '{"a": [1]}'),
        ('{"a": {"b": [', '{"a": {"b": []}}'),
    ],
)
def test_a_cut_is_closed_at_the_last_whole_thing(cut: str, closed: str) -> None:
    assert repair_json_prefix(cut) == closed
