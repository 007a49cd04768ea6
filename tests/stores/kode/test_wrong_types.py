"""What is no record is refused by every kind in one way, and nothing is lost by it."""

from typing import Any

import pytest

from stores.conformance.samples import make_call, make_info, make_messages
from stores.errors import InvalidQuery, StoreError
from stores.kode.store import ExtendedStore


@pytest.mark.parametrize("wrong", ["abc", None, 5, [{"role": "user"}], [None]])
def test_what_is_no_list_of_records_is_refused_and_nothing_lost(
    each_store: ExtendedStore, wrong: Any
) -> None:
    """Neither the messages nor the calls that are there."""
    each_store.save_info("agt-1", make_info("agt-1"))
    each_store.save_messages("agt-1", make_messages("kept"))
    each_store.save_tool_call_records("agt-1", [make_call("kept")])
    for save in (each_store.save_messages, each_store.save_tool_call_records):
        with pytest.raises(StoreError, match="cannot be stored"):
            save("agt-1", wrong)
    assert each_store.load_messages("agt-1") == make_messages("kept")
    assert [call.id for call in each_store.load_tool_call_records("agt-1")] == ["kept"]


def test_a_lock_for_longer_than_a_timer_can_count_is_refused(each_store: ExtendedStore) -> None:
    """And the session is not locked by that."""
    each_store.save_info("agt-1", make_info("agt-1"))
    for timeout_ms in (10**15, 1 << 31, 0, -1, True):
        with pytest.raises(InvalidQuery, match="timeout_ms"):
            each_store.acquire_agent_lock("agt-1", timeout_ms=timeout_ms)
    each_store.acquire_agent_lock("agt-1")()
