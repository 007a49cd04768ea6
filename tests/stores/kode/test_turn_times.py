"""Times and tokens of turns, from logs and call rows; unknown ones stay unknown."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.browse.calls import call_from_columns
from stores.browse.records import Turn
from stores.browse.transcript import RawMessage, TurnTimes, build_turns
from stores.kode.event_log import LogLines
from stores.kode.file_reader import SessionFiles
from stores.kode.log_marks import marks_of
from stores.kode.turn_times import times_from_marks


def line(kind: str, at: int, seq: int = 0, **data: Any) -> str:
    bookmark = {"seq": seq or at, "timestamp": at}
    event = {"channel": "any", "type": kind, **data, "bookmark": bookmark}
    entry = {"cursor": seq or at, "bookmark": bookmark, "event": event}
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def said(words: str, at: int) -> str:
    return line("text_chunk_end", at, step=1, text=words)


def call(kind: str, call_id: str, at: int) -> str:
    return line(f"tool:{kind}", at, call={"id": call_id, "name": "n", "state": "PENDING"})


def working(at: int) -> str:
    return line("state_changed", at, state="WORKING")


def step(at: int) -> str:
    return line("breakpoint_changed", at, previous="READY", current="PRE_MODEL")


def used(total: int, at: int) -> str:
    return line("token_usage", at, inputTokens=1, outputTokens=1, totalTokens=total)


def make_turns(*messages: tuple[str, list[dict[str, Any]]], first: int = 0) -> tuple[Turn, ...]:
    raw = [
        RawMessage(seq, role, json.dumps(blocks), 1)
        for seq, (role, blocks) in enumerate(messages, first)
    ]
    return build_turns(raw, {}, owner="a")


def user(words: str) -> tuple[str, list[dict[str, Any]]]:
    return ("user", [{"type": "text", "text": words}])


def assistant(words: str = "", *call_ids: str) -> tuple[str, list[dict[str, Any]]]:
    blocks = [{"type": "text", "text": words}] if words else []
    uses = [{"type": "tool_use", "id": name, "name": "n", "input": {}} for name in call_ids]
    return ("assistant", blocks + uses)


def results(*call_ids: str) -> tuple[str, list[dict[str, Any]]]:
    return (
        "user",
        [{"type": "tool_result", "tool_use_id": name, "content": 1} for name in call_ids],
    )


def times_of(
    base: Path,
    turns: tuple[Turn, ...],
    *,
    progress: str = "",
    monitor: str = "",
    agent_id: str = "a",
    is_end: bool = False,
) -> TurnTimes:
    folder = base.joinpath(*agent_id.split("/"), "events")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "progress.log").write_text(progress)
    (folder / "monitor.log").write_text(monitor)
    return SessionFiles(base).turn_times(agent_id, turns, is_end=is_end)


def test_a_simple_exchange_is_dated_and_counted(tmp_path: Path) -> None:
    turns = make_turns(user("Do"), assistant("On it", "c"), results("c"), assistant("Done"))
    found = times_of(
        tmp_path,
        turns,
        progress=said("On it", 20)
        + call("start", "c", 30)
        + call("end", "c", 40)
        + said("Done", 60),
        monitor=working(10) + step(11) + used(5, 21) + working(50) + step(51) + used(7, 61),
    )
    assert found == TurnTimes({0: 10, 1: 30, 2: 40, 3: 60}, {1: 5, 3: 7})


def test_several_usages_of_one_step_are_added_up(tmp_path: Path) -> None:
    found = times_of(
        tmp_path,
        make_turns(user("Do"), assistant("Done")),
        progress=said("Done", 20),
        monitor=working(10) + step(11) + used(5, 21) + used(6, 22) + step(30) + used(100, 31),
    )
    assert found.tokens == {1: 11}


def test_repeated_texts_are_told_apart_by_the_calls_around_them(tmp_path: Path) -> None:
    turns = make_turns(
        assistant("Ok"), results("x"), assistant("", "c"), results("c"), assistant("Ok"), first=40
    )
    progress = said("Ok", 10) + said("Ok", 20) + call("start", "c", 30) + call("end", "c", 40)
    found = times_of(tmp_path, turns, progress=progress + said("Ok", 50) + said("Ok", 60))
    assert found.at == {40: 20, 42: 30, 43: 40, 44: 50}


def test_repeated_texts_in_the_middle_without_a_hold_stay_undated(tmp_path: Path) -> None:
    turns = make_turns(assistant("Ok"), assistant("Ok"), first=40)
    assert times_of(tmp_path, turns, progress="".join(said("Ok", at) for at in (1, 2, 3))).at == {}
    at_end = times_of(
        tmp_path, turns, progress="".join(said("Ok", at) for at in (1, 2, 3)), is_end=True
    )
    assert at_end.at == {40: 2, 41: 3}


def test_the_inherited_part_of_a_fork_is_not_dated_by_the_forks_log(tmp_path: Path) -> None:
    turns = make_turns(user("Do"), assistant("Ok"), user("Again"), assistant("Ok"))
    found = times_of(
        tmp_path,
        turns,
        agent_id="a/fork-1",
        progress=said("Ok", 90),
        monitor=working(80),
        is_end=True,
    )
    assert found.at == {2: 80, 3: 90}


def test_rows_of_calls_date_turns_without_a_log(tmp_path: Path) -> None:
    raw = [
        RawMessage(seq, role, json.dumps(blocks), 1)
        for seq, (role, blocks) in enumerate([user("Do"), assistant("", "c"), results("c")])
    ]
    row = call_from_columns(
        {"id": "c", "agent_id": "a", "state": "COMPLETED", "created_at": 5, "completed_at": 9}
    )
    turns = build_turns(raw, {"c": row}, owner="a")
    assert SessionFiles(tmp_path).turn_times("a", turns).at == {1: 5, 2: 9}


def test_times_never_run_backwards(tmp_path: Path) -> None:
    turns = make_turns(assistant("One"), assistant("Two"), assistant("Three"))
    found = times_of(
        tmp_path, turns, progress=said("Two", 10) + said("One", 20) + said("Three", 30)
    )
    known = [found.at[seq] for seq in sorted(found.at)]
    assert known == sorted(known)
    assert found.at[2] == 30


def test_a_resume_that_starts_its_seq_again_keeps_the_order(tmp_path: Path) -> None:
    progress = line("text_chunk_end", 100, seq=90, text="Before") + line(
        "text_chunk_end", 200, seq=2, text="After"
    )
    monitor = (
        line("state_changed", 90, seq=80, state="WORKING")
        + line("agent_resumed", 150, seq=1)
        + line("state_changed", 190, seq=1, state="WORKING")
    )
    turns = make_turns(user("a"), assistant("Before"), user("b"), assistant("After"))
    found = times_of(tmp_path, turns, progress=progress, monitor=monitor)
    assert found.at == {0: 90, 1: 100, 2: 190, 3: 200}


def test_spaced_json_and_large_results_are_read(tmp_path: Path) -> None:
    spaced = json.dumps(json.loads(said("Done", 70))) + "\n"
    large = line("tool:end", 60, call={"id": "c", "result": "r" * 300_000})
    turns = make_turns(assistant("", "c"), results("c"), assistant("Done"))
    found = times_of(tmp_path, turns, progress=call("start", "c", 50) + large + spaced)
    assert found.at == {0: 50, 1: 60, 2: 70}


@given(st.lists(st.sampled_from("abc"), max_size=8), st.lists(st.sampled_from("abcd"), max_size=8))
def test_any_log_gives_ordered_times_of_known_turns(said_words: list[str], kept: list[str]) -> None:

    log = "".join(said(word, at) + used(1, at) for at, word in enumerate(said_words, 1))
    turns = make_turns(*(assistant(word) for word in kept))
    marks = marks_of(LogLines(((log.encode(), 0),)))
    for is_start in (True, False):
        found = times_from_marks(marks, turns, is_start=is_start, is_end=not is_start)
        known = [found.at[seq] for seq in sorted(found.at)]
        assert known == sorted(set(known))
        assert all(said_words[at - 1] == kept[seq] for seq, at in found.at.items())
    if said_words == kept:
        assert list(times_from_marks(marks, turns, is_start=True).at) == list(range(len(kept)))


@pytest.fixture
def stored(kode_data: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def test_nearly_all_turns_of_the_sdk_are_dated_inside_their_session(
    stored: sqlite3.Connection, kode_data: Path
) -> None:
    files = SessionFiles(kode_data / "sqlite" / "store")
    calls = [call_from_columns(dict(row)) for row in stored.execute("SELECT * FROM tool_calls")]
    count = dated = 0
    for agent in stored.execute("SELECT agent_id, metadata FROM agents").fetchall():
        if "/" in agent["agent_id"] or agent["agent_id"].startswith("agt-mw"):
            continue
        rows = stored.execute(
            "SELECT seq, role, content, created_at FROM messages WHERE agent_id = ? ORDER BY seq",
            (agent["agent_id"],),
        ).fetchall()
        raw = [RawMessage(row["seq"], row["role"], row["content"], 1) for row in rows]
        turns = build_turns(raw, {call.id: call for call in calls}, owner=agent["agent_id"])
        found = files.turn_times(agent["agent_id"], turns, is_end=True)
        known = [found.at[turn.seq] for turn in turns if turn.seq in found.at]
        assert known == sorted(known)
        assert all(
            at <= row["created_at"] + 1_000 for at, row in zip(known, rows[-1:], strict=False)
        )
        count += len(turns)
        dated += len(known)
    assert (count, dated) == (419, 416)


def test_the_tokens_of_short_sessions_are_those_that_the_sdk_counts(kode_data: Path) -> None:
    facts = json.loads((kode_data / "expected.json").read_text())
    files = SessionFiles(kode_data / "sqlite" / "store")
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        for note in facts["notes"]["sqlite"]:
            if note["scenario"] != "shortChat":
                continue
            rows = connection.execute(
                "SELECT seq, role, content FROM messages WHERE agent_id = ? ORDER BY seq",
                (note["agentId"],),
            )
            turns = build_turns(
                [RawMessage(seq, role, content, 1) for seq, role, content in rows],
                {},
                owner=note["agentId"],
            )
            found = files.turn_times(note["agentId"], turns, is_end=True)
            usage = facts["sqlite"]["agents"][note["agentId"]]["tokenUsage"]
            assert sum(found.tokens.values()) == usage["totalTokens"]
