"""Every session, call and block of a store that the real SDK wrote, page by page."""

import json
import sqlite3
from pathlib import Path
from urllib.parse import quote

import pytest
from django.test import Client

from dashboard.tables._links import quoted
from stores.interface import close_readers, get_store
from tests.dashboard.markup import Markup
from tests.dashboard.sdk_stores import KINDS, register_copy
from tests.stores.readers import Copies

TABS = ("transcript", "events", "todos", "snapshots", "info")


@pytest.fixture(params=KINDS)
def sdk(
    db: None, kode_data: Path, copies: Copies, request: pytest.FixtureRequest
) -> sqlite3.Connection:
    """Register the SDK's rows as ``agents``, in each kind of store; return the bare file."""
    path = kode_data / "sqlite" / "agents.db"
    register_copy(request.param, kode_data, copies, name="agents")
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)


@pytest.fixture(autouse=True)
def _closed() -> object:
    yield
    close_readers()


def page_of(client: Client, address: str) -> Markup:
    """Return a page that must be there and well formed."""
    response = client.get(address)
    assert response.status_code == 200, (address, response.content[:300])
    return Markup(response)


def test_every_tab_of_every_session_is_a_page(sdk: sqlite3.Connection, viewer: Client) -> None:
    sessions = [row[0] for row in sdk.execute("SELECT agent_id FROM agents")]
    assert len(sessions) == 46
    for agent_id in sessions:
        for tab in TABS:
            page = page_of(viewer, f"/browse/agents/sessions/{quoted(agent_id)}/?tab={tab}")
            assert all("src" in script.attrs for script in page.all("script"))
            assert "apiKey" not in page.source


def test_each_transcript_shows_every_message_once(sdk: sqlite3.Connection, viewer: Client) -> None:
    counts = sdk.execute("SELECT agent_id, count(*) FROM messages GROUP BY agent_id").fetchall()
    for agent_id, count in counts:
        page = page_of(viewer, f"/browse/agents/sessions/{quoted(agent_id)}/")
        ids = [element.attrs["id"] for element in page.all() if "id" in element.attrs]
        assert [name for name in ids if name in {f"m{seq}" for seq in range(count)}] == [
            f"m{seq}" for seq in range(count)
        ]


def test_each_call_is_a_card_in_its_transcript(sdk: sqlite3.Connection, viewer: Client) -> None:
    messages = sdk.execute("SELECT agent_id, content FROM messages ORDER BY agent_id, seq")
    names: dict[str, list[str]] = {}
    for agent_id, content in messages:
        blocks = json.loads(content)
        found = [block["name"] for block in blocks if block["type"] == "tool_use"]
        names.setdefault(agent_id, []).extend(found)
    assert sum(map(len, names.values())) == 162
    for agent_id, expected in names.items():
        page = page_of(viewer, f"/browse/agents/sessions/{quoted(agent_id)}/")
        assert [span.text for span in page.all("span", **{"class": "call-name"})] == expected


def test_each_failure_can_be_reached_from_the_one_before(
    sdk: sqlite3.Connection, viewer: Client
) -> None:
    statement = """
        SELECT id FROM tool_calls
        WHERE agent_id = ? AND state IN ('FAILED', 'DENIED', 'SEALED')
        ORDER BY created_at, id
    """
    agent_id = "agt-01M3FGZN42CSJXFZZGW278CCHM"
    expected = {row[0] for row in sdk.execute(statement, [agent_id])}
    address, seen = f"/browse/agents/sessions/{agent_id}/", []
    while True:
        steps = page_of(viewer, address).all("a", data_key="n")
        if not steps:
            break
        response = viewer.get(steps[0].attrs["href"], follow=True)
        seen.append(response.redirect_chain[-1][0].partition("call=")[2].partition("&")[0])
        address = response.redirect_chain[-1][0]
    assert len(seen) == len(expected) == 5
    assert set(seen) == expected


def test_every_call_has_its_page(sdk: sqlite3.Connection, viewer: Client) -> None:
    for call_id, name in sdk.execute("SELECT id, name FROM tool_calls").fetchall():
        page = page_of(viewer, f"/browse/agents/tool-calls/{quoted(call_id)}/")
        assert page.one("h1").text.startswith(name)


def test_every_kind_of_block_can_be_shown_whole(sdk: sqlite3.Connection, viewer: Client) -> None:
    seen = set()
    for agent_id, seq, content in sdk.execute("SELECT agent_id, seq, content FROM messages"):
        for index, block in enumerate(json.loads(content)):
            kind = (*sorted(block), block["type"], block.get("name"), len(json.dumps(block)) > 8192)
            if kind in seen:
                continue
            seen.add(kind)
            address = f"/browse/agents/blocks/{seq}/{index}/{quoted(agent_id)}/"
            response = viewer.get(address, headers={"HX-Request": "true"})
            assert response.status_code == 200
            assert not Markup(response).all("script")
    assert len(seen) > 25


def test_a_message_comes_back_as_it_is_stored(sdk: sqlite3.Connection, viewer: Client) -> None:
    """Byte for byte, but for jsonb, which has an order of names and spaces of its own."""
    is_verbatim = get_store("agents").kind != "postgres"
    rows = sdk.execute("SELECT agent_id, seq, content FROM messages LIMIT 100").fetchall()
    for agent_id, seq, content in rows:
        response = viewer.get(f"/browse/agents/message-text/{seq}/{quoted(agent_id)}/")
        text = response.content.decode()
        assert text == content if is_verbatim else json.loads(text) == json.loads(content)


def test_a_copy_shows_its_own_calls_under_its_own_ids(
    sdk: sqlite3.Connection, viewer: Client
) -> None:
    agent_id = "agt-mwenpo07o0gih71nrze"
    own = {
        row[0] for row in sdk.execute("SELECT id FROM tool_calls WHERE agent_id = ?", [agent_id])
    }
    page = page_of(viewer, f"/browse/agents/sessions/{agent_id}/")
    hrefs = [a.attrs["href"] for a in page.all("a") if a.text == "Open tool call"]
    assert {href.split("/")[-2] for href in hrefs} == own
    assert "Inherited" not in page.text


def test_an_inherited_call_is_marked_in_its_fork(sdk: sqlite3.Connection, viewer: Client) -> None:
    forks = [row[0] for row in sdk.execute("SELECT agent_id FROM agents WHERE agent_id LIKE '%/%'")]
    pages = [page_of(viewer, f"/browse/agents/sessions/{quoted(fork)}/") for fork in forks]
    assert any("Inherited from" in page.text for page in pages)
