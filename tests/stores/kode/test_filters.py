"""Filters: what cannot be meant is said, and what can is answered alike by every kind."""

from collections.abc import Callable
from typing import Any

import pytest

from stores.conformance.samples import make_call, make_info, make_messages
from stores.errors import InvalidQuery
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.store import ExtendedStore

_HUGE = 10**30
_WRONG: tuple[tuple[type[Filter], dict[str, Any]], ...] = (
    (SessionFilter, {"agent_id": 5}),
    (SessionFilter, {"agent_id": ["agt-1"]}),
    (SessionFilter, {"template_id": {"$ne": ""}}),
    (SessionFilter, {"sort_by": []}),
    (SessionFilter, {"sort_by": None}),
    (SessionFilter, {"sort_order": 1}),
    (MessageFilter, {"role": []}),
    (MessageFilter, {"content_type": {}}),
    (ToolCallFilter, {"state": 5}),
    (ToolCallFilter, {"tool_name": b"bash_run"}),
    (ToolCallFilter, {"is_error": "false"}),
    (ToolCallFilter, {"limit": "5"}),
    (ToolCallFilter, {"created_after": float("inf")}),
)


@pytest.mark.parametrize(("kind", "values"), _WRONG)
def test_a_value_of_the_wrong_type_is_said(kind: type[Filter], values: dict[str, Any]) -> None:
    """It would find nothing, or everything, without a word."""
    with pytest.raises(InvalidQuery, match=next(iter(values)).split("_")[0].capitalize()[1:]):
        kind(**values)


@pytest.mark.parametrize("value", [[], "agent_id", None, {5: "x"}, {"agentIds": "x"}])
def test_json_that_is_no_filter_is_said(value: Any) -> None:
    """Whatever a request has sent."""
    with pytest.raises(InvalidQuery):
        SessionFilter.from_json(value)


def test_times_that_no_row_has_exclude_or_admit_all(each_store: ExtendedStore) -> None:
    """However large the number is."""
    each_store.save_info("agt-1", make_info("agt-1"))
    each_store.save_messages("agt-1", make_messages("x", 2))
    each_store.save_tool_call_records("agt-1", [make_call("call-1")])
    asks: tuple[tuple[Callable[[Any], list[Any]], type[Filter], int], ...] = (
        (each_store.query_sessions, SessionFilter, 1),
        (each_store.query_messages, MessageFilter, 2),
        (each_store.query_tool_calls, ToolCallFilter, 1),
    )
    for ask, kind, count in asks:
        assert len(ask(kind(created_before=_HUGE))) == count
        assert len(ask(kind(created_after=-_HUGE))) == count
        assert ask(kind(created_after=_HUGE)) == ask(kind(created_before=-_HUGE)) == []


def test_texts_that_no_row_has_find_nothing(each_store: ExtendedStore) -> None:
    """Half a surrogate pair, U+0000, and the wildcards of databases."""
    each_store.save_info("agt-1", make_info("agt-1"))
    for text in ("\ud800", "a\0", "agt-%", "agt_1", "AGT-1", "agt-1\ud800"):
        assert each_store.query_sessions(SessionFilter(agent_id=text)) == []
        assert each_store.query_tool_calls(ToolCallFilter(tool_name=text)) == []
        assert each_store.list(text) == []


@pytest.mark.parametrize(
    "text",
    [
        "2026-01-01T02:00:00+08:00",
        "2025-12-31T18:00:00Z",
        "2025-12-31T18:00:00.000Z",
        "2025-12-31 18:00:00",
        "2025-12-31T07:00:00.000-11:00",
    ],
)
def test_a_session_dated_in_another_zone_is_compared_by_the_moment(
    each_store: ExtendedStore, text: str
) -> None:
    """All of them are one moment."""
    each_store.save_info("agt-1", make_info("agt-1", created_at=text))

    def found(**bounds: str) -> int:
        return len(each_store.query_sessions(SessionFilter(**bounds)))  # type: ignore[arg-type]

    assert found(created_after="2025-12-31T18:00:00Z") == 1
    assert found(created_before="2025-12-31T18:00:00Z") == 1
    assert found(created_after="2025-12-31T18:00:00.001Z") == 0
    assert found(created_before="2025-12-31T17:59:59.999Z") == 0
