"""The queries: each filter against an answer worked out in Python, limits, pages, statistics."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import pytest

from stores.conformance.answers import (
    Saved,
    expected_calls,
    expected_messages,
    expected_sessions,
)
from stores.conformance.contract import Contract
from stores.conformance.samples import (
    BASE_MS,
    fill,
    later_ms,
    make_call,
    make_info,
    make_messages,
    make_snapshot,
)
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import Approval, Message
from stores.kode.results import StoreStats
from stores.kode.store import QueryableStore, Store

__all__ = ["QueriesContract"]

_DAY = 86_400_000
_NAMES = ("bash_run", "fs_read", "Bash_Run", "bash%")
_STATES = ("COMPLETED", "FAILED", "DENIED", "APPROVAL_REQUIRED", "SEALED")
_BLOCKS = ("text", "tool_use", "tool_result", "image", "reasoning")
_TIMES = (BASE_MS - 1, BASE_MS, BASE_MS + 1, BASE_MS + _DAY, BASE_MS + 2 * _DAY + 3)

SESSION_FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"agent_id": "agt-2"}, {"agent_id": "AGT-2"}, {"agent_id": "agt-"}, {"agent_id": "../x"},
    {"template_id": "assistant"}, {"template_id": "Assistant"}, {"template_id": "none"},
    {"sort_order": "asc"}, {"sort_by": "message_count"},
    {"sort_by": "message_count", "sort_order": "asc"}, {"limit": 2}, {"limit": 2, "offset": 3},
    {"offset": 4}, {"limit": None}, {"limit": 0}, {"limit": None, "offset": 5}, {"offset": 99},
    {"template_id": "assistant", "created_after": BASE_MS + _DAY, "limit": 1},
    {"created_after": "2026-11-02", "created_before": "2026-11-03T00:00:00Z"},
    *({"created_after": at} for at in _TIMES), *({"created_before": at} for at in _TIMES),
)  # fmt: skip
CALL_FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"agent_id": "agt-3"}, {"agent_id": "agt-"}, {"limit": 3}, {"limit": 3, "offset": 5},
    {"offset": 40}, {"limit": None}, {"limit": 0}, {"limit": None, "offset": 7},
    *({"tool_name": name} for name in (*_NAMES, "bash_", "none", "%")),
    *({"state": state} for state in (*_STATES, "PENDING", "failed")),
    {"is_error": True}, {"is_error": False}, {"has_approval": True}, {"has_approval": False},
    {"is_error": True, "has_approval": True, "agent_id": "agt-4"},
    {"tool_name": "bash_run", "is_error": False, "state": "completed"},
    *({"created_after": at} for at in _TIMES), *({"created_before": at} for at in _TIMES),
    {"created_after": BASE_MS + _DAY, "created_before": BASE_MS + _DAY},
)  # fmt: skip
MESSAGE_FILTERS: tuple[dict[str, Any], ...] = (
    {}, {"agent_id": "agt-2"}, {"agent_id": "agt-none"}, {"role": "user"}, {"role": "assistant"},
    {"role": "system"}, {"limit": None}, {"limit": 0}, {"offset": 99},
    *({"content_type": kind} for kind in (*_BLOCKS, "video")),
    {"role": "assistant", "content_type": "text", "agent_id": "agt-4"},
)  # fmt: skip


class QueriesContract(Contract):
    """Questions over all sessions of a ``QueryableStore``."""

    @pytest.fixture
    def saved(self, store: Store) -> list[Saved]:
        """Save six sessions that differ in everything that a filter looks at."""
        return [_save(store, number) for number in range(6)]

    def test_every_filter_of_sessions_answers_what_it_must(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        def ids(query: SessionFilter) -> list[str]:
            return [row.agent_id for row in store.query_sessions(query)]

        _compare(SESSION_FILTERS, SessionFilter, ids, lambda q: expected_sessions(saved, q))

    def test_every_filter_of_tool_calls_answers_what_it_must(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        def ids(query: ToolCallFilter) -> list[str]:
            return [row.id for row in store.query_tool_calls(query)]

        _compare(CALL_FILTERS, ToolCallFilter, ids, lambda q: expected_calls(saved, q))

    def test_every_filter_of_messages_answers_what_it_must(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        def rows(query: MessageFilter) -> list[str]:
            return sorted(_text(row.to_json()) for row in store.query_messages(query))

        def expected(query: MessageFilter) -> list[str]:
            return sorted(map(_text, expected_messages(saved, query)))

        bounds = [{"created_after": item.done_ms} for item in saved]
        bounds += [{"created_before": item.done_ms} for item in saved]
        filters = (*MESSAGE_FILTERS, *bounds)
        _compare(filters, MessageFilter, rows, expected)

    def test_a_query_without_a_filter_is_the_default_one(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        assert store.query_sessions() == store.query_sessions(SessionFilter())
        assert store.query_messages() == store.query_messages(MessageFilter())
        assert store.query_tool_calls() == store.query_tool_calls(ToolCallFilter())

    def test_messages_come_last_saved_first(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        agents = [row.content[0]["of"] for row in store.query_messages() if row.content]
        assert list(dict.fromkeys(agents)) == [item.info.agent_id for item in reversed(saved)]

    def test_a_session_row_tells_what_was_saved(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        rows = {row.agent_id: row for row in store.query_sessions()}
        for item in saved:
            row, info = rows[item.info.agent_id], item.info
            assert (row.template_id, row.created_at) == (info.template_id, info.created_at)
            assert (row.message_count, row.last_sfp_index) == (len(item.messages), -1)

    def test_tool_calls_of_a_query_are_whole_records(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        found = store.query_tool_calls(ToolCallFilter(agent_id="agt-3"))
        loaded = store.load_tool_call_records("agt-3")
        assert sorted(found, key=lambda call: call.id) == sorted(loaded, key=lambda call: call.id)

    def test_every_query_ends_at_100_rows_unless_told_otherwise(
        self, store: QueryableStore
    ) -> None:
        for number in range(103):
            store.save_info(f"agt-{number}", make_info(f"agt-{number}"))
        store.save_messages("agt-0", make_messages("many", 103))
        store.save_tool_call_records("agt-0", [make_call(f"call-{n}") for n in range(103)])
        assert len(store.query_sessions()) == 100
        assert len(store.query_messages()) == 100
        assert len(store.query_tool_calls()) == 100
        assert len(store.query_sessions(SessionFilter(limit=None))) == 103
        assert len(store.query_messages(MessageFilter(limit=None))) == 103
        assert len(store.query_tool_calls(ToolCallFilter(limit=None))) == 103

    def test_pages_give_each_row_once_though_all_have_the_same_time(
        self, store: QueryableStore
    ) -> None:
        for number in range(23):
            store.save_info(f"agt-{number}", make_info(f"agt-{number}"))
        messages, calls = make_messages("tied", 23), [make_call(f"call-{n}") for n in range(23)]
        store.save_messages("agt-0", messages)
        store.save_tool_call_records("agt-0", calls)
        sessions = _pages(lambda start: store.query_sessions(SessionFilter(limit=5, offset=start)))
        found = _pages(lambda start: store.query_messages(MessageFilter(limit=5, offset=start)))
        called = _pages(lambda start: store.query_tool_calls(ToolCallFilter(limit=5, offset=start)))
        assert Counter(row.agent_id for row in sessions) == Counter(store.list())
        assert Counter(_first(row) for row in found) == Counter(map(_first, messages))
        assert Counter(row.id for row in called) == Counter(call.id for call in calls)

    def test_queries_of_an_empty_store_are_empty(self, store: QueryableStore) -> None:
        assert store.query_sessions() == []
        assert store.query_messages() == []
        assert store.query_tool_calls() == []
        assert store.aggregate_stats("agt-missing") == StoreStats()

    def test_statistics_count_one_session(self, store: QueryableStore) -> None:
        for agent_id in ("agt-1", "agt-2", "agt-10"):
            fill(store, agent_id)
        calls = [
            make_call("a"), make_call("b"), make_call("c", state="FAILED", is_error=True),
            make_call("d", state="DENIED", name="fs_read"),
        ]  # fmt: skip
        store.save_tool_call_records("agt-1", calls)
        store.save_snapshot("agt-1", make_snapshot("second"))
        stats = store.aggregate_stats("agt-1")
        assert (stats.total_messages, stats.total_tool_calls, stats.total_snapshots) == (3, 4, 2)
        assert dict(stats.tool_calls_by_name) == {"bash_run": 3, "fs_read": 1}
        assert dict(stats.tool_calls_by_state) == {"COMPLETED": 2, "FAILED": 1, "DENIED": 1}
        assert stats.avg_messages_per_session == 3
        assert stats.success_rate == 50

    def test_what_was_deleted_is_found_by_no_query(
        self, store: QueryableStore, saved: list[Saved]
    ) -> None:
        store.delete("agt-3")
        left = [item for item in saved if item.info.agent_id != "agt-3"]
        assert len(store.query_sessions()) == len(left)
        assert len(store.query_messages()) == sum(len(item.messages) for item in left)
        assert len(store.query_tool_calls()) == sum(len(item.calls) for item in left)
        assert store.aggregate_stats("agt-3") == StoreStats()


def _save(store: Store, number: int) -> Saved:
    """Save one session, well apart in time from the one before."""
    agent_id = f"agt-{number}" if number != 5 else "AGT-2"
    created_ms = BASE_MS + number * _DAY // 2
    day, half = divmod(number, 2)
    info = make_info(
        agent_id,
        template_id=("assistant", "coder", "Assistant")[number % 3],
        created_at=f"2026-11-0{1 + day}T{12 * half:02}:00:00.000Z",
        message_count=number + 2,
    )
    messages = [_message(agent_id, number, index) for index in range(number + 2)]
    calls = [_call(agent_id, number, index) for index in range(number)]
    store.save_info(agent_id, info)
    saved_ms = later_ms()
    store.save_messages(agent_id, messages)
    done_ms = later_ms()
    store.save_tool_call_records(agent_id, calls)
    store.save_info(agent_id, info)
    return Saved(
        info=info,
        created_ms=created_ms,
        saved_ms=saved_ms,
        done_ms=done_ms,
        messages=messages,
        calls=calls,
    )


def _message(agent_id: str, number: int, index: int) -> Message:
    role = ("user", "assistant", "system")[(number + index) % 3]
    kinds = {_BLOCKS[(number + index) % 5], _BLOCKS[(number * index) % 5]}
    # A block that only mentions another type, as text, as a key and nested, is not of that type.
    decoy = {"type": "text", "text": '"type": "audio"', "of": agent_id, "x": [{"type": "video"}]}
    blocks = [{"type": kind, "at": index, "of": agent_id} for kind in sorted(kinds - {"text"})]
    return Message(role=role, content=[*blocks, decoy] if "text" in kinds else blocks)


def _call(agent_id: str, number: int, index: int) -> Any:
    state = _STATES[(number + index) % 5]
    return make_call(
        f"{agent_id}-call-{index}",
        name=_NAMES[(number * 2 + index) % 4],
        state=state,
        is_error=True if state in ("FAILED", "DENIED", "SEALED") else None,
        approval=Approval(required=index % 3 == 1, decision="deny" if index == 4 else None),
        created_at=BASE_MS + number * _DAY // 2 + index,
    )


def _compare(
    filters: Sequence[dict[str, Any]],
    kind: Callable[..., Any],
    answer: Callable[[Any], list[str]],
    expected: Callable[[Any], list[str]],
) -> None:
    """Ask each filter and show all that answered wrong, not only the first."""
    wrong = {}
    for given in filters:
        query = kind(**given)
        got, wanted = answer(query), expected(query)
        if got != wanted:
            wrong[str(given)] = (got, wanted)
    assert not wrong, "filter -> (answered, expected)"


def _pages(fetch: Callable[[int], Sequence[Any]]) -> list[Any]:
    rows: list[Any] = []
    while page := fetch(len(rows)):
        rows += page
        assert len(rows) < 100, "the pages do not end"
    return rows


def _first(message: Message) -> str:
    return _text(message.content[0])


def _text(value: Any) -> str:
    """Write JSON in one way: a store need not keep the order of keys."""
    return json.dumps(value, sort_keys=True)
