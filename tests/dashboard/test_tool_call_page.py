"""The page of one tool call: all that is stored of it, and where it belongs."""

import json

import pytest

from stores.interface import AuditEntry
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import HOSTILE, make_session
from tests.dashboard.render.makers import AT, SESSION, make_call, text, use
from tests.dashboard.session_fixtures import one_session
from tests.dashboard.session_reader import SessionReader, failure

__all__ = ["one_session"]

PAGE = "/browse/agents/tool-calls/c1/"
CLEAN = HOSTILE.encode("utf-8", "replace").decode()


def hold(reader: SessionReader, **row: object) -> None:
    """Fill the session with one call at #1."""
    reader.content = (("user", [text("go")]), ("assistant", [use("c1", "bash_run", cmd="ls")]))
    reader.calls = (make_call("c1", **row),)  # type: ignore[arg-type]


def test_the_page_tells_what_was_asked_and_what_came_of_it(
    one_session: SessionReader, get: Get
) -> None:
    hold(one_session, input='{"cmd":"ls"}', result='{"code":0,"output":"a.txt"}', duration_ms=1160)
    page = get(PAGE)
    assert page.one("h1").text == "bash_run ls"
    assert [pre.text for pre in page.all("pre")] == ["$ ls", "a.txt"]
    assert "1.16 s" in page.text
    assert page.link("Task 1") == f"/browse/agents/sessions/{SESSION}/"
    assert page.link("#1") == f"/browse/agents/sessions/{SESSION}/?call=c1"


def test_the_place_in_the_transcript_is_one_key_away(one_session: SessionReader, get: Get) -> None:
    hold(one_session)
    link = get(PAGE).one("a", data_key="t")
    assert link.attrs["href"] == f"/browse/agents/sessions/{SESSION}/?call=c1"


def test_stored_parts_can_be_downloaded(one_session: SessionReader, get: Get) -> None:
    hold(one_session, state="FAILED", error="boom", result='{"ok":false}')
    page = get(PAGE)
    for part in ("input", "result", "error"):
        assert page.link(f"Download {part}") == f"/browse/agents/call-text/{part}/c1/"


def test_a_denied_call_gives_the_persons_reason_in_its_title(
    one_session: SessionReader, get: Get
) -> None:
    approval = {"required": True, "decision": "deny", "decidedBy": "api", "note": "Not this week"}
    hold(one_session, state="DENIED", error="Policy", approval=json.dumps(approval))
    assert get(PAGE).one("h1").text == "bash_run Not this week"


def test_neighbour_failures_are_one_key_away(one_session: SessionReader, get: Get) -> None:
    hold(one_session, state="FAILED", error="boom")
    one_session.failures = (failure("c0", AT), failure("c1", AT), failure("c2", AT))
    page = get(PAGE)
    assert page.one("a", data_key="n").attrs["href"] == "/browse/agents/tool-calls/c2/"
    assert page.one("a", data_key="N").attrs["href"] == "/browse/agents/tool-calls/c0/"
    assert "Failure 2 of 3 in this session" in page.text


def test_the_first_failure_has_none_before_it(one_session: SessionReader, get: Get) -> None:
    hold(one_session, state="FAILED")
    one_session.failures = (failure("c1", AT), failure("c2", AT))
    assert not get(PAGE).all("a", data_key="N")


def test_a_call_that_succeeded_has_no_neighbour_failures(
    one_session: SessionReader, get: Get
) -> None:
    hold(one_session)
    one_session.failures = (failure("c2", AT),)
    assert not get(PAGE).all("a", data_key="n")


def test_a_call_whose_session_is_gone_is_still_shown(one_session: SessionReader, get: Get) -> None:
    hold(one_session)
    one_session.change(row=make_session(agent_id="another"))
    page = get(PAGE)
    assert "no longer stored" in page.text
    assert not page.all("a", data_key="t")


def test_the_audit_trail_is_whole(one_session: SessionReader, get: Get) -> None:
    hold(one_session, state="FAILED", error="x")
    trail = get(PAGE).one("ol", **{"class": "trail"})
    assert len(trail.all("li")) == 2


def test_a_large_result_is_cut_at_a_limit_and_can_be_downloaded(
    one_session: SessionReader, get: Get
) -> None:
    hold(one_session, result=json.dumps({"output": "x" * 250_000, "code": 0}))
    page = get(PAGE)
    assert "Showing 200 KB of 250 KB" in page.text
    assert len(page.source) < 300_000


def test_an_unknown_call_is_a_page_with_a_way_back(one_session: SessionReader, get: Get) -> None:
    assert get("/browse/agents/tool-calls/nope/", status=404).link("Sessions of agents")


@pytest.mark.parametrize("column", ["name", "state", "input", "result", "error"])
def test_hostile_columns_are_text(one_session: SessionReader, get: Get, column: str) -> None:
    hold(one_session, **{column: CLEAN})
    page = get(PAGE)
    assert all("src" in script.attrs for script in page.all("script"))
    assert all("onclick" not in element.attrs for element in page.all())


def test_a_long_audit_trail_is_cut(one_session: SessionReader, get: Get) -> None:
    hold(one_session)
    trail = [{"state": "PENDING", "timestamp": AT}] * 100
    hold(one_session, audit_trail=json.dumps(trail))
    assert isinstance(one_session.calls[0].audit_trail[0], AuditEntry)
    assert "and 60 more" in get(PAGE).text
