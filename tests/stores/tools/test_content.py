"""The fingerprint: equal for what every kind can hold alike, different for all else."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.kode.js_text import js_text
from stores.kode.js_value import js_value
from stores.kode.records import Approval, ToolCallRecord
from stores.tools.content import canonical_text, fingerprint, time_text
from stores.tools.places import open_target
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import add_session

NUMBERS = st.integers(-(10**25), 10**25) | st.floats(allow_nan=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(VALUES)
def test_a_value_that_was_written_and_read_has_the_same_text(value: Any) -> None:
    """Whatever JavaScript's way of writing made of its numbers."""
    assert canonical_text(js_value(js_text(value))) == canonical_text(value)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 1),
        (-0.0, 0),
        ([1e21], [10**21]),
        ({"b": 1, "a": [2.50]}, {"a": [2.5], "b": 1.0}),
        (12345678901234567890, 12345678901234567168),
    ],
)
def test_numbers_are_those_of_javascript(one: Any, other: Any) -> None:
    """However they are spelled."""
    assert canonical_text(one) == canonical_text(other)


@pytest.mark.parametrize(
    ("one", "other"), [("1", 1), ([], {}), (None, 0), ("1.0", "1"), ([1, 2], [2, 1]), ("é", "e")]
)
def test_what_differs_differs(one: Any, other: Any) -> None:
    """Types, order of lists, and every character."""
    assert canonical_text(one) != canonical_text(other)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("2026-11-22T05:00:00.123Z", "2026-11-22T05:00:00.123Z"),
        ("2026-11-22T05:00:00.123000", "2026-11-22T05:00:00.123Z"),
        ("2026-11-22T06:00:00+01:00", "2026-11-22T05:00:00.000Z"),
        ("yesterday", "yesterday"),
    ],
)
def test_times_are_in_utc_and_milliseconds(text: str, wanted: str) -> None:
    """What is no time stays what it is."""
    assert time_text(text) == wanted


def test_a_difference_is_named(new_place: NewPlace) -> None:
    """By the kind of content; what databases drop is none."""
    with open_target(new_place("json")) as store:
        add_session(store, "one")
        before = fingerprint(store, "one")
        (call,) = store.load_tool_call_records("one")
        shape = {**call.to_json(), "durationMs": 0, "error": "", "isError": False}
        store.save_tool_call_records("one", [ToolCallRecord.from_json(shape)])
        assert fingerprint(store, "one") == before
        store.save_tool_call_records(
            "one",
            [ToolCallRecord.from_json({**shape, "approval": Approval(required=True).to_json()})],
        )
        assert before.differences(fingerprint(store, "one")) == ["tool calls"]
