"""Messages, tool calls, snapshots and what is known of a session: saved is loaded again."""

from typing import Any

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import (
    BASE_MS,
    call_json,
    make_call,
    make_event,
    make_info,
    make_messages,
    make_snapshot,
    texts,
)
from stores.errors import StoreError
from stores.kode.records import Approval, AuditEntry, Bookmark, Message
from stores.kode.store import Store

__all__ = ["RowsContract"]

AGENT = "agt-1"


class RowsContract(Contract):
    """The rows of one session."""

    def test_messages_come_back_in_order_with_every_field(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        messages = make_messages("hello", 25)
        store.save_messages(AGENT, messages)
        assert store.load_messages(AGENT) == messages

    def test_saving_messages_replaces_all_of_them(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_messages(AGENT, make_messages("old", 9))
        store.save_messages(AGENT, make_messages("new", 2))
        assert texts(store.load_messages(AGENT)) == ["new 0", "new 1"]

    def test_saving_no_messages_empties_the_session(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_messages(AGENT, make_messages("old"))
        store.save_messages(AGENT, [])
        assert store.load_messages(AGENT) == []
        assert store.exists(AGENT)

    def test_a_message_without_blocks_is_kept(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        messages = [Message(role="assistant", content=[]), *make_messages("x", 1)]
        store.save_messages(AGENT, messages)
        assert store.load_messages(AGENT) == messages

    def test_tool_calls_come_back_oldest_first_with_every_field(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        approval = Approval(
            required=True, decision="deny", decided_by="api", decided_at=BASE_MS, note="no"
        )
        calls = [
            make_call("a", created_at=BASE_MS + 1),
            make_call("b", created_at=BASE_MS + 2, state="DENIED", is_error=True, error="denied"),
            make_call("c", created_at=BASE_MS + 3, state="DENIED", approval=approval),
            make_call("d", created_at=BASE_MS + 4, result="text", input=[1, "two", None]),
        ]
        store.save_tool_call_records(AGENT, calls)
        loaded = store.load_tool_call_records(AGENT)
        assert [call_json(call) for call in loaded] == [call_json(call) for call in calls]

    def test_saving_tool_calls_replaces_all_of_them(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_tool_call_records(AGENT, [make_call("a"), make_call("b")])
        store.save_tool_call_records(AGENT, [make_call("b", name="fs_read")])
        loaded = store.load_tool_call_records(AGENT)
        assert [(call.id, call.name) for call in loaded] == [("b", "fs_read")]

    def test_tool_calls_may_come_from_a_generator(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_tool_call_records(AGENT, (make_call(name) for name in "ab"))
        assert [call.id for call in store.load_tool_call_records(AGENT)] == ["a", "b"]

    def test_what_is_known_of_a_session_comes_back_whole(self, store: Store) -> None:
        info = make_info(
            AGENT, lineage=["agt-0", "agt-0/fork-1"], message_count=3, breakpoint="PRE_TOOL"
        )
        store.save_info(AGENT, info)
        assert store.load_info(AGENT) == info

    def test_saving_info_replaces_it_and_keeps_everything_else(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_messages(AGENT, make_messages("kept"))
        store.save_tool_call_records(AGENT, [make_call("kept")])
        store.save_snapshot(AGENT, make_snapshot("kept"))
        changed = make_info(AGENT, template_id="other", message_count=3, last_bookmark=None)
        store.save_info(AGENT, changed)
        assert store.load_info(AGENT) == changed
        assert len(store.load_messages(AGENT)) == 3
        assert [call.id for call in store.load_tool_call_records(AGENT)] == ["kept"]
        assert [snapshot.id for snapshot in store.list_snapshots(AGENT)] == ["kept"]

    def test_info_of_another_session_is_refused(self, store: Store) -> None:
        with pytest.raises(StoreError):
            store.save_info(AGENT, make_info("agt-2"))
        assert not store.exists(AGENT)
        assert not store.exists("agt-2")

    def test_a_snapshot_comes_back_with_every_field(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        snapshot = make_snapshot("sfp-2")
        store.save_snapshot(AGENT, snapshot)
        assert store.load_snapshot(AGENT, "sfp-2") == snapshot

    def test_a_snapshot_of_the_same_id_is_replaced(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_snapshot(AGENT, make_snapshot("sfp-2", "old"))
        newer = make_snapshot("sfp-2", "new", metadata=None)
        store.save_snapshot(AGENT, newer)
        assert store.list_snapshots(AGENT) == [newer]

    def test_snapshots_are_listed_newest_first(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for second in (3, 1, 2):
            at = f"2026-11-01T00:00:0{second}.000Z"
            store.save_snapshot(AGENT, make_snapshot(f"at-{second}", created_at=at))
        assert [item.id for item in store.list_snapshots(AGENT)] == ["at-3", "at-2", "at-1"]

    def test_unknown_fields_inside_records_are_kept(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        new: dict[str, Any] = {"fromALaterSdk": {"deep": [1, None, "x"]}}
        block = {"type": "hologram", "payload": {"z": 1, "a": [2]}, **new}
        messages = [Message(role="user", content=[block], metadata={"transport": "omit", **new})]
        bookmark = Bookmark(seq=5, timestamp=BASE_MS, extra=new)
        call = make_call(
            "a",
            approval=Approval(required=True, extra=new),
            audit_trail=(AuditEntry(state="PENDING", timestamp=BASE_MS, extra=new),),
        )
        snapshot = make_snapshot("s", messages=tuple(messages), last_bookmark=bookmark)
        store.save_messages(AGENT, messages)
        store.save_tool_call_records(AGENT, [call])
        store.save_snapshot(AGENT, snapshot)
        store.save_info(AGENT, make_info(AGENT, last_bookmark=bookmark, metadata=new))
        info = store.load_info(AGENT)
        assert store.load_messages(AGENT) == messages
        assert call_json(store.load_tool_call_records(AGENT)[0]) == call_json(call)
        assert store.load_snapshot(AGENT, "s") == snapshot
        assert info == make_info(AGENT, last_bookmark=bookmark, metadata=new)

    def test_numbers_keep_their_value(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        numbers = [1, -1, 2**53 - 1, 0.1, 1e-7, True]
        store.save_tool_call_records(AGENT, [make_call("a", result=numbers)])
        result = store.load_tool_call_records(AGENT)[0].result
        assert result == numbers
        assert [type(item) for item in result] == [type(item) for item in numbers]

    def test_a_change_after_a_save_changes_nothing_in_the_store(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        message = make_messages("before", 1)[0]
        store.save_messages(AGENT, [message])
        message.content[0]["text"] = "after"
        loaded = store.load_messages(AGENT)
        assert texts(loaded) == ["before 0"]
        loaded[0].content[0]["text"] = "after"
        assert texts(store.load_messages(AGENT)) == ["before 0"]

    def test_two_sessions_do_not_mix(self, store: Store) -> None:
        for agent_id in ("agt-1", "agt-2"):
            store.save_info(agent_id, make_info(agent_id))
            store.save_messages(agent_id, make_messages(agent_id))
            store.save_tool_call_records(agent_id, [make_call(f"call-of-{agent_id}")])
            store.save_snapshot(agent_id, make_snapshot("sfp-2", agent_id))
        for agent_id in ("agt-1", "agt-2"):
            assert texts(store.load_messages(agent_id))[0] == f"{agent_id} 0"
            calls = store.load_tool_call_records(agent_id)
            assert [call.id for call in calls] == [f"call-of-{agent_id}"]
            assert store.list_snapshots(agent_id) == [make_snapshot("sfp-2", agent_id)]

    def test_what_was_saved_is_there_after_opening_again(self, store: Store, place: Any) -> None:
        store.save_info(AGENT, make_info(AGENT))
        store.save_messages(AGENT, make_messages("kept"))
        store.append_event(AGENT, make_event(1))
        self.close_store(store)
        again = self.open_store(place)
        try:
            assert again.list() == [AGENT]
            assert texts(again.load_messages(AGENT))[0] == "kept 0"
            assert list(again.read_events(AGENT)) == [make_event(1)]
        finally:
            self.close_store(again)
