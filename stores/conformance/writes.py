"""Saves that are refused, that meet each other, that are large or hostile."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import (
    HOSTILE_TEXTS,
    Broken,
    BrokenAfter,
    call_json,
    fill,
    held,
    make_call,
    make_event,
    make_info,
    make_messages,
    make_snapshot,
    make_todos,
    texts,
)
from stores.errors import StoreError
from stores.kode.records import Message
from stores.kode.store import Store

__all__ = ["WritesContract"]

AGENT = "agt-1"
_MEGABYTE = "0123456789abcdefé\n" * 60_000
_WRITERS = 4
_ROUNDS = 6


class WritesContract(Contract):
    """A save is kept whole or not at all, whatever it holds and whoever else saves."""

    def test_a_save_of_messages_that_breaks_half_way_leaves_the_old_ones(
        self, store: Store
    ) -> None:
        fill(store, AGENT)
        before = held(store, AGENT)
        with pytest.raises((Broken, StoreError)):
            store.save_messages(AGENT, BrokenAfter(make_messages("new", 5)))
        assert held(store, AGENT) == before

    def test_a_save_of_tool_calls_that_breaks_half_way_leaves_the_old_ones(
        self, store: Store
    ) -> None:
        fill(store, AGENT)
        before = held(store, AGENT)
        with pytest.raises((Broken, StoreError)):
            store.save_tool_call_records(AGENT, BrokenAfter([make_call("new")]))
        assert held(store, AGENT) == before

    def test_what_has_no_json_form_is_refused_and_loses_nothing(self, store: Store) -> None:
        fill(store, AGENT)
        before = held(store, AGENT)
        bad: Any = {"type": "text", "text": object()}
        messages = [*make_messages("new"), Message(role="user", content=[bad])]
        saves: list[Callable[[], None]] = [
            lambda: store.save_messages(AGENT, messages),
            lambda: store.save_tool_call_records(
                AGENT, [make_call("new"), make_call("bad", input=bad)]
            ),
            lambda: store.save_snapshot(AGENT, make_snapshot("sfp-2", messages=tuple(messages))),
            lambda: store.save_info(AGENT, make_info(AGENT, metadata=bad)),
        ]
        for save in saves:
            with pytest.raises((StoreError, TypeError, ValueError)):
                save()
        assert held(store, AGENT) == before

    def test_a_call_id_that_two_sessions_use_is_kept_for_both_or_refused_whole(
        self, store: Store
    ) -> None:
        for agent_id in ("agt-1", "agt-2"):
            store.save_info(agent_id, make_info(agent_id))
        store.save_tool_call_records("agt-1", [make_call("call_0", name="first")])
        store.save_tool_call_records("agt-2", [make_call("old")])
        kept = ["own", "call_0"]
        try:
            store.save_tool_call_records("agt-2", [make_call(call_id) for call_id in kept])
        except StoreError:
            kept = ["old"]
        assert {call.id for call in store.load_tool_call_records("agt-2")} == set(kept)
        assert [call.name for call in store.load_tool_call_records("agt-1")] == ["first"]

    def test_messages_before_the_session_is_known_are_kept_or_refused_whole(
        self, store: Store
    ) -> None:
        kept = make_messages("early")
        try:
            store.save_messages(AGENT, kept)
        except StoreError:
            kept = []
        assert store.load_messages(AGENT) == kept

    @pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
    def test_hostile_text_comes_back_as_it_was(self, store: Store, name: str) -> None:
        text = HOSTILE_TEXTS[name]
        fill(store, AGENT)
        before = held(store, AGENT)
        messages = [Message(role="user", content=[{"type": "text", "text": text, text: 1}])]
        call = make_call("hostile", input={"x": text}, result={text: text})
        if name in self.cannot_hold:
            with pytest.raises(StoreError):
                store.save_messages(AGENT, messages)
            with pytest.raises(StoreError):
                store.save_tool_call_records(AGENT, [call])
            assert held(store, AGENT) == before
            pytest.skip(f"refused without loss, as declared: {self.cannot_hold[name]}")
        store.save_messages(AGENT, messages)
        store.save_tool_call_records(AGENT, [call])
        assert store.load_messages(AGENT) == messages
        assert call_json(store.load_tool_call_records(AGENT)[0]) == call_json(call)

    @pytest.mark.parametrize("name", sorted(HOSTILE_TEXTS))
    def test_hostile_text_in_events_and_todos_comes_back_as_it_was(
        self, store: Store, name: str
    ) -> None:
        text = HOSTILE_TEXTS[name]
        fill(store, AGENT)
        event = make_event(9, text=text)
        store.append_event(AGENT, event)
        store.append_event(AGENT, make_event(10))
        store.save_todos(AGENT, make_todos(text))
        assert list(store.read_events(AGENT, channel="progress"))[1:] == [event, make_event(10)]
        assert store.load_todos(AGENT) == make_todos(text)

    def test_payloads_of_several_megabytes_come_back_whole(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        large = _MEGABYTE * 4
        messages = [Message(role="user", content=[{"type": "text", "text": large}])]
        store.save_messages(AGENT, messages)
        store.save_tool_call_records(AGENT, [make_call("a", result={"output": large})])
        store.save_snapshot(AGENT, make_snapshot("s", messages=tuple(messages)))
        store.append_event(AGENT, make_event(1, text=_MEGABYTE))
        store.append_event(AGENT, make_event(2))
        assert store.load_messages(AGENT) == messages
        assert store.load_tool_call_records(AGENT)[0].result == {"output": large}
        snapshot = store.load_snapshot(AGENT, "s")
        assert snapshot and list(snapshot.messages) == messages
        assert list(store.read_events(AGENT)) == [make_event(1, text=_MEGABYTE), make_event(2)]

    def test_a_session_of_thousands_of_messages_comes_back_whole(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        messages = make_messages("long", 3000)
        store.save_messages(AGENT, messages)
        assert store.load_messages(AGENT) == messages

    def test_threads_that_save_their_own_sessions_lose_nothing(
        self, store: Store, place: Any
    ) -> None:
        with self._stores(store, place) as stores:
            _at_once(lambda number: _save_own(stores[number], f"agt-{number}"))
        assert set(store.list()) == {f"agt-{number}" for number in range(_WRITERS)}
        for number in range(_WRITERS):
            agent_id = f"agt-{number}"
            last = f"{agent_id} round {_ROUNDS - 1}"
            assert texts(store.load_messages(agent_id)) == [f"{last} {n}" for n in range(3)]
            assert [call.name for call in store.load_tool_call_records(agent_id)] == [last]
            seqs = [event.bookmark.seq for event in store.read_events(agent_id)]
            assert seqs == list(range(_ROUNDS))

    def test_threads_that_save_the_same_session_do_not_mix(self, store: Store, place: Any) -> None:
        store.save_info(AGENT, make_info(AGENT))
        with self._stores(store, place) as stores:
            _at_once(lambda number: _save_same(stores[number], number))
        loaded = texts(store.load_messages(AGENT))
        writer = int(loaded[0].split()[1])
        assert loaded == [f"writer {writer} {n}" for n in range(5 + writer)]
        calls = store.load_tool_call_records(AGENT)
        assert len({call.name for call in calls}) == 1
        assert len(calls) == 2 + int(calls[0].name.split()[1])
        assert store.load_info(AGENT)
        events = [event.event["delta"] for event in store.read_events(AGENT)]
        every = [f"{number} {turn}" for number in range(_WRITERS) for turn in range(_ROUNDS)]
        assert sorted(events) == sorted(every)

    @contextmanager
    def _stores(self, store: Store, place: Any) -> Iterator[Sequence[Store]]:
        """Yield a store for each writer: two share the object, the others open their own."""
        own = [self.open_store(place) for _ in range(_WRITERS - 2)]
        try:
            yield [store, store, *own]
        finally:
            for item in own:
                self.close_store(item)


def _save_own(store: Store, agent_id: str) -> None:
    store.save_info(agent_id, make_info(agent_id))
    for turn in range(_ROUNDS):
        text = f"{agent_id} round {turn}"
        store.save_messages(agent_id, make_messages(text))
        store.save_tool_call_records(agent_id, [make_call(f"call-{agent_id}", name=text)])
        store.append_event(agent_id, make_event(turn))


def _save_same(store: Store, number: int) -> None:
    """Save a number of rows that tells whose they are."""
    name = f"writer {number}"
    calls = [make_call(f"call-{number}-{turn}", name=name) for turn in range(2 + number)]
    for turn in range(_ROUNDS):
        store.save_messages(AGENT, make_messages(name, 5 + number))
        store.save_tool_call_records(AGENT, calls)
        store.append_event(AGENT, make_event(turn, text=f"{number} {turn}"))


def _at_once(work: Callable[[int], None]) -> None:
    """Run the work in threads that start together; the first error of any is raised."""
    barrier, errors = threading.Barrier(_WRITERS), list[BaseException]()

    def run(number: int) -> None:
        try:
            barrier.wait(30)
            work(number)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(_WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
        assert not thread.is_alive(), "a save hangs"
    for error in errors:
        raise error
