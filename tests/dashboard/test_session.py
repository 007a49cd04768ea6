"""The session page: its head, its places, its tabs, and addresses of what is not there."""

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from stores.interface import (
    ChildSession,
    Event,
    EventPage,
    SnapshotRow,
    Todo,
    TodoList,
)
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import HOSTILE, make_session
from tests.dashboard.render.makers import AT, SESSION, make_call, result, text, use
from tests.dashboard.session_fixtures import one_session
from tests.dashboard.session_reader import SessionReader, failure

__all__ = ["one_session"]

PAGE = f"/browse/agents/sessions/{SESSION}/"
CLEAN = HOSTILE.encode("utf-8", "replace").decode()


def talk(reader: SessionReader, turns: int) -> None:
    """Fill the session with this many turns."""
    reader.content = tuple(("user", [text(f"words {seq}")]) for seq in range(turns))


def fail_twice(reader: SessionReader) -> None:
    """Fill the session with two failed calls, at #1 and #3."""
    reader.content = (
        ("user", [text("go")]),
        ("assistant", [use("c1", "fs_read", path="a")]),
        ("user", [result("c1", "x", is_error=True)]),
        ("assistant", [use("c2", "fs_read", path="b")]),
        ("user", [result("c2", "x", is_error=True)]),
    )
    reader.calls = (make_call("c1", "FAILED"), make_call("c2", "FAILED"))
    reader.failures = (failure("c1", AT), failure("c2", AT + 1000))


def test_the_head_says_what_the_session_is(one_session: SessionReader, get: Get) -> None:
    talk(one_session, 2)
    page = get(PAGE)
    assert page.one("h1").text == "Task 1"
    assert page.one("span", **{"class": "id"}).text == SESSION
    assert page.one("button", data_copy=SESSION).attrs["aria-label"] == "Copy session id"


def test_each_number_of_the_head_leads_to_its_rows(one_session: SessionReader, get: Get) -> None:
    head = get(PAGE).one("div", **{"class": "facts"})
    assert head.link("Template coder") == "/browse/agents/sessions/?template=coder"
    assert head.link("4 messages") == f"/browse/agents/messages/?session={SESSION}"
    assert head.link("3 calls") == f"/browse/agents/tool-calls/?session={SESSION}"
    assert head.link("1 failed") == f"/browse/agents/tool-calls/?session={SESSION}&state=FAILED"


def test_zero_and_unknown_are_no_links(one_session: SessionReader, get: Get) -> None:
    one_session.change(row=make_session(agent_id=SESSION, message_count=0, call_count=None))
    head = get(PAGE).one("div", **{"class": "facts"})
    assert "0 messages" in head.text
    assert "– call" in head.text
    assert len([link for link in head.all("a") if "call" in link.text]) == 0


def test_a_fork_shows_where_it_comes_from(one_session: SessionReader, get: Get) -> None:
    row = make_session(agent_id=SESSION, relation="fork")
    one_session.change(row=row, lineage=("agt-0", "agt-0/fork-1"))
    page = get(PAGE)
    assert page.link("agt-0/fork-1") == "/browse/agents/sessions/agt-0/fork-1/"
    assert page.all("ol")[0].text.startswith("Fork of")


def test_a_session_without_messages_says_so(one_session: SessionReader, get: Get) -> None:
    page = get(PAGE)
    assert "Created, no messages yet" in page.text


def test_an_unknown_session_is_a_page_with_a_way_back(one_session: SessionReader, get: Get) -> None:
    page = get("/browse/agents/sessions/agt-unknown/", status=404)
    assert page.link("Sessions of agents") == "/browse/agents/sessions/"


def test_only_a_window_of_a_long_session_is_shown(one_session: SessionReader, get: Get) -> None:
    talk(one_session, 250)
    page = get(PAGE)
    assert len(page.all("article")) == 100
    assert page.link("Later turns") == f"{PAGE}?from=100"
    later = get(page.link("Later turns"))
    assert later.all("article")[0].attrs["id"] == "m100"
    assert later.link("Earlier turns") == f"{PAGE}?from=0"
    assert get(later.link("Later turns")).all("article")[-1].attrs["id"] == "m249"


def test_a_link_to_a_turn_shows_it_marked_in_the_middle(
    one_session: SessionReader, get: Get
) -> None:
    talk(one_session, 250)
    page = get(f"{PAGE}?seq=142")
    assert page.one("article", id="m142").attrs["aria-current"] == "true"
    assert page.all("article")[0].attrs["id"] == "m92"


def test_a_turn_that_is_not_there_is_told(one_session: SessionReader, get: Get) -> None:
    talk(one_session, 3)
    assert "no message #999" in get(f"{PAGE}?seq=999", status=404).text


@pytest.mark.parametrize("query", ["seq=x", "seq=-1", "seq=99999999999999", "from=1e3", "tab=nope"])
def test_a_wrong_value_is_told_and_the_session_still_shown(
    one_session: SessionReader, get: Get, query: str
) -> None:
    talk(one_session, 3)
    page = get(f"{PAGE}?{query}", status=422)
    assert len(page.all("article")) == 3
    assert page.all("div", role="status")


def test_a_link_to_a_call_finds_its_turn(one_session: SessionReader, viewer: Client) -> None:
    fail_twice(one_session)
    response = viewer.get(f"{PAGE}?call=c2&list=sort%3Dcreated")
    assert response.status_code == 302
    target = urlsplit(response["Location"])
    assert parse_qs(target.query) == {"call": ["c2"], "seq": ["3"], "list": ["sort=created"]}
    assert target.fragment == "call"


def test_the_call_that_was_asked_for_is_open_and_marked(
    one_session: SessionReader, get: Get
) -> None:
    fail_twice(one_session)
    page = get(f"{PAGE}?call=c2&seq=3")
    call = page.one("details", id="call")
    assert "open" in call.attrs
    assert page.one("article", id="m3").one("details") is call or call in page.one(
        "article", id="m3"
    ).all("details")


def test_one_can_walk_the_failures_both_ways(one_session: SessionReader, get: Get) -> None:
    fail_twice(one_session)
    page = get(PAGE)
    assert page.one("a", data_key="n").attrs["href"] == f"{PAGE}?call=c1"
    assert not page.all("a", data_key="N")
    page = get(f"{PAGE}?call=c1&seq=1")
    assert page.one("a", data_key="n").attrs["href"] == f"{PAGE}?call=c2"
    page = get(f"{PAGE}?call=c2&seq=3")
    assert page.one("a", data_key="N").attrs["href"] == f"{PAGE}?call=c1"
    assert not page.all("a", data_key="n")


def test_next_failure_goes_on_from_the_turn_that_is_shown(
    one_session: SessionReader, get: Get
) -> None:
    fail_twice(one_session)
    assert get(f"{PAGE}?seq=2").one("a", data_key="n").attrs["href"] == f"{PAGE}?call=c2"


def test_an_unknown_call_is_a_page_with_a_way_back(one_session: SessionReader, get: Get) -> None:
    fail_twice(one_session)
    assert get(f"{PAGE}?call=nope", status=404).link("Sessions of agents")


def test_a_call_whose_message_was_compressed_away_is_told(
    one_session: SessionReader, get: Get
) -> None:
    talk(one_session, 2)
    one_session.calls = (make_call("c9", "FAILED"),)
    page = get(f"{PAGE}?call=c9")
    assert "no longer in the transcript" in page.text
    assert page.link("Open the call") == "/browse/agents/tool-calls/c9/"


def test_the_outline_lists_people_and_failures_in_order(
    one_session: SessionReader, get: Get
) -> None:
    fail_twice(one_session)
    outline = get(PAGE).one("nav", aria_label="Outline")
    assert [item.text for item in outline.all("li")] == ["go #0", "fs_read #1", "fs_read #3"]


def test_failures_outside_the_window_stay_in_the_outline(
    one_session: SessionReader, get: Get
) -> None:
    talk(one_session, 250)
    one_session.failures = (failure("c1", AT),)
    outline = get(f"{PAGE}?from=100").one("nav", aria_label="Outline")
    assert outline.link("fs_read") == f"{PAGE}?call=c1"


def test_steps_through_a_list_keep_the_list(one_session: SessionReader, viewer: Client) -> None:
    one_session.sessions = tuple(make_session(number) for number in range(60))
    response = viewer.get("/browse/agents/sessions/agt-0030/?step=next&list=sort%3D-created")
    assert response["Location"] == "/browse/agents/sessions/agt-0029/?list=sort%3D-created"
    one_session.change(row=make_session(35))
    response = viewer.get("/browse/agents/sessions/agt-0035/?step=next&list=limit%3D25")
    assert response["Location"].startswith(
        "/browse/agents/sessions/agt-0034/?list=limit%3D25%26after"
    )
    back = viewer.get(response["Location"].replace("?", "?step=previous&"))
    assert back["Location"].startswith("/browse/agents/sessions/agt-0035/")


def test_the_end_of_a_list_is_told(one_session: SessionReader, get: Get) -> None:
    one_session.sessions = (make_session(1, agent_id=SESSION),)
    assert "no next session" in get(f"{PAGE}?step=next&list=").text


def test_steps_are_offered_from_session_lists_only(one_session: SessionReader, get: Get) -> None:
    assert get(f"{PAGE}?list=template%3Dcoder").all("a", data_key="]")
    assert not get(f"{PAGE}?list=name%3Dbash_run").all("a", data_key="]")
    assert not get(PAGE).all("a", data_key="]")


def test_events_are_a_table_with_the_next_page(one_session: SessionReader, get: Get) -> None:
    data = {"type": "state_changed", "state": CLEAN, "apiKey": "sk-ant-0123456789abcdef0123"}
    event = Event("monitor", 4, AT, "state_changed", data, 77)
    one_session.events = EventPage((event,), next=(AT, -1, "monitor", 77), problems=2)
    page = get(f"{PAGE}?tab=events")
    assert page.rows[0][:3] == ["9 Oct 2026 09:19:17.515", "monitor", "state_changed"]
    assert "0123456789abcdef" not in page.source
    assert not [script for script in page.all("script") if "src" not in script.attrs]
    get(page.link("Later events"))
    assert one_session.asked_after == (AT, -1, "monitor", 77)


@pytest.mark.parametrize("after", ["x", "1.2.3", "1.2.monitor.4.5", "9" * 400])
def test_a_wrong_place_in_the_events_is_told(
    one_session: SessionReader, get: Get, after: str
) -> None:
    page = get(f"{PAGE}?tab=events&after={after}", status=422)
    assert "start from the first" in page.text


def test_todos_are_a_table(one_session: SessionReader, get: Get) -> None:
    todo = Todo("1", "Fix <b>#12</b>", "in_progress", assignee="me", updated_at=AT)
    one_session.todos = TodoList((todo,))
    assert get(f"{PAGE}?tab=todos").rows == [
        ["in progress", "Fix <b>#12</b>me", "9 Oct 2026 09:19:17.515"]
    ]


@pytest.mark.parametrize("tab", ["events", "todos"])
def test_a_tab_without_its_files_says_why(one_session: SessionReader, get: Get, tab: str) -> None:
    one_session.change(missing=("The folder with event logs was not found.",))
    assert "The folder with event logs was not found." in get(f"{PAGE}?tab={tab}").text


@pytest.mark.parametrize("tab", ["events", "todos", "snapshots"])
def test_an_empty_tab_says_so(one_session: SessionReader, get: Get, tab: str) -> None:
    assert "No " in get(f"{PAGE}?tab={tab}").one("div", **{"class": "empty"}).text


def test_snapshots_and_forks_lead_to_their_places(one_session: SessionReader, get: Get) -> None:
    one_session.change(
        snapshots=(SnapshotRow("design<b>", AT, 4, 733),),
        children=(ChildSession(f"{SESSION}/fork-1", "coder", "fork", AT),),
    )
    page = get(f"{PAGE}?tab=snapshots")
    assert page.link("#4") == f"{PAGE}?seq=4#m4"
    assert page.link(f"{SESSION}/fork-1") == f"{PAGE}fork-1/"
    assert page.rows[0][0] == "design<b>"


def test_the_info_tab_shows_what_the_backend_let_out(one_session: SessionReader, get: Get) -> None:
    page = get(f"{PAGE}?tab=info")
    assert [name.text for name in page.all("dt")] == ["Session", "Template", "Model"]


def test_hostile_text_is_text_on_every_tab(one_session: SessionReader, get: Get) -> None:
    row = make_session(agent_id=SESSION, first_text=CLEAN, template_id=CLEAN, problems=(CLEAN,))
    one_session.change(
        row=row,
        lineage=(CLEAN,),
        children=(ChildSession(CLEAN, CLEAN, CLEAN, AT),),
        snapshots=(SnapshotRow(CLEAN, AT, 1, 1),),
        metadata=((CLEAN, CLEAN),),
        missing=(CLEAN,),
    )
    one_session.todos = TodoList((Todo(CLEAN, CLEAN, CLEAN, CLEAN, CLEAN),))
    one_session.content = (("user", [text(CLEAN)]), ("assistant", [use(CLEAN, CLEAN, x=CLEAN)]))
    one_session.failures = (failure(CLEAN, AT, CLEAN),)
    for tab in ("transcript", "events", "todos", "snapshots", "info"):
        page = get(f"{PAGE}?tab={tab}")
        assert all("src" in script.attrs for script in page.all("script"))
        for element in page.all():
            assert "onclick" not in element.attrs
            assert element.attrs.get("hx-get", "/browse/").startswith("/browse/")


@pytest.mark.parametrize("agent_id", ["~ED~A0~80", "a~00b", "~2E~2E/x", "%F0%9F%A4%96"])
def test_strange_ids_that_do_not_exist_are_not_found(
    one_session: SessionReader, get: Get, agent_id: str
) -> None:
    get(f"/browse/agents/sessions/{agent_id}/", status=404)
