"""/ : what is registered, how it is, who waits."""

from collections.abc import Callable

import pytest
from django.test import Client

from dashboard.views import overview
from stores.interface import Facet, Reader, Store, StoreOverview, StoreUnavailable
from tests.dashboard.conftest import Get
from tests.dashboard.fakes import HOSTILE, NOW, FakeReader, make_tool_call


def test_without_stores_it_says_how_to_add_one(db: None, get: Get) -> None:
    page = get("/")
    assert "No stores yet" in page.text
    assert [code.text for code in page.one("main").all("code")] == [
        "kodeweb open PATH",
        "kodeweb demo",
    ]


def test_a_store_is_a_row_with_counts_that_lead_to_lists(reader: FakeReader, get: Get) -> None:
    reader.state = StoreOverview(
        state="ok",
        session_count=46,
        message_count=100_000,
        tool_call_count=None,
        is_count_exact=False,
        last_created_at=NOW - 86_400_000,
        size_bytes=1_200_000,
        templates=(Facet("coder", 20), Facet("a&b", 3, is_exact=False)),
    )
    page = get("/")
    assert page.link("46") == "/browse/agents/sessions/"
    assert page.link("100,000+") == "/browse/agents/messages/"
    assert page.link("–") == "/browse/agents/tool-calls/"
    row = page.rows[0]
    assert row[:2] == ["Agents", "Readable"]
    assert "1.2 MB" in row
    assert page.link("3+") == "/browse/agents/sessions/?template=a%26b"


def test_a_folder_that_is_being_indexed_says_how_far(reader: FakeReader, get: Get) -> None:
    reader.state = StoreOverview(
        state="ok",
        message="This folder is being indexed: 4,100 of 5,000 sessions so far.",
        session_count=4100,
    )
    page = get("/")
    assert page.rows[0][1].startswith("Readable")
    assert "4,100 of 5,000 sessions" in page.rows[0][1]


def test_who_waits_for_approval_is_named_with_a_link(reader: FakeReader, get: Get) -> None:
    call = make_tool_call(1, created_at=NOW - 3_600_000, state="APPROVAL_REQUIRED")
    reader.state = StoreOverview(state="ok", awaiting=(call,))
    page = get("/")
    assert "1 call waits for approval" in page.text
    assert "for 1 h 00 min" in page.text
    assert page.link("bash_run") == "/browse/agents/sessions/agt-0001/?call=call-0001"


@pytest.mark.parametrize(
    "state", ["missing", "locked", "damaged", "not-sqlite", "foreign", "permission", "journal"]
)
def test_a_broken_store_is_one_row_with_its_sentence(
    state: str, reader: FakeReader, get: Get
) -> None:
    Store.objects.update(last_ok_at=NOW)
    reader.state = StoreOverview(state=state, message="It is gone <b>.")
    page = get("/")
    assert "It is gone <b>. Last readable 18 Oct 2026 06:15:16 UTC." in page.rows[0][1]
    assert page.rows[0][2:5] == ["–", "–", "–"]


def test_one_store_that_cannot_be_opened_leaves_the_others(
    reader: FakeReader, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    Store.objects.create(name="Broken", slug="broken", kind="sqlite", config={"path": "/x"})

    def open_reader(store: Store) -> Reader:
        if store.slug == "broken":
            raise StoreUnavailable("No permission.", reason="permission")
        return reader  # type: ignore[return-value]  # the overview needs one method only

    monkeypatch.setattr(overview, "open_reader", open_reader)
    rows = get("/").rows
    assert [row[0] for row in rows] == ["Agents", "Broken"]
    assert "No permission. It was never readable." in rows[1][1]


def test_hostile_text_is_text(reader: FakeReader, get: Get) -> None:
    call = make_tool_call(1, id=HOSTILE, agent_id=HOSTILE, name=HOSTILE, input_preview=HOSTILE)
    reader.state = StoreOverview(
        state="damaged", message=HOSTILE, awaiting=(call,), templates=(Facet(HOSTILE, 1),)
    )
    page = get("/")
    assert "<script>alert(1)</script>" in page.text
    assert not [one for one in page.all() if "onclick" in one.attrs]


def test_only_who_may_read_sees_it(client_for: Callable[[str], Client]) -> None:
    assert client_for("anonymous").get("/").status_code == 302
    assert client_for("nobody").get("/").status_code == 403


def test_many_who_wait_are_cut_with_a_link_to_all(reader: FakeReader, get: Get) -> None:
    calls = tuple(make_tool_call(number, state="APPROVAL_REQUIRED") for number in range(20))
    reader.state = StoreOverview(state="ok", awaiting=calls)
    page = get("/")
    assert "20+ calls wait for approval" in page.text
    assert len(page.all("li", **{"class": "need"})) == 8
    assert page.link("All in Agents") == "/browse/agents/tool-calls/?state=APPROVAL_REQUIRED"
