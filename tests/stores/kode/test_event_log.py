"""Event logs as writers leave them: torn, glued, doubled, huge, hostile."""

import json
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.errors import InvalidQuery
from stores.kode.event_log import LogLines, read_lines
from stores.kode.file_reader import SessionFiles
from tests.stores.kode.logs import make_line, seqs, write_log

LONG_LOG = "agt-01M3FGZN42CSJXFZZGW278CCHM"


def test_the_wal_comes_behind_the_log(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2))
    write_log(tmp_path, "a", "monitor.wal", make_line(3) + make_line(4))
    assert seqs(SessionFiles(tmp_path)) == [1, 2, 3, 4]


def test_a_wal_without_a_log_is_read(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.wal", make_line(3))
    assert seqs(SessionFiles(tmp_path)) == [3]


def test_lines_that_a_recovery_doubled_are_shown_once(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2) + make_line(1))
    write_log(tmp_path, "a", "monitor.wal", make_line(2) + make_line(3))
    assert seqs(SessionFiles(tmp_path)) == [1, 2, 3]


def test_the_same_seq_after_a_resume_is_another_event(tmp_path: Path) -> None:
    log = make_line(1, at=10) + make_line(1, at=99)
    write_log(tmp_path, "a", "monitor.log", log)
    assert seqs(SessionFiles(tmp_path)) == [1, 1]


def test_a_line_glued_to_a_torn_one_is_recovered_and_counted(tmp_path: Path) -> None:
    torn = make_line(1)[:40]
    write_log(tmp_path, "a", "monitor.log", make_line(0) + torn + make_line(2) + make_line(3))
    found = SessionFiles(tmp_path).read_events("a", "monitor")
    assert [event.seq for event in found.events] == [0, 2, 3]
    assert found.problems == 1


@pytest.mark.parametrize(
    "line",
    [
        b"\xff\xfe\n",
        b"null\n",
        b"[1]\n",
        b'{"bookmark":{"seq":1,"timestamp":5}}\n',
        b'{"event":{"type":"x"}}\n',
        b'{"event":{"type":7},"bookmark":{"seq":1,"timestamp":5}}\n',
        b'{"event":{"type":"x"},"bookmark":{"seq":1,"timestamp":"5"}}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_a_line_that_is_no_event_is_counted_and_skipped(tmp_path: Path, line: bytes) -> None:
    log = make_line(1).encode() + line + make_line(2).encode()
    write_log(tmp_path, "a", "monitor.log", log)
    found = SessionFiles(tmp_path).read_events("a", "monitor")
    assert [event.seq for event in found.events] == [1, 2]
    assert found.problems == 1


def test_hostile_values_inside_an_event_are_read(tmp_path: Path) -> None:
    line = make_line(1, text="?").replace('"?"', '"\\ud800 \\u0000 ' + "9" * 5000 + '"')
    huge = make_line(2, n=0).replace('"n":0', '"n":' + "9" * 5000)
    write_log(tmp_path, "a", "monitor.log", line + huge)
    events = SessionFiles(tmp_path).read_events("a", "monitor").events
    assert events[0].data["text"].startswith("\ufffd \0 9")
    assert events[1].data["n"] == "9" * 5000


def test_a_long_log_gives_its_last_lines_and_says_so(tmp_path: Path) -> None:
    lines = [make_line(seq) for seq in range(50)]
    write_log(tmp_path, "a", "monitor.log", "".join(lines))
    budget = len("".join(lines[-10:])) + 5
    found = SessionFiles(tmp_path).read_events("a", "monitor", max_bytes=budget)
    assert [event.seq for event in found.events] == list(range(40, 50))
    assert (found.is_cut, found.problems) == (True, 0)
    assert found.events[0].offset == len("".join(lines[:40]).encode())


def test_only_wanted_types_are_returned(tmp_path: Path) -> None:
    fake = make_line(3, kind="error", message='"type":"state_changed"', data={"k": "state_changed"})
    write_log(tmp_path, "a", "monitor.log", make_line(1) + make_line(2, kind="error") + fake)
    assert seqs(SessionFiles(tmp_path), types=frozenset({"state_changed"})) == [1]
    assert seqs(SessionFiles(tmp_path), types=frozenset({"error", "x"})) == [2, 3]


def test_an_unknown_channel_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidQuery):
        SessionFiles(tmp_path).read_events("a", "../../etc/passwd")


def test_pages_of_merged_events_join_up(tmp_path: Path) -> None:
    write_log(tmp_path, "a", "monitor.log", "".join(make_line(n, at=n) for n in range(0, 60, 3)))
    write_log(tmp_path, "a", "progress.log", "".join(make_line(n, at=n) for n in range(1, 60, 3)))
    write_log(tmp_path, "a", "control.wal", "".join(make_line(n, at=n) for n in range(2, 60, 3)))
    files = SessionFiles(tmp_path)
    page = files.list_events("a", limit=7)
    seen = [event.seq for event in page.events]
    while page.next is not None:
        page = files.list_events("a", after=page.next, limit=7)
        seen += [event.seq for event in page.events]
    assert seen == list(range(60))


def test_a_torn_last_line_is_tolerated_at_every_byte(kode_data: Path) -> None:
    path = kode_data / "sqlite" / "store" / LONG_LOG / "events" / "progress.log"
    raw = path.read_bytes()
    last = raw.rstrip(b"\n").rfind(b"\n") + 1
    start = raw.rfind(b"\n", 0, max(0, last - 20_000)) + 1
    whole = read_lines(LogLines(((raw[start:], 0),)), "progress", None)
    for end in range(last, len(raw) + 1):
        found = read_lines(LogLines(((raw[start:end], 0),)), "progress", None)
        assert found.problems == 0
        is_whole = end >= len(raw) - 1
        assert found.events == (whole.events if is_whole else whole.events[:-1])


@given(st.data())
def test_a_mutated_log_gives_the_lines_that_were_not_touched(data: st.DataObject) -> None:
    lines = [make_line(seq, text="é<b>" * seq).encode() for seq in range(6)]
    place = data.draw(st.integers(min_value=0, max_value=5))
    line = bytearray(lines[place])
    for _ in range(data.draw(st.integers(min_value=1, max_value=5))):
        line[data.draw(st.integers(0, len(line) - 2))] = data.draw(st.integers(11, 255))
    lines[place] = bytes(line)
    found = read_lines(LogLines(((b"".join(lines), 0),)), "monitor", None)
    untouched = [seq for seq in range(6) if seq != place]
    assert [event.seq for event in found.events if event.seq in untouched][:6] != []
    offsets = {event.offset for event in found.events}
    assert {len(b"".join(lines[:seq])) for seq in untouched} <= offsets


def test_all_logs_of_the_sdk_are_read_whole_and_each_line_once(kode_data: Path) -> None:
    expected = json.loads((kode_data / "expected.json").read_text())["sqlite"]["agents"]
    store = kode_data / "sqlite" / "store"
    for agent_id, facts in expected.items():
        for channel in ("progress", "control", "monitor"):
            path = store / agent_id / "events" / f"{channel}.log"
            lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
            # The SDK counts a line again that its recovery doubled.
            assert len(lines) == facts["events"].get(channel, {"count": 0})["count"]
            wanted = Counter(json.loads(line)["event"]["type"] for line in set(lines))
            found = SessionFiles(store).read_events(agent_id, channel)
            assert found.problems == 0
            assert Counter(event.type for event in found.events) == wanted
