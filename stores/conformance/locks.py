"""Locks that free nobody else's, and copies that are sessions of their own."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import call_json, fill, held, make_info
from stores.errors import AgentLocked, SessionNotFound
from stores.kode.store import ExtendedStore

__all__ = ["ForksContract", "LocksContract"]

AGENT = "agt-1"
_PATIENCE_SECONDS = 10


class LocksContract(Contract):
    """``acquire_agent_lock``: at once or not at all, and only one's own is given back."""

    def test_a_held_lock_is_refused_at_once_until_released(self, store: ExtendedStore) -> None:
        release = store.acquire_agent_lock(AGENT)
        with pytest.raises(AgentLocked):
            store.acquire_agent_lock(AGENT)
        release()
        store.acquire_agent_lock(AGENT)()

    def test_locks_of_other_sessions_are_free(self, store: ExtendedStore) -> None:
        held_locks = [store.acquire_agent_lock(name) for name in ("agt-1", "AGT-1", "agt-10")]
        for release in held_locks:
            release()

    def test_another_object_on_the_same_store_sees_the_lock(
        self, store: ExtendedStore, place: Any
    ) -> None:
        other: Any = self.open_store(place)
        try:
            release = store.acquire_agent_lock(AGENT)
            with pytest.raises(AgentLocked):
                other.acquire_agent_lock(AGENT)
            release()
            other.acquire_agent_lock(AGENT)()
        finally:
            self.close_store(other)

    def test_releasing_twice_frees_nobody_elses_lock(self, store: ExtendedStore) -> None:
        first = store.acquire_agent_lock(AGENT)
        first()
        second = store.acquire_agent_lock(AGENT)
        first()
        with pytest.raises(AgentLocked):
            store.acquire_agent_lock(AGENT)
        second()

    def test_a_lock_releases_itself_in_time(self, store: ExtendedStore) -> None:
        release = store.acquire_agent_lock(AGENT, timeout_ms=50)
        _acquire_soon(store)()
        release()

    def test_a_late_release_frees_nobody_elses_lock(self, store: ExtendedStore) -> None:
        late = store.acquire_agent_lock(AGENT, timeout_ms=50)
        second = _acquire_soon(store)
        late()
        with pytest.raises(AgentLocked):
            store.acquire_agent_lock(AGENT)
        second()

    def test_of_threads_that_ask_at_once_one_gets_the_lock(self, store: ExtendedStore) -> None:
        barrier, got, refused = threading.Barrier(6), list[Callable[[], None]](), list[str]()

        def ask() -> None:
            barrier.wait(30)
            try:
                got.append(store.acquire_agent_lock(AGENT))
            except AgentLocked as error:
                refused.append(str(error))

        threads = [threading.Thread(target=ask) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert (len(got), len(refused)) == (1, 5)
        got[0]()

    def test_a_locked_session_can_be_read_and_saved(self, store: ExtendedStore) -> None:
        release = store.acquire_agent_lock(AGENT)
        fill(store, AGENT)
        assert len(store.load_messages(AGENT)) == 3
        release()


class ForksContract(Contract):
    """``batch_fork``: whole copies under new ids."""

    def test_copies_hold_what_the_source_holds(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        source = held(store, AGENT)
        ids = store.batch_fork(AGENT, 3)
        assert len(set(ids)) == 3
        assert AGENT not in ids
        assert set(store.list()) == {AGENT, *ids}
        for agent_id in ids:
            info = store.load_info(agent_id)
            assert info and info.agent_id == agent_id
            assert (info.template_id, info.message_count) == ("assistant", 3)
            assert list(info.lineage or ()) == [AGENT]
            assert store.load_messages(agent_id) == store.load_messages(AGENT)
            assert _calls(store, agent_id) == _calls(store, AGENT)
            assert store.check_consistency(agent_id).consistent
        assert held(store, AGENT) == source

    def test_a_session_can_be_copied_again_and_copies_copied(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        first = store.batch_fork(AGENT, 1)[0]
        second = store.batch_fork(AGENT, 2)
        third = store.batch_fork(first, 1)[0]
        assert len({AGENT, first, *second, third}) == 5
        info = store.load_info(third)
        assert info and list(info.lineage or ()) == [AGENT, first]
        assert _calls(store, third) == _calls(store, AGENT)

    def test_copies_and_source_live_apart(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        one, two = store.batch_fork(AGENT, 2)
        messages = store.load_messages(AGENT)
        store.save_messages(one, [])
        store.delete(AGENT)
        assert store.load_messages(two) == messages
        assert len(store.load_tool_call_records(two)) == 2
        assert store.load_messages(one) == []
        assert set(store.list()) == {one, two}

    def test_no_copies_are_none(self, store: ExtendedStore) -> None:
        fill(store, AGENT)
        assert store.batch_fork(AGENT, 0) == []
        assert store.list() == [AGENT]

    def test_a_missing_session_cannot_be_copied(self, store: ExtendedStore) -> None:
        store.save_info(AGENT, make_info(AGENT))
        with pytest.raises(SessionNotFound):
            store.batch_fork("agt-missing", 2)
        assert store.list() == [AGENT]


def _acquire_soon(store: ExtendedStore) -> Callable[[], None]:
    """Return the lock once its holder's time is over; a busy machine gets patience."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        try:
            return store.acquire_agent_lock(AGENT)
        except AgentLocked:
            assert time.monotonic() < deadline, "the lock does not release itself"
            time.sleep(0.01)


def _calls(store: ExtendedStore, agent_id: str) -> list[dict[str, Any]]:
    """Return the calls without their ids, which may have to differ."""
    return [{**call_json(call), "id": ""} for call in store.load_tool_call_records(agent_id)]
