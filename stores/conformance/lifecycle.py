"""Which sessions there are: exists, list, delete, empty results, ids that are refused."""

from collections.abc import Callable
from typing import Any

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import (
    HOSTILE_IDS,
    fill,
    held,
    make_call,
    make_compression,
    make_event,
    make_info,
    make_messages,
    make_snapshot,
    make_todos,
    make_window,
)
from stores.errors import InvalidAgentId
from stores.kode.records import RecoveredFile
from stores.kode.store import Store

__all__ = ["LifecycleContract"]

NEIGHBOURS = ("agt-1", "agt-10", "AGT-1", "agt_1", "agt%1", "agt-2", "xagt-1")


class LifecycleContract(Contract):
    """Sessions come, are listed and go, each alone."""

    def test_an_empty_store_has_nothing(self, store: Store) -> None:
        assert store.list() == []
        assert store.list("agt") == []

    def test_a_missing_session_is_empty_and_stays_missing(self, store: Store) -> None:
        empty: dict[str, Any] = {
            "exists": False, "info": None, "todos": None, "messages": [], "calls": [],
            "snapshots": [], "events": [], "windows": [], "compressions": [], "recovered": [],
            "media": [],
        }  # fmt: skip
        assert held(store, "agt-missing") == empty
        assert store.load_snapshot("agt-missing", "sfp-2") is None
        assert store.list() == []

    def test_a_missing_snapshot_of_a_session_is_none(self, store: Store) -> None:
        store.save_info("agt-1", make_info("agt-1"))
        assert store.load_snapshot("agt-1", "sfp-2") is None
        assert store.load_snapshot("agt-1", "") is None

    def test_a_session_exists_from_its_first_info_on(self, store: Store) -> None:
        assert not store.exists("agt-1")
        store.save_info("agt-1", make_info("agt-1"))
        assert store.exists("agt-1")
        assert not store.exists("agt-2")
        assert not store.exists("agt")

    def test_sessions_are_listed_newest_first(self, store: Store) -> None:
        for day in (2, 4, 1, 3):
            at = f"2026-10-0{day}T00:00:00.000Z"
            store.save_info(f"agt-{day}", make_info(f"agt-{day}", created_at=at))
        assert store.list() == ["agt-4", "agt-3", "agt-2", "agt-1"]

    def test_forks_are_listed_too(self, store: Store) -> None:
        ids = ["agt-1", "agt-1/fork-5", "agt-1/fork-5/fork-6"]
        for number, agent_id in enumerate(ids):
            at = f"2026-10-0{9 - number}T00:00:00.000Z"
            store.save_info(agent_id, make_info(agent_id, created_at=at))
        assert store.list() == ids

    @pytest.mark.parametrize(
        ("prefix", "found"),
        [
            ("agt-1", {"agt-1", "agt-10"}),
            ("AGT", {"AGT-1"}),
            ("agt_", {"agt_1"}),
            ("agt%", {"agt%1"}),
            ("%", set()),
            ("_", set()),
            ("none", set()),
            ("", set(NEIGHBOURS)),
        ],
    )
    def test_a_prefix_is_compared_exactly(self, store: Store, prefix: str, found: set[str]) -> None:
        for agent_id in NEIGHBOURS:
            store.save_info(agent_id, make_info(agent_id))
        assert set(store.list(prefix)) == found

    def test_ids_that_look_alike_are_different_sessions(self, store: Store) -> None:
        ids = [*NEIGHBOURS, "agt-é", "agt-e", "agt-e\u0301", "agt-e ", "agt-ß", "agt-ss"]
        for agent_id in ids:
            store.save_info(agent_id, make_info(agent_id))
            store.save_messages(agent_id, make_messages(agent_id, 1))
        assert set(store.list()) == set(ids)
        for agent_id in ids:
            assert store.load_messages(agent_id) == make_messages(agent_id, 1)
            assert store.load_info(agent_id)

    def test_delete_removes_everything_of_the_session(self, store: Store) -> None:
        nothing = held(store, "agt-1")
        fill(store, "agt-1")
        store.delete("agt-1")
        assert held(store, "agt-1") == nothing
        assert store.list() == []

    def test_delete_removes_nothing_of_other_sessions(self, store: Store) -> None:
        for agent_id in NEIGHBOURS:
            fill(store, agent_id)
        others = NEIGHBOURS[1:]
        before = {agent_id: held(store, agent_id) for agent_id in others}
        store.delete("agt-1")
        assert {agent_id: held(store, agent_id) for agent_id in others} == before
        assert set(store.list()) == set(others)

    def test_a_deleted_session_starts_empty_when_it_comes_back(self, store: Store) -> None:
        fill(store, "agt-1")
        store.delete("agt-1")
        fill(store, "agt-1")
        once = held(store, "agt-1")
        store.delete("agt-1")
        fill(store, "agt-1")
        assert held(store, "agt-1") == once
        assert len(once["events"]) == 3

    def test_deleting_a_missing_session_is_fine(self, store: Store) -> None:
        fill(store, "agt-1")
        before = held(store, "agt-1")
        store.delete("agt-2")
        store.delete("agt")
        assert held(store, "agt-1") == before

    def test_deleting_a_parent_spares_its_forks(self, store: Store) -> None:
        forks = ("agt-1/fork-5", "agt-1/fork-5/fork-6")
        for agent_id in ("agt-1", *forks):
            fill(store, agent_id)
        before = {agent_id: held(store, agent_id) for agent_id in forks}
        store.delete("agt-1")
        assert {agent_id: held(store, agent_id) for agent_id in forks} == before
        assert set(store.list()) == set(forks)

    def test_deleting_a_parent_with_its_forks_deletes_them_and_nobody_else(
        self, store: Store
    ) -> None:
        forks = ("agt-1/fork-5", "agt-1/fork-5/fork-6")
        for agent_id in ("agt-1", *forks, "agt-10", "agt-10/fork-5", "agt-2"):
            fill(store, agent_id)
        others = ("agt-10", "agt-10/fork-5", "agt-2")
        before = {agent_id: held(store, agent_id) for agent_id in others}
        store.delete("agt-1", with_forks=True)
        assert set(store.list()) == set(others)
        assert {agent_id: held(store, agent_id) for agent_id in others} == before
        assert list(store.read_events("agt-1/fork-5")) == []

    def test_deleting_a_fork_spares_its_parent(self, store: Store) -> None:
        for agent_id in ("agt-1", "agt-1/fork-5"):
            fill(store, agent_id)
        before = held(store, "agt-1")
        store.delete("agt-1/fork-5")
        assert held(store, "agt-1") == before
        assert store.list() == ["agt-1"]

    @pytest.mark.parametrize("agent_id", HOSTILE_IDS, ids=lambda agent_id: repr(agent_id[:24]))
    def test_an_id_that_leads_out_is_refused_by_every_method(
        self, store: Store, agent_id: str
    ) -> None:
        fill(store, "agt-1")
        before = held(store, "agt-1")
        accepted = [name for name, call in _calls(store, agent_id).items() if not _refused(call)]
        assert not accepted
        assert held(store, "agt-1") == before
        assert store.list() == ["agt-1"]


def _refused(call: Callable[[], Any]) -> bool:
    try:
        call()
    except InvalidAgentId:
        return True
    return False


def _calls(store: Store, agent_id: str) -> dict[str, Callable[[], Any]]:
    """Return a call of every method that takes an id, by its name."""
    loads = (
        "load_messages", "load_tool_call_records", "load_todos", "load_history_windows",
        "load_compression_records", "load_recovered_files", "load_media_cache", "list_snapshots",
        "load_info", "exists", "delete",
    )  # fmt: skip
    saves: dict[str, Any] = {
        "save_messages": make_messages("x"),
        "save_tool_call_records": [make_call("x")],
        "save_todos": make_todos("x"),
        "append_event": make_event(1),
        "save_history_window": make_window(1),
        "save_compression_record": make_compression(1, "x"),
        "save_recovered_file": RecoveredFile(path="/x", content="", mtime=1, timestamp=1),
        "save_media_cache": [],
        "save_snapshot": make_snapshot("x"),
        "save_info": make_info(agent_id),
        "load_snapshot": "x",
    }
    calls: dict[str, Callable[[], Any]] = {
        name: lambda name=name: getattr(store, name)(agent_id)  # type: ignore[misc]
        for name in loads
    }
    for name, value in saves.items():
        calls[name] = lambda name=name, value=value: getattr(store, name)(agent_id, value)  # type: ignore[misc]
    calls["read_events"] = lambda: list(store.read_events(agent_id))
    return calls
