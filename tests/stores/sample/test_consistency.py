"""The sample store agrees with itself: rows with rows, logs with rows, times with times."""

import base64
import json
import re
import zlib

from tests.stores.sample.reading import NOW_MS, Sample


def test_counts_and_places_agree(sample: Sample) -> None:
    for agent_id, row in sample.agents.items():
        rows = sample.messages[agent_id]
        assert row["message_count"] == len(rows)
        assert [message["seq"] for message in rows] == list(range(len(rows)))
        safe = [
            message["seq"]
            for message in rows
            if message["role"] != "assistant"
            or all(block["type"] != "tool_use" for block in message["content"])
        ]
        assert row["last_sfp_index"] == max(safe, default=-1)


def test_ids_of_calls_are_answered_and_known(sample: Sample) -> None:
    """Each result answers a call before it; only interrupted sessions leave calls open."""
    still_open = set()
    for agent_id, rows in sample.messages.items():
        asked: set[str] = set()
        for row in rows:
            for block in row["content"]:
                if block["type"] == "tool_use":
                    asked.add(block["id"])
                elif block["type"] == "tool_result" and rows[0]["role"] != "system":
                    assert block["tool_use_id"] in asked
        answered = {
            block["tool_use_id"]
            for row in rows
            for block in row["content"]
            if block["type"] == "tool_result"
        }
        if asked - answered:
            still_open.add(agent_id)
    assert len(still_open) == 2


def test_every_call_of_a_session_stands_in_its_conversation(sample: Sample) -> None:
    for call in sample.calls:
        rows = sample.messages[call["agent_id"]]
        known = {b["id"] for row in rows for b in row["content"] if b["type"] == "tool_use"}
        for window in sample.files(f"{call['agent_id']}/history/windows/*.json"):
            for message in json.loads(window.read_text("utf-8"))["messages"]:
                known |= {b["id"] for b in message["content"] if b["type"] == "tool_use"}
        assert re.sub(r"_fork_[01]$", "", call["id"]) in known


def test_times_of_calls_agree(sample: Sample) -> None:
    for call in sample.calls:
        trail = [entry["timestamp"] for entry in call["audit_trail"]]
        assert trail == sorted(trail)
        assert call["created_at"] == trail[0]
        assert call["updated_at"] == trail[-1]
        assert call["audit_trail"][-1]["state"] == call["state"]
        if call["duration_ms"] is not None:
            assert call["completed_at"] - call["started_at"] == call["duration_ms"]


def test_events_are_in_order_and_in_the_past(sample: Sample) -> None:
    for agent_id in sample.agents:
        entries = sample.events(agent_id)
        for channel in ("progress", "control", "monitor"):
            times = [
                (entry["bookmark"]["timestamp"])
                for entry in entries
                if entry["event"]["channel"] == channel
            ]
            assert times == sorted(times) or _is_doubled(times)
            assert all(time <= NOW_MS for time in times)
        for entry in entries:
            assert entry["event"]["bookmark"] == entry["bookmark"]


def _is_doubled(times: list[int]) -> bool:
    """Tell whether the log repeats its first lines, as it does after a crash."""
    starts = [n for n in range(1, len(times)) if times[n] < times[n - 1]]
    return len(starts) == 1 and times[: starts[0]] == times[starts[0] : 2 * starts[0]]


def test_the_last_bookmark_is_that_of_the_last_finished_turn(sample: Sample) -> None:
    for agent_id, row in sample.agents.items():
        done = [e for e in sample.events(agent_id) if e["event"]["type"] == "done"]
        if done:
            assert json.loads(row["last_bookmark"]) == done[-1]["bookmark"]


def test_every_text_that_an_agent_wrote_has_its_event(sample: Sample) -> None:
    for agent_id, rows in sample.messages.items():
        ends = {
            entry["event"]["text"]
            for entry in sample.events(agent_id)
            if entry["event"]["type"] == "text_chunk_end"
        }
        if not ends or "/" in agent_id:
            continue
        for row in rows:
            for block in row["content"]:
                if row["role"] == "assistant" and block["type"] == "text":
                    assert block["text"] in ends


def test_pictures_are_valid(sample: Sample) -> None:
    pictures = [block["base64"] for block in sample.blocks if block["type"] == "image"]
    for picture in pictures:
        data = base64.b64decode(picture, validate=True)
        assert data.startswith(b"\x89PNG\r\n\x1a\n")
        length = int.from_bytes(data[33:37])
        assert data[37:41] == b"IDAT"
        assert zlib.decompress(data[41 : 41 + length])
