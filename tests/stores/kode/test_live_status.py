"""Live status: what the end of the logs says, in every scenario of the SDK's data."""

import json
import os
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from stores.browse.records import SessionStatus
from stores.kode import file_reader
from stores.kode.file_reader import SessionFiles
from stores.kode.recent import Recent
from stores.kode.safe_files import read_tail

MINUTE = 60_000
NOW = 100 * MINUTE


def make_line(kind: str, at: int, **data: Any) -> str:
    bookmark = {"seq": 1, "timestamp": at}
    event = {"channel": "monitor", "type": kind, **data, "bookmark": bookmark}
    entry = {"cursor": 1, "bookmark": bookmark, "event": event}
    return json.dumps(entry, separators=(",", ":")) + "\n"


def state(name: str, at: int = NOW) -> str:
    return make_line("state_changed", at, state=name)


def mark(name: str, at: int = NOW) -> str:
    return make_line("breakpoint_changed", at, previous="X", current=name, timestamp=at)


def write_logs(base: Path, **logs: str) -> SessionFiles:
    """Write ``<channel>_<log|wal>`` files of session ``a``."""
    folder = base / "a" / "events"
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in logs.items():
        (folder / name.replace("_", ".")).write_text(content)
    return SessionFiles(base)


def status_of(
    files: SessionFiles, *, messages: int | None = 2, awaiting: int | None = 0, now_ms: int = NOW
) -> tuple[SessionStatus, int | None]:
    return files.live_status("a", now_ms=now_ms, message_count=messages, awaiting_count=awaiting)


@pytest.mark.parametrize(
    ("log", "awaiting", "expected"),
    [
        (state("WORKING") + mark("PRE_MODEL"), 0, "running"),
        (state("WORKING", 0) + mark("TOOL_EXECUTING", 80 * MINUTE), 0, "stuck"),
        (state("WORKING", 0) + mark("TOOL_EXECUTING", 91 * MINUTE), 0, "running"),
        (state("WORKING") + state("READY") + mark("READY"), 0, "idle"),
        (state("READY") + state("WORKING"), 0, "running"),
        (state("WORKING") + state("PAUSED") + mark("AWAITING_APPROVAL"), 1, "awaiting"),
        (state("PAUSED") + mark("AWAITING_APPROVAL") + mark("POST_TOOL"), 0, "awaiting"),
        (state("WORKING") + mark("AWAITING_APPROVAL"), 0, "awaiting"),
        (mark("AWAITING_APPROVAL") + state("WORKING"), 0, "running"),
        (state("WORKING"), 2, "awaiting"),
        (state("READY"), 2, "idle"),
        (state("PAUSED", 0) + make_line("agent_resumed", 5, strategy="crash"), 0, "idle"),
        (mark("AWAITING_APPROVAL"), 0, "awaiting"),
        (mark("READY"), 0, "idle"),
        (mark("STREAMING_MODEL"), 0, "running"),
        (make_line("tool_manual_updated", 5), 0, "idle"),
        (state("SOMETHING_NEW"), 0, "running"),
        (state("WORKING") + '{"torn', 0, "running"),
        ("no json at all\n", 0, "unknown"),
        ("", 0, "unknown"),
        ("", 1, "awaiting"),
    ],
)
def test_the_last_state_and_breakpoint_decide(
    tmp_path: Path, log: str, awaiting: int, expected: str
) -> None:
    assert status_of(write_logs(tmp_path, monitor_log=log), awaiting=awaiting)[0] == expected


def test_without_messages_a_session_is_empty(tmp_path: Path) -> None:
    assert status_of(SessionFiles(tmp_path), messages=0) == ("empty", None)
    files = write_logs(tmp_path, monitor_log=make_line("tool_manual_updated", 5))
    assert status_of(files, messages=0)[0] == "empty"
    assert status_of(files, messages=None)[0] == "idle"


def test_without_a_folder_only_waiting_rows_are_trusted(tmp_path: Path) -> None:
    assert status_of(SessionFiles(tmp_path))[0] == "unknown"
    assert status_of(SessionFiles(tmp_path), awaiting=1)[0] == "awaiting"
    assert status_of(SessionFiles(tmp_path), awaiting=None, messages=None)[0] == "unknown"


def test_an_event_of_another_channel_shows_that_the_agent_lives(tmp_path: Path) -> None:
    chunk = make_line("text_chunk", 99 * MINUTE, delta="x")
    for name in ("progress_log", "progress_wal", "control_log"):
        files = write_logs(tmp_path / name, monitor_log=state("WORKING", 0), **{name: chunk})
        assert status_of(files) == ("running", 99 * MINUTE)


def test_a_state_that_waits_in_the_wal_is_the_newest(tmp_path: Path) -> None:
    files = write_logs(tmp_path, monitor_log=state("WORKING"), monitor_wal=state("READY", NOW + 1))
    assert status_of(files) == ("idle", NOW + 1)


def test_a_state_far_from_the_end_is_found(tmp_path: Path) -> None:
    noise = make_line("file_changed", NOW, path="x" * 1000)
    files = write_logs(tmp_path, monitor_log=state("PAUSED", 7) + noise * 300)
    assert status_of(files) == ("awaiting", 7)


def test_a_state_behind_a_huge_line_is_found(tmp_path: Path) -> None:
    huge = make_line("tool_executed", NOW, call={"result": "r" * 300_000})
    assert status_of(write_logs(tmp_path, monitor_log=state("PAUSED", 7) + huge)) == ("awaiting", 7)


def test_a_huge_last_line_still_tells_when_it_was_written(tmp_path: Path) -> None:
    huge = make_line("tool:end", 99 * MINUTE, call={"result": "r" * 300_000})
    files = write_logs(tmp_path, monitor_log=state("WORKING", 0), progress_log=huge)
    assert status_of(files) == ("running", 99 * MINUTE)


def test_words_inside_other_events_are_no_states(tmp_path: Path) -> None:
    fake = make_line("tool_custom_event", NOW, data={"type": "state_changed", "state": "READY"})
    files = write_logs(tmp_path, monitor_log=state("PAUSED", 7) + fake * 9)
    assert status_of(files) == ("awaiting", 7)


def test_a_changed_log_changes_the_status(tmp_path: Path) -> None:
    files = write_logs(tmp_path, monitor_log=state("WORKING"))
    assert status_of(files)[0] == "running"
    with (tmp_path / "a" / "events" / "monitor.log").open("a") as log:
        log.write(state("READY"))
    assert status_of(files)[0] == "idle"
    path = tmp_path / "a" / "events" / "monitor.log"
    path.write_text(path.read_text().replace("READY", "OTHER"))
    os.utime(path, ns=(1, 1))
    assert status_of(files)[0] == "running"


def test_the_memory_of_tails_is_bounded() -> None:
    recent: Recent[int] = Recent(3)
    for number in range(10):
        assert recent.get(f"n{number}", 1, partial(int, number)) == number
    assert len(recent) == 3
    assert recent.get("n9", 1, lambda: 99) == 9
    assert recent.get("n9", 2, lambda: 99) == 99
    assert recent.get("n0", 1, lambda: 5) == 5


SCENARIOS = {"waitingApproval": "awaiting", "executing": "stuck", "streaming": "stuck"} | {
    "neverStarted": "empty"
}


def test_every_scenario_of_the_sdk_has_its_status(kode_data: Path) -> None:
    facts = json.loads((kode_data / "expected.json").read_text())
    files = SessionFiles(kode_data / "sqlite" / "store")
    for note in facts["notes"]["sqlite"]:
        agent = facts["sqlite"]["agents"][note["agentId"]]
        states = (agent["aggregateStats"] or {}).get("toolCallsByState", {})
        status, at = files.live_status(
            note["agentId"],
            now_ms=1_795_000_000_000,
            message_count=agent["info"]["messageCount"],
            awaiting_count=states.get("APPROVAL_REQUIRED", 0),
        )
        assert status == SCENARIOS.get(note["scenario"], "idle"), note
        assert (at is None) == (status == "empty")


@pytest.mark.parametrize("scenario", ["executing", "streaming"])
def test_a_working_session_runs_for_ten_minutes_after_its_last_event(
    kode_data: Path, scenario: str
) -> None:
    notes = json.loads((kode_data / "expected.json").read_text())["notes"]["sqlite"]
    agent_id = next(note["agentId"] for note in notes if note["scenario"] == scenario)
    files = SessionFiles(kode_data / "sqlite" / "store")
    last_at = max(event.at for event in files.list_events(agent_id, limit=9_999).events)
    for age, expected in ((1, "running"), (9 * MINUTE, "running"), (10 * MINUTE, "stuck")):
        found = files.live_status(agent_id, now_ms=last_at + age, message_count=3, awaiting_count=0)
        assert found == (expected, last_at)


def test_a_status_is_read_again_only_when_its_log_changed(
    kode_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = kode_data / "sqlite" / "store"
    files = SessionFiles(base)
    reads: list[Any] = []
    read = read_tail

    def counted(*args: Any, **kwargs: Any) -> Any:
        reads.append(args)
        return read(*args, **kwargs)

    monkeypatch.setattr(file_reader, "read_tail", counted)
    names = [folder.name for folder in base.iterdir()]
    answers = []
    for _ in range(2):
        answers.append(
            [
                files.live_status(name, now_ms=NOW, message_count=1, awaiting_count=0)
                for name in names
            ]
        )
        if len(answers) == 1:
            assert reads
            reads.clear()
    assert answers[0] == answers[1]
    assert reads == []
