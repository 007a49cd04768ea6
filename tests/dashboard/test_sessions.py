"""/browse/<store>/sessions/"""

from tests.dashboard.conftest import Get
from tests.dashboard.fakes import FakeReader, make_session


def test_a_row_says_what_a_session_is_and_counts(reader: FakeReader, get: Get) -> None:
    reader.sessions = [make_session(7, failed_count=2, fork_count=None)]
    page = get("/browse/agents/sessions/")
    assert page.column("Status") == ["Idle"]
    assert page.column("Session") == ["Task 7agt-0007 · coder"]
    assert page.column("Fail") == ["2"]
    assert page.column("Den") == ["0"]
    assert page.column("Forks") == ["–"]


def test_a_fork_names_its_parent(reader: FakeReader, get: Get) -> None:
    reader.sessions = [make_session(7, relation="fork", parent_id="agt-0001/x")]
    page = get("/browse/agents/sessions/")
    assert "fork of agt-0001/x" in page.column("Session")[0]
    assert page.link("agt-0001/x") == "/browse/agents/sessions/agt-0001/x/?list="


def test_rows_remember_the_list_they_were_opened_from(reader: FakeReader, get: Get) -> None:
    reader.sessions = [make_session(7)]
    page = get("/browse/agents/sessions/?template=a%26b&limit=25")
    expected = "/browse/agents/sessions/agt-0007/?list=template%3Da%2526b%26limit%3D25"
    assert page.link("Task 7") == expected


def test_only_cheap_sorts_are_offered(reader: FakeReader, get: Get) -> None:
    reader.sessions = [make_session(7)]
    reader.sorts = ("created",)
    page = get("/browse/agents/sessions/")
    assert page.link("Started") == "/browse/agents/sessions/?sort=created"
    assert "Active" not in [a.text for a in page.all("a")]
    assert (
        "cannot be sorted by “-active”"
        in get("/browse/agents/sessions/?sort=-active", status=422).text
    )


def test_pickers_keep_what_is_set(reader: FakeReader, get: Get) -> None:
    page = get("/browse/agents/sessions/?has=forks&template=coder&from=2026-01-01")
    assert page.link("writer 1") == (
        "/browse/agents/sessions/?has=forks&from=2026-01-01&template=writer"
    )
    assert page.link("All time") == "/browse/agents/sessions/?has=forks&template=coder"
    day = "/browse/agents/sessions/?has=forks&template=coder&from=2026-10-17T06%3A15Z"
    assert page.link("Last 24 h") == day
    assert page.link("All stores") == "/"
