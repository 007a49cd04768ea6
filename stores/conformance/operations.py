"""What an operator relies on: health, consistency, metrics, closing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import fill, held, make_call, make_info, make_messages
from stores.errors import StoreUnavailable
from stores.kode.results import OperationMetrics
from stores.kode.store import ExtendedStore

__all__ = ["OperationsContract"]

AGENT = "agt-1"


class OperationsContract(Contract):
    """The operator's methods of an ``ExtendedStore``."""

    def test_a_good_store_is_healthy_and_left_as_it_was(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        before = held(store, AGENT)
        health = store.health_check()
        assert health.healthy
        assert health.database.connected
        assert health.file_system.writable
        assert health.checked_at.endswith("Z")
        assert store.list() == [AGENT]
        assert held(store, AGENT) == before

    def test_a_whole_session_is_consistent(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        result = store.check_consistency(AGENT)
        assert result.issues == ()
        assert result.consistent

    def test_a_missing_session_is_not_consistent(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        result = store.check_consistency("agt-missing")
        assert not result.consistent
        assert result.issues

    def test_a_wrong_count_of_messages_is_an_issue(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        store.save_info(AGENT, make_info(AGENT, message_count=7))
        result = store.check_consistency(AGENT)
        assert not result.consistent
        assert result.issues
        assert len(store.load_messages(AGENT)) == 3

    def test_metrics_count_what_the_store_holds(self, store: ExtendedStore) -> None:
        assert _totals(store) == (0, 0, 0)
        for agent_id in ("agt-1", "agt-2", "agt-1/fork-5"):
            fill(store, agent_id)
        assert _totals(store) == (3, 9, 6)
        store.delete("agt-2")
        assert _totals(store) == (2, 6, 4)

    def test_metrics_count_each_call_of_this_object_once(self, store: ExtendedStore) -> None:
        before = store.get_metrics().operations
        store.save_info(AGENT, make_info(AGENT))
        store.save_messages(AGENT, make_messages("x", 9))
        store.save_tool_call_records(AGENT, [make_call("a"), make_call("b")])
        store.load_messages(AGENT)
        store.load_info(AGENT)
        store.query_sessions()
        store.query_messages()
        store.query_tool_calls()
        store.delete(AGENT)
        after = store.get_metrics().operations
        assert OperationMetrics(
            saves=after.saves - before.saves,
            loads=after.loads - before.loads,
            queries=after.queries - before.queries,
            deletes=after.deletes - before.deletes,
        ) == OperationMetrics(saves=3, loads=2, queries=3, deletes=1)

    def test_metrics_tell_how_long_calls_took(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        store.load_messages(AGENT)
        took = store.get_metrics().performance
        assert 0 <= took.min_latency_ms <= took.avg_latency_ms <= took.max_latency_ms
        assert took.max_latency_ms > 0

    def test_a_closed_store_is_unavailable_and_closes_again(
        self, store: ExtendedStore, place: Any
    ) -> None:
        fill(store, AGENT)
        info = replace(make_info(AGENT), message_count=3)
        store.close()
        store.close()
        calls: dict[str, Callable[[], object]] = {
            "save_messages": lambda: store.save_messages(AGENT, []),
            "load_messages": lambda: store.load_messages(AGENT),
            "save_info": lambda: store.save_info(AGENT, info),
            "load_info": lambda: store.load_info(AGENT),
            "exists": lambda: store.exists(AGENT),
            "delete": lambda: store.delete(AGENT),
            "list": store.list,
            "query_sessions": store.query_sessions,
            "aggregate_stats": lambda: store.aggregate_stats(AGENT),
            "batch_fork": lambda: store.batch_fork(AGENT, 1),
        }
        assert [name for name, call in calls.items() if not _is_closed(call)] == []
        assert not store.health_check().healthy
        again = self.open_store(place)
        try:
            assert again.exists(AGENT)
            assert len(again.load_messages(AGENT)) == 3
        finally:
            self.close_store(again)

    def test_leaving_a_with_block_closes_the_store(self, store: ExtendedStore) -> None:
        with store as entered:
            assert entered is store
            fill(entered, AGENT)
        with pytest.raises(StoreUnavailable):
            store.load_messages(AGENT)

    def test_an_error_inside_a_with_block_comes_out_of_it(self, store: ExtendedStore) -> None:
        with pytest.raises(ZeroDivisionError), store:
            raise ZeroDivisionError
        with pytest.raises(StoreUnavailable):
            store.list()


def _totals(store: ExtendedStore) -> tuple[int, int, int]:
    storage = store.get_metrics().storage
    return storage.total_agents, storage.total_messages, storage.total_tool_calls


def _is_closed(call: Callable[[], object]) -> bool:
    try:
        call()
    except StoreUnavailable as error:
        return error.reason == "closed"
    return False
