"""Cards of tool calls: what is seen at once, what is inside, and why a call ended as it did."""

import json
from dataclasses import replace
from typing import Any

import pytest

from dashboard.render.place import Place
from dashboard.render.turns import turns_html
from stores.interface import ChildSession
from tests.dashboard.fakes import HOSTILE
from tests.dashboard.markup import Element
from tests.dashboard.render.makers import (
    AT,
    SESSION,
    Fragment,
    make_call,
    make_turns,
    result,
    show,
    use,
)

CLEAN = HOSTILE.encode("utf-8", "replace").decode()


def card(given: dict[str, Any], *, name: str = "bash_run", **row: Any) -> Element:
    """Return the card of one call with this input and row."""
    call = make_call("c1", **{"name": name, **row})
    return show(("assistant", [use("c1", name, **given)]), calls=(call,)).one("details")


@pytest.mark.parametrize(
    ("state", "tone", "word", "is_open"),
    [
        ("PENDING", "pending", "Pending", False),
        ("APPROVAL_REQUIRED", "awaiting", "Awaiting approval", True),
        ("APPROVED", "running", "Approved", False),
        ("EXECUTING", "running", "Executing", False),
        ("COMPLETED", "completed", "Completed", False),
        ("FAILED", "failed", "Failed", True),
        ("DENIED", "denied", "Denied", True),
        ("SEALED", "sealed", "Sealed", True),
        ("FROM_THE_FUTURE", "pending", "FROM_THE_FUTURE", False),
    ],
)
def test_each_state_has_its_word_and_failures_are_open(
    state: str, tone: str, word: str, *, is_open: bool
) -> None:
    shown = card({"cmd": "ls"}, state=state)
    assert shown.attrs["data-state"] == tone
    assert word in shown.one("summary").text
    assert ("open" in shown.attrs) is is_open


def test_the_head_tells_name_input_duration_wait_and_size() -> None:
    trail = [
        {"state": "PENDING", "timestamp": AT},
        {"state": "APPROVAL_REQUIRED", "timestamp": AT},
        {"state": "COMPLETED", "timestamp": AT + 40_000},
    ]
    approval = {"required": True, "decision": "allow", "decidedBy": "api", "decidedAt": AT + 28_450}
    shown = card(
        {"cmd": "make test"},
        audit_trail=json.dumps(trail),
        approval=json.dumps(approval),
        duration_ms=8372,
        result='"' + "x" * 1998 + '"',
    )
    head = shown.one("summary").text
    assert head == "bash_run make test Completed waited 28.45 s 8.37 s 2.0 KB"


def test_a_call_without_duration_shows_a_dash_and_never_zero() -> None:
    shown = card({"cmd": "ls"}, state="FAILED", started_at=None)
    assert "no duration recorded" in shown.one("summary").text
    assert "0 ms" not in shown.one("summary").text


def test_a_derived_duration_is_marked() -> None:
    assert "≈ 743 ms" in card({"cmd": "ls"}, state="FAILED").one("summary").text


@pytest.mark.parametrize(("code", "is_marked"), [(0, False), (3, True), (-9, True)])
def test_a_command_that_ended_badly_is_marked_although_completed(
    code: int, *, is_marked: bool
) -> None:
    shown = card({"cmd": "x"}, result=json.dumps({"code": code, "output": "hello\nwarn"}))
    assert ("open" in shown.attrs) is is_marked
    assert (f"Exit code {code}" in shown.one("summary").text) is is_marked
    assert shown.attrs["data-state"] == ("soft" if is_marked else "completed")
    assert [pre.text for pre in shown.all("pre")] == ["$ x", "hello warn"]


def test_terminal_output_keeps_its_colours_as_classes() -> None:
    shown = card({"cmd": "x"}, result=json.dumps({"code": 0, "output": "\x1b[31mred\x1b[0m"}))
    assert shown.one("span", **{"class": "ansi-31"}).text == "red"


def test_a_number_named_code_is_not_an_exit_code_elsewhere() -> None:
    shown = card({"id": 1}, name="http", result='{"code": 404, "body": "x"}')
    assert "Exit code" not in shown.text


def test_an_edit_is_a_diff() -> None:
    given = {"path": "src/a.ts", "old_string": "a - b", "new_string": "a + b"}
    shown = card(given, name="fs_edit", result='{"ok":true}')
    assert [row.attrs["class"] for row in shown.all("tr")] == ["removed", "added"]
    assert "src/a.ts" in shown.one("summary").text


def test_several_edits_are_several_diffs() -> None:
    edits = [{"path": "a", "find": "1", "replace": "2"}, {"path": "b", "find": "3", "replace": "4"}]
    assert len(card({"edits": edits}, name="fs_multi_edit").all("table")) == 2


def test_a_write_shows_path_and_lines() -> None:
    shown = card({"path": "notes/ü.md", "content": "# N\n\n- ä\n"}, name="fs_write")
    assert "notes/ü.md (9 characters)" in shown.one("summary").text
    assert "3 lines" in shown.text
    assert shown.one("pre").text == "# N - ä"


def test_a_read_shows_path_and_what_was_read() -> None:
    read = json.dumps({"path": "a.ts", "offset": 1, "limit": 3, "content": "one\ntwo"})
    shown = card({"path": "a.ts"}, name="fs_read", result=read)
    assert shown.one("pre").text == "one two"
    assert "offset" in shown.text


def test_todos_are_a_list() -> None:
    todos = [
        {"id": "1", "title": "Fix <b>#12</b>", "status": "in_progress"},
        {"id": "2", "title": "写测试", "status": "pending"},
        "odd",
    ]
    shown = card({"todos": todos}, name="todo_write")
    assert [item.text for item in shown.all("li")] == [
        "Fix <b>#12</b> in progress",
        "写测试 pending",
        "odd",
    ]
    assert "3 todos" in shown.one("summary").text


def test_a_sub_agent_links_to_its_session() -> None:
    given = {"description": "Find", "prompt": "Do **it**", "agentTemplateId": "coder"}
    call = make_call("c1", name="task_run", completed_at=AT + 5000)
    child = ChildSession("agt-1/sub?x", "coder", "sub-agent", AT + 1000)
    other = ChildSession("agt-late", "coder", "sub-agent", AT + 90_000)
    place = Place.of("agents", SESSION, now_ms=AT, children=(child, other))
    turns = make_turns(("assistant", [use("c1", "task_run", **given)]), calls=(call,))
    shown = Fragment(turns_html(turns, place))
    assert shown.link("agt-1/sub?x") == "/browse/agents/sessions/agt-1/sub%3Fx/"
    assert shown.one("strong").text == "it"


def test_an_unknown_tool_shows_names_and_values() -> None:
    shown = card({"note": "two\nlines", "deep": {"a": [1]}}, name="odd_tool")
    assert [name.text for name in shown.all("dt")] == ["note", "deep"]
    assert "two lines" in shown.text


def test_a_person_who_denied_is_heard_before_the_sdk() -> None:
    approval = {
        "required": True,
        "decision": "deny",
        "decidedBy": "api",
        "decidedAt": AT + 9940,
        "note": "Not this week <b>freeze</b>",
    }
    shown = card(
        {"to": "x"},
        state="DENIED",
        error="Policy requires approval",
        approval=json.dumps(approval),
    )
    note = shown.all("p", **{"class": "call-note"})[0]
    assert note.text == "Denied by a person. “Not this week <b>freeze</b>”"
    assert "Policy requires approval" in shown.text
    assert shown.text.index("Not this week") < shown.text.index("Policy requires approval")


@pytest.mark.parametrize(("by", "words"), [("policy", "a policy"), ("hook", "a hook"), ("x", "")])
def test_who_denied_is_told(by: str, words: str) -> None:
    approval = json.dumps({"required": True, "decision": "deny", "decidedBy": by, "note": "no"})
    shown = card({}, state="DENIED", approval=approval)
    note = shown.all("p", **{"class": "call-note"})[0].text
    assert note == (f"Denied by {words}. “no”" if words else "Denied. “no”")


def test_a_waiting_call_says_how_long_and_where_to_decide() -> None:
    trail = json.dumps([{"state": "APPROVAL_REQUIRED", "timestamp": AT}])
    approval = json.dumps({"required": True, "meta": {"reason": "Policy requires approval"}})
    shown = card({}, state="APPROVAL_REQUIRED", audit_trail=trail, approval=approval)
    note = shown.all("p", **{"class": "call-note"})[0].text
    assert note.startswith("Waiting for approval for 1 min 00 s. Policy requires approval.")
    assert "decide in the agent" in note


def test_the_audit_trail_counts_from_its_first_step() -> None:
    trail = card({}, state="FAILED", error="boom").one("ol", **{"class": "trail"})
    assert [step.text for step in trail.all("li")] == [
        "pending 09:19:17",
        "failed · tool reported failure +743 ms",
    ]


def test_an_error_that_the_result_repeats_is_shown_once() -> None:
    shown = card({}, state="FAILED", error="boom", result='{"ok":false,"error":"boom"}')
    assert shown.text.count("boom") == 1


def test_what_the_sdk_advised_is_told() -> None:
    content = {"ok": False, "error": "boom", "recommendations": ["Look", "Retry"]}
    call = make_call("c1", "FAILED", error="boom")
    shown = show(
        ("assistant", [use("c1", "x")]),
        ("user", [result("c1", content, is_error=True)]),
        calls=(call,),
    )
    assert "The SDK advised the model: Look; Retry" in shown.text


def test_a_large_result_says_what_is_shown_and_leads_to_the_rest() -> None:
    output = json.dumps({"code": 0, "output": "line\n" * 40_000})
    call = make_call("c1", result=output)
    shown = show(
        ("assistant", [use("c1", "bash_run", cmd="x")]),
        ("user", [result("c1", {"ok": True, "data": json.loads(output)})]),
        calls=(call,),
    )
    more = shown.one("p", **{"class": "code-more"})
    assert more.text.startswith("Showing 8.2 KB of 240 KB")
    link = more.all("a")[0]
    assert link.attrs["href"] == link.attrs["hx-get"] == "/browse/agents/blocks/1/0/agt-1/"
    assert more.link("Download") == "/browse/agents/call-text/result/c1/"
    assert len(shown.source) < 20_000


def test_a_result_that_was_cut_while_reading_still_shows_its_output() -> None:
    stored = json.dumps({"code": 2, "output": "é\n" * 50_000}, ensure_ascii=False)
    call = make_call("c1", result=stored[:65_536], result_size=len(stored.encode()))
    shown = show(("assistant", [use("c1", "bash_run", cmd="x")]), calls=(call,))
    assert "Exit code 2" in shown.one("summary").text
    assert shown.all("pre")[1].text.startswith("é é é")


def test_a_block_without_a_row_is_shown_from_the_message_alone() -> None:
    shown = show(
        ("assistant", [use("c1", "fs_read", path="a")]),
        ("user", [result("c1", {"ok": False, "error": "gone"}, is_error=True)]),
    )
    details = shown.one("details")
    assert details.attrs["data-state"] == "failed"
    assert "gone" in details.text
    assert "No tool-call row" in details.text


def test_a_call_without_row_and_result_is_not_called_completed() -> None:
    details = show(("assistant", [use("c1", "x")])).one("details")
    assert "No record yet" in details.one("summary").text


def test_an_inherited_call_links_to_the_session_that_made_it() -> None:
    call = replace(make_call("c1"), agent_id="agt-0/parent")
    shown = show(("assistant", [use("c1", "x")]), calls=(call,))
    assert "Inherited" in shown.text
    assert shown.link("agt-0/parent") == "/browse/agents/sessions/agt-0/parent/"


def test_a_marked_call_is_open_and_can_be_reached() -> None:
    shown = show(
        ("assistant", [use("c1", "x"), use("c2", "x")]),
        calls=(make_call("c1"), make_call("c2")),
        marked_call="c2",
    )
    first, second = shown.all("details")
    assert second.attrs["id"] == "call"
    assert "open" in second.attrs
    assert "id" not in first.attrs


@pytest.mark.parametrize("place", ["name", "key", "value", "error", "note", "result", "state"])
def test_hostile_text_is_text_wherever_it_stands(place: str) -> None:
    given = {CLEAN if place == "key" else "k": CLEAN + "\n" if place == "value" else 1}
    approval = {"required": True, "decision": "deny", "note": CLEAN if place == "note" else "n"}
    shown = card(
        given,
        name=CLEAN if place == "name" else "x",
        state=CLEAN if place == "state" else "DENIED",
        error=CLEAN if place == "error" else "e",
        approval=json.dumps(approval),
        result=json.dumps({CLEAN: CLEAN} if place == "result" else 1),
    )
    assert not shown.all("script")
    for element in [shown, *shown.all()]:
        assert not {"onclick", "hx-get"} & set(element.attrs)
    assert "alert(1)" in shown.text.lower()
