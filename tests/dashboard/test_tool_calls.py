"""/browse/<store>/tool-calls/"""

import pytest

from stores.interface import TOOL_CALL_STATES, Approval
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import FakeReader, make_tool_call


def test_a_row_opens_its_call(reader: FakeReader, get: Get) -> None:
    reader.tool_calls = [make_tool_call(1, state="FAILED", error="ENOENT: no such file")]
    page = get("/browse/agents/tool-calls/?state=FAILED")
    assert page.link("bash_run") == "/browse/agents/tool-calls/call-0001/?list=state%3DFAILED"
    assert page.column("Error or first line of result") == ["ENOENT: no such file"]
    assert page.column("Duration") == ["1.16 s"]
    assert page.column("Result") == ["73 B"]


@pytest.mark.parametrize("state", [*TOOL_CALL_STATES, "OF_THE_FUTURE"])
def test_a_state_is_an_icon_and_a_word(state: str, reader: FakeReader, get: Get) -> None:
    reader.tool_calls = [make_tool_call(1, state=state)]
    cell = get("/browse/agents/tool-calls/").one("tbody").all("span", **{"class": "state"})[0]
    assert cell.all("svg")
    assert cell.text


@pytest.mark.parametrize(
    ("approval", "words"),
    [
        (Approval(), "–"),
        (Approval(is_required=True), "asked"),
        (Approval(is_required=True, decision="allow", decided_by="api"), "allow · api"),
        (Approval(decision="deny", decided_by="policy"), "deny · policy"),
    ],
)
def test_an_approval_names_decision_and_decider(
    approval: Approval, words: str, reader: FakeReader, get: Get
) -> None:
    reader.tool_calls = [make_tool_call(1, approval=approval)]
    assert get("/browse/agents/tool-calls/").column("Approval") == [words]


def test_tools_of_the_store_are_offered_with_counts(reader: FakeReader, get: Get) -> None:
    page = get("/browse/agents/tool-calls/")
    assert [label.text for label in page.all("label") if "bash_run" in label.text] == ["bash_run5"]
