"""Turns and blocks: calls with their results and rows, whatever is stored."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.browse import transcript
from stores.browse.calls import call_from_columns
from stores.browse.json_text import parse_json
from stores.browse.records import Block, ToolCall, Turn
from stores.browse.transcript import RawMessage, TurnTimes, build_turns, call_ids_of
from tests.stores.browse.messages import REMINDER, make_call, make_message, result, text, use


@pytest.mark.parametrize(
    ("role", "blocks", "kind"),
    [
        ("user", [text("Hello")], "user"),
        ("user", [], "user"),
        ("user", [REMINDER], "reminder"),
        ("user", [REMINDER, text("Hello")], "user"),
        ("user", [result("a"), result("b")], "results"),
        ("user", [result("a"), REMINDER], "results"),
        ("user", [result("a"), text("Stop")], "user"),
        ("user", [{"type": "image", "url": "https://example.com/a.png"}, REMINDER], "user"),
        ("assistant", [result("a")], "assistant"),
        ("assistant", [], "assistant"),
        ("system", [text('<context-summary window="w">\n1.')], "summary"),
        ("system", [text("Be kind")], "system"),
        ("tool", [text("?")], "system"),
    ],
)
def test_each_message_has_its_kind(role: str, blocks: list[Any], kind: str) -> None:
    assert build_turns([make_message(0, role, *blocks)], {}, owner="agt-1")[0].kind == kind


def test_calls_get_their_results_from_later_messages_in_any_order() -> None:
    turns = build_turns(
        [
            make_message(0, "assistant", text("Two"), use("a"), use("b")),
            make_message(1, "user", result("b", "B"), result("a", "A")),
        ],
        {"a": make_call("a")},
        owner="agt-1",
    )
    first, second = turns[0].blocks[1:]
    assert first.result is not None
    assert second.result is not None
    assert (first.result.text, first.result_seq) == ('{"ok":true,"data":"A"}', 1)
    assert (second.result.text, second.result_seq) == ('{"ok":true,"data":"B"}', 1)
    assert first.call == make_call("a")
    assert second.call is None
    assert [block.is_paired for block in turns[1].blocks] == [True, True]


def test_results_without_a_call_and_calls_without_a_result_stay_alone() -> None:
    turns = build_turns(
        [make_message(4, "user", result("gone")), make_message(5, "assistant", use("running"))],
        {},
        owner="agt-1",
    )
    assert turns[0].blocks[0].is_paired is False
    assert (turns[1].blocks[0].result, turns[1].blocks[0].result_seq) == (None, None)


def test_an_id_that_is_used_again_pairs_each_call_with_the_next_result() -> None:
    turns = build_turns(
        [
            make_message(0, "assistant", use("call_0")),
            make_message(1, "user", result("call_0", "first")),
            make_message(2, "assistant", use("call_0")),
            make_message(3, "user", result("call_0", "second")),
        ],
        {},
        owner="agt-1",
    )
    assert [turn.blocks[0].result_seq for turn in turns] == [1, None, 3, None]


def test_a_result_before_its_call_is_still_found() -> None:
    turns = build_turns(
        [make_message(0, "user", result("a")), make_message(1, "assistant", use("a"))],
        {},
        owner="agt-1",
    )
    assert turns[1].blocks[0].result_seq == 0


@pytest.mark.parametrize(
    ("rows", "found", "is_inherited"),
    [
        ({"a": make_call("a")}, "a", False),
        ({"a": make_call("a", "parent")}, "a", True),
        ({"a": make_call("a", "parent"), "a_fork_1": make_call("a_fork_1")}, "a_fork_1", False),
        ({"a_fork_1": make_call("a_fork_1", "another copy")}, None, False),
        ({}, None, False),
    ],
)
def test_a_call_gets_the_row_that_belongs_to_this_session(
    rows: dict[str, ToolCall],
    found: str | None,
    is_inherited: bool,  # noqa: FBT001
) -> None:
    block = build_turns([make_message(0, "assistant", use("a"))], rows, owner="agt-1")[0].blocks[0]
    assert (block.call.id if block.call else None, block.is_inherited) == (found, is_inherited)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "content: not valid JSON"),
        ('{"a":1}', "content: not a list of blocks"),
        ('"words"', "content: not a list of blocks"),
        (None, "content: not valid JSON"),
        (b"\xff[]", "content is not UTF-8 text"),
        ("[" * 50_000, "content: JSON nested deeper than 100 levels"),
    ],
)
def test_content_that_is_no_list_is_shown_raw_with_its_problem(
    content: str | bytes | None, problem: str
) -> None:
    turn = build_turns([RawMessage(3, "user", content, 9)], {}, owner="agt-1")[0]
    assert turn.blocks == ()
    assert turn.raw is not None
    assert len(turn.raw) <= 8192
    assert problem in turn.problems


def test_elements_that_are_no_blocks_keep_their_place() -> None:
    turn = build_turns([make_message(0, "user", 5, text("x"), None)], {}, owner="agt-1")[0]
    assert [block.type for block in turn.blocks] == ["unknown", "text", "unknown"]
    assert [block.index for block in turn.blocks] == [0, 1, 2]
    assert turn.problems == ("block 0 has no known shape", "block 2 has no known shape")


def test_large_blocks_are_cut_and_say_their_size() -> None:
    big = text("ü" * 9_000)
    turn = build_turns([make_message(0, "user", big, result("a", "x" * 9_000))], {}, owner="agt-1")[
        0
    ]
    words, outcome = turn.blocks
    assert (words.is_cut, words.size_bytes, len(words.text.encode())) == (True, 18_000, 8192)
    assert (outcome.is_cut, outcome.value) == (True, None)
    assert outcome.size_bytes > 9_000


def test_a_message_that_the_database_cut_shows_what_is_there() -> None:
    whole = make_message(0, "assistant", text("Start"), use("a"), text("y" * 50_000))
    assert isinstance(whole.content, str)
    cut = replace(whole, content=whole.content[:1_000], is_cut=True)
    turn = build_turns([cut], {}, owner="agt-1")[0]
    assert [block.type for block in turn.blocks] == ["text", "tool_use", "text"]
    assert [block.is_cut for block in turn.blocks] == [False, False, True]
    assert turn.blocks[2].size_bytes > 49_000
    assert turn.problems == ("the message is too large to be shown whole",)


def test_times_and_tokens_reach_their_turns() -> None:
    messages = [make_message(7, "user", text("a")), make_message(8, "assistant", text("b"))]
    turns = build_turns(messages, {}, owner="agt-1", times=TurnTimes({7: 70}, {8: 12}))
    assert [(turn.at, turn.tokens) for turn in turns] == [(70, None), (None, 12)]


BLOCK_LIKE = st.dictionaries(
    st.sampled_from(
        [
            *("type", "id", "name", "input", "text", "reasoning", "tool_use_id", "content"),
            *("base64", "url", "image_url", "is_error"),
        ]
    ),
    st.none()
    | st.booleans()
    | st.integers()
    | st.sampled_from(["text", "tool_use", "tool_result", "image", "image_url", "a", "data:x"])
    | st.dictionaries(st.sampled_from(["url", "ok", "data"]), st.text(max_size=5)),
)


@given(
    st.lists(st.lists(BLOCK_LIKE | st.none() | st.integers(), max_size=4), max_size=5), st.text()
)
def test_blocks_of_any_shape_become_turns(messages: list[list[Any]], role: str) -> None:
    raw = [make_message(seq, role or "user", *blocks) for seq, blocks in enumerate(messages)]
    turns = build_turns(raw, {"a": make_call("a")}, owner="agt-1")
    assert [turn.seq for turn in turns] == list(range(len(messages)))
    for turn, blocks in zip(turns, messages, strict=True):
        assert len(turn.blocks) == len(blocks)
    repr(turns).encode()


@given(st.data())
def test_a_mutated_message_costs_one_turn_at_most(data: st.DataObject) -> None:
    good = make_message(0, "assistant", text("Start"), use("a"), result("a", {"deep": [1, 2]}))
    assert isinstance(good.content, str)
    raw = bytearray(good.content.encode())
    for _ in range(data.draw(st.integers(min_value=1, max_value=4))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    messages = [replace(good, content=bytes(raw)), make_message(1, "user", text("next"))]
    turns = build_turns(messages, {}, owner="agt-1")
    assert (len(turns), turns[1].blocks[0].text) == (2, "next")
    repr(turns).encode()


@pytest.fixture
def stored(kode_data: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def turns_of(stored: sqlite3.Connection, agent_id: str) -> tuple[Turn, ...]:
    """Return all turns of a session of the SDK's own data."""
    rows = stored.execute(
        "SELECT seq, role, content FROM messages WHERE agent_id = ? ORDER BY seq", (agent_id,)
    ).fetchall()
    messages = [
        RawMessage(row["seq"], row["role"], row["content"], len(row["content"].encode()))
        for row in rows
    ]
    calls = [call_from_columns(dict(row)) for row in stored.execute("SELECT * FROM tool_calls")]
    return build_turns(messages, {call.id: call for call in calls}, owner=agent_id)


def test_every_session_of_the_sdk_is_built_without_a_problem(stored: sqlite3.Connection) -> None:
    agents = [row[0] for row in stored.execute("SELECT agent_id FROM agents")]
    turns = [turn for agent in agents for turn in turns_of(stored, agent)]
    blocks = [block for turn in turns for block in turn.blocks]
    uses = [block for block in blocks if block.type == "tool_use"]
    assert len(turns) == 470
    assert [turn.problems for turn in turns if turn.problems] == []
    assert {turn.kind for turn in turns} == {"user", "assistant", "results", "reminder", "summary"}
    # One call runs with no row yet; four have no result: two wait, two were left in between.
    assert sum(block.call is None for block in uses) == 1
    assert sum(block.result is None for block in uses) == 5
    assert sum(block.is_paired for block in blocks) == 157
    assert sum(block.is_inherited for block in uses) == 1


def test_batch_copies_of_the_sdk_show_their_own_rows(stored: sqlite3.Connection) -> None:
    blocks = [
        block
        for agent in ("agt-mwenpo07o0gih71nrze", "agt-mwenpo095sdz7qztwyb")
        for turn in turns_of(stored, agent)
        for block in turn.blocks
        if block.type == "tool_use"
    ]
    assert len(blocks) == 14
    assert all(_is_copy(block) for block in blocks)


def _is_copy(block: Block) -> bool:
    call = block.call
    return call is not None and call.id.startswith(f"{block.get('id')}_fork_")


def test_the_ids_of_a_window_are_named_once() -> None:
    turns = build_turns([make_message(0, "assistant", use("b"), use("a"), use("b"))], {}, owner="x")
    assert call_ids_of(turns) == ("b", "a")


def test_a_window_parses_each_message_once(monkeypatch: pytest.MonkeyPatch) -> None:
    messages = []
    for seq in range(0, 100, 2):
        messages.append(make_message(seq, "assistant", text("Look " * 40), use(f"c{seq}")))
        messages.append(make_message(seq + 1, "user", result(f"c{seq}", "x" * 500)))
    calls = {f"c{seq}": make_call(f"c{seq}") for seq in range(0, 100, 2)}
    parsed: list[str] = []
    parse = parse_json

    def counted(raw: str) -> Any:
        parsed.append(raw)
        return parse(raw)

    monkeypatch.setattr(transcript, "parse_json", counted)
    assert len(build_turns(messages, calls, owner="agt-1")) == 100
    assert len(parsed) == 100
