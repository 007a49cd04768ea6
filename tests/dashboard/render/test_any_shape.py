"""Whatever shape and text an agent stores, a transcript renders, encodes and stays inert."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.dashboard.fakes import HOSTILE
from tests.dashboard.render.makers import Fragment, make_call, show

CLEAN = HOSTILE.encode("utf-8", "replace").decode()
NAMES = (
    "type", "text", "reasoning", "id", "name", "input", "content", "tool_use_id", "is_error",
    "base64", "mime_type", "url", "file_id", "filename", "image_url", "cmd", "path", "todos",
    "edits", "old_string", "new_string", "prompt", "ok", "data", "error", "recommendations",
    "code", "output", "stdout", "title", "status", "note",
)  # fmt: skip
TYPES = (
    "text",
    "reasoning",
    "tool_use",
    "tool_result",
    "image",
    "image_url",
    "audio",
    "file",
    "odd",
)

words = st.sampled_from(
    [CLEAN, "", "c1", "\x1b[31mx", "# a\n[x](javascript:1)", "é" * 30, *TYPES, "FAILED", "7"]
)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | words | st.text(max_size=12)
names = st.sampled_from(NAMES) | words
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=6),
    max_leaves=12,
)
blocks = st.builds(
    lambda kind, rest: {**rest, "type": kind, "id": "c1", "tool_use_id": "c1"},
    st.sampled_from(TYPES),
    st.dictionaries(names, values, max_size=6),
)
roles = st.sampled_from(["user", "assistant", "system", "robot", CLEAN])
columns = st.fixed_dictionaries(
    {},
    optional={
        "name": words,
        "state": words,
        "error": words,
        "input": values.map(json.dumps) | words,
        "result": values.map(json.dumps) | words,
        "approval": values.map(json.dumps) | words,
        "audit_trail": st.lists(values, max_size=3).map(json.dumps) | words,
        "duration_ms": st.none() | st.integers() | words,
        "started_at": st.none() | st.integers() | words,
    },
)


def assert_inert(shown: Fragment) -> None:
    """Check that nothing in the markup can act and that it can be sent."""
    shown.source.encode()
    assert not shown.all("script")
    for element in shown.all():
        assert not any(name.startswith("on") for name in element.attrs)
        assert element.attrs.get("hx-get", "/browse/").startswith("/browse/")
        href = element.attrs.get("href", "/")
        assert href.startswith(("/", "#", "https://", "http://", "mailto:")), href


@given(st.lists(st.tuples(roles, st.lists(blocks, max_size=3)), max_size=4), columns)
@settings(max_examples=300, deadline=None)
def test_any_blocks_and_any_row_render(messages: list[Any], row: dict[str, Any]) -> None:
    call = make_call("c1", **row)
    assert_inert(show(*messages, calls=(call,), marked_call="c1"))


@given(st.lists(st.tuples(roles, values.map(json.dumps) | st.text(max_size=60)), max_size=4))
@settings(max_examples=200, deadline=None)
def test_any_stored_content_renders(messages: list[Any]) -> None:
    assert_inert(show(*messages))
