"""Events, todos, history windows, compressions, recovered files and media cache."""

from dataclasses import replace

import pytest

from stores.conformance.contract import Contract
from stores.conformance.samples import (
    BASE_MS,
    make_compression,
    make_event,
    make_info,
    make_todos,
    make_window,
)
from stores.kode.records import Bookmark, MediaCacheRecord, RecoveredFile
from stores.kode.store import Store

__all__ = ["FilesContract"]

AGENT = "agt-1"


class FilesContract(Contract):
    """What the SDK's own stores keep in files; where a store keeps it is its own business."""

    def test_events_come_back_channel_by_channel_in_order(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        channels = ["monitor", "progress", "control", "progress", "monitor"]
        events = [make_event(seq, channel=channel) for seq, channel in enumerate(channels)]
        for event in events:
            store.append_event(AGENT, event)
        read = list(store.read_events(AGENT))
        assert read == [events[1], events[3], events[2], events[0], events[4]]

    def test_events_of_one_channel_can_be_read_alone(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for seq, channel in enumerate(["monitor", "progress", "control"]):
            store.append_event(AGENT, make_event(seq, channel=channel))
        read = list(store.read_events(AGENT, channel="control"))
        assert read == [make_event(2, channel="control")]

    def test_events_since_a_bookmark_leave_out_its_own(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for seq in range(6):
            store.append_event(AGENT, make_event(seq, channel="progress" if seq % 2 else "monitor"))
        since = Bookmark(seq=2, timestamp=BASE_MS)
        read = [event.bookmark.seq for event in store.read_events(AGENT, since=since)]
        assert read == [3, 5, 4]

    def test_events_of_one_number_are_all_kept(self, store: Store) -> None:
        # An agent that was resumed counts from an earlier number on.
        store.save_info(AGENT, make_info(AGENT))
        events = [make_event(7, text="first"), make_event(7, text="second"), make_event(3)]
        for event in events:
            store.append_event(AGENT, event)
        assert list(store.read_events(AGENT)) == events

    def test_a_saved_event_is_read_by_a_new_reader_at_once(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for seq in range(3):
            store.append_event(AGENT, make_event(seq))
            assert len(list(store.read_events(AGENT))) == seq + 1

    def test_todos_are_replaced_whole(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        assert store.load_todos(AGENT) is None
        store.save_todos(AGENT, make_todos("old"))
        store.save_todos(AGENT, make_todos("new", version=3))
        assert store.load_todos(AGENT) == make_todos("new", version=3)
        empty = replace(make_todos("x", version=4), todos=())
        store.save_todos(AGENT, empty)
        assert store.load_todos(AGENT) == empty

    @pytest.mark.parametrize("order", [(1, 2, 10), (10, 1, 2)])
    def test_history_windows_come_oldest_first(self, store: Store, order: tuple[int, ...]) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for timestamp in order:
            store.save_history_window(AGENT, make_window(timestamp))
        windows = [make_window(timestamp) for timestamp in sorted(order)]
        assert store.load_history_windows(AGENT) == windows

    @pytest.mark.parametrize("order", [(1, 2, 10), (10, 1, 2)])
    def test_compressions_come_oldest_first(self, store: Store, order: tuple[int, ...]) -> None:
        store.save_info(AGENT, make_info(AGENT))
        for timestamp in order:
            store.save_compression_record(AGENT, make_compression(timestamp, "s"))
        records = [make_compression(timestamp, "s") for timestamp in sorted(order)]
        assert store.load_compression_records(AGENT) == records

    def test_recovered_files_come_back_oldest_first_with_their_text(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        content = "first\r\n# Timestamp: 5\n\n  last line without an end"
        files = [
            RecoveredFile(path="/srv/a b/x.py", content=content, mtime=5.0, timestamp=1),
            RecoveredFile(path="C:\\dir\\ü.py", content="", mtime=6.0, timestamp=2),
            RecoveredFile(path="/srv/a b/x.py", content="again", mtime=7.0, timestamp=10),
        ]
        for file in reversed(files):
            store.save_recovered_file(AGENT, file)
        assert store.load_recovered_files(AGENT) == files

    def test_the_time_of_a_recovered_file_comes_back_in_whole_milliseconds(
        self, store: Store
    ) -> None:
        store.save_info(AGENT, make_info(AGENT))
        file = RecoveredFile(path="/a", content="x", mtime=BASE_MS + 0.875, timestamp=BASE_MS)
        store.save_recovered_file(AGENT, file)
        assert [item.mtime for item in store.load_recovered_files(AGENT)] == [BASE_MS]

    def test_the_media_cache_is_replaced_whole(self, store: Store) -> None:
        store.save_info(AGENT, make_info(AGENT))
        records = [
            MediaCacheRecord(
                key=str(number) * 64,
                provider="openai",
                mime_type="image/png",
                size_bytes=number,
                file_id=f"file-{number}",
                created_at=BASE_MS,
            )
            for number in (1, 2)
        ]
        store.save_media_cache(AGENT, records)
        assert store.load_media_cache(AGENT) == records
        store.save_media_cache(AGENT, records[1:])
        assert store.load_media_cache(AGENT) == records[1:]

    def test_two_sessions_do_not_mix_their_files(self, store: Store) -> None:
        for agent_id in ("agt-1", "agt-10", "agt-1/fork-5"):
            store.save_info(agent_id, make_info(agent_id))
            store.append_event(agent_id, make_event(1, text=agent_id))
            store.save_todos(agent_id, make_todos(agent_id))
            store.save_history_window(agent_id, make_window(5, agent_id))
        for agent_id in ("agt-1", "agt-10", "agt-1/fork-5"):
            assert list(store.read_events(agent_id)) == [make_event(1, text=agent_id)]
            assert store.load_todos(agent_id) == make_todos(agent_id)
            assert store.load_history_windows(agent_id) == [make_window(5, agent_id)]
