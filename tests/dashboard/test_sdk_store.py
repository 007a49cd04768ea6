"""The pages over the store that the real SDK wrote, against plain SQL over the same file."""

import csv
import sqlite3
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from stores.interface import close_readers
from tests.dashboard.conftest import Get
from tests.dashboard.markup import Markup
from tests.dashboard.sdk_stores import KINDS, register_copy
from tests.stores.readers import Copies

SESSIONS = "/browse/sdk/sessions/"
MESSAGES = "/browse/sdk/messages/"
CALLS = "/browse/sdk/tool-calls/"
OCT = 1_790_812_800_000  # 1 Oct 2026
NOV = 1_793_491_199_999  # the last millisecond of 31 Oct 2026
HAS_BLOCK = "EXISTS (SELECT 1 FROM json_each(content) WHERE value ->> 'type' = '{}')"
HAS_CALL = "agent_id IN (SELECT agent_id FROM tool_calls WHERE state = '{}')"

CASES = [
    (SESSIONS, "", "agents", "1"),
    (SESSIONS, "template=ops-bot", "agents", "template_id = 'ops-bot'"),
    (SESSIONS, "template=ops-bot&template=researcher", "agents",
     "template_id IN ('ops-bot', 'researcher')"),
    (SESSIONS, "id=01M5", "agents", "agent_id LIKE '%01M5%'"),
    (SESSIONS, "from=2026-10-01&to=2026-10-31", "agents",
     "created_at >= '2026-10-01' AND created_at < '2026-11-01'"),
    (SESSIONS, "has=failures", "agents", HAS_CALL.format("FAILED")),
    (SESSIONS, "has=denials", "agents", HAS_CALL.format("DENIED")),
    (SESSIONS, "has=sealed&has=calls", "agents", HAS_CALL.format("SEALED")),
    (SESSIONS, "has=approvals", "agents", HAS_CALL.format("APPROVAL_REQUIRED")),
    (SESSIONS, "has=snapshots", "agents", "agent_id IN (SELECT agent_id FROM snapshots)"),
    (MESSAGES, "", "messages", "1"),
    (MESSAGES, "role=user", "messages", "role = 'user'"),
    *((MESSAGES, f"type={kind}", "messages", HAS_BLOCK.format(kind))
      for kind in ("text", "reasoning", "tool_use", "tool_result", "image")),
    (MESSAGES, "session=agt-01M3FGZN42CSJXFZZGW278CCHM", "messages",
     "agent_id = 'agt-01M3FGZN42CSJXFZZGW278CCHM'"),
    (MESSAGES, f"from={OCT}&to={NOV}", "messages", f"created_at BETWEEN {OCT} AND {NOV}"),
    (MESSAGES, "text=billing", "messages", "content LIKE '%billing%'"),
    (CALLS, "", "tool_calls", "1"),
    (CALLS, "state=FAILED&state=DENIED", "tool_calls", "state IN ('FAILED', 'DENIED')"),
    (CALLS, "tool=db_query&tool=kv_get", "tool_calls", "name IN ('db_query', 'kv_get')"),
    (CALLS, "error=yes", "tool_calls", "is_error"),
    (CALLS, "error=no", "tool_calls", "NOT is_error"),
    (CALLS, "approval=asked", "tool_calls", "approval ->> 'required'"),
    (CALLS, "approval=allow", "tool_calls", "approval ->> 'decision' = 'allow'"),
    (CALLS, "approval=deny&by=policy", "tool_calls",
     "approval ->> 'decision' = 'deny' AND approval ->> 'decidedBy' = 'policy'"),
    (CALLS, "template=ops-bot", "tool_calls",
     "agent_id IN (SELECT agent_id FROM agents WHERE template_id = 'ops-bot')"),
    (CALLS, f"from={OCT}&to={NOV}", "tool_calls", f"created_at BETWEEN {OCT} AND {NOV}"),
    (CALLS, "text=ENOENT", "tool_calls", "input || coalesce(result, '') || coalesce(error, '') "
     "LIKE '%ENOENT%'"),
]  # fmt: skip


@pytest.fixture(scope="module")
def plain(kode_data: Path) -> Iterator[sqlite3.Connection]:
    """Return the file opened without any code of ours."""
    connection = sqlite3.connect((kode_data / "sqlite/agents.db").as_uri() + "?mode=ro", uri=True)
    yield connection
    connection.close()


@pytest.fixture(params=KINDS)
def sdk(
    kode_data: Path, copies: Copies, db: None, request: pytest.FixtureRequest
) -> Iterator[None]:
    """Register the SDK's rows as ``sdk``, in each kind of store."""
    cache.clear()
    register_copy(request.param, kode_data, copies, name="sdk")
    yield
    close_readers()


def walk(get: Get, path: str) -> Iterator[Markup]:
    """Yield all pages from an address on, also over searches that were cut."""
    page = get(path)
    while True:
        yield page
        links = {a.text: a.attrs["href"] for a in page.all("a")}
        following = links.get("Continue") or links.get("Next")
        if not following:
            return
        page = get(following)


def openers(page: Markup) -> list[str]:
    """Return what the rows of a page lead to."""
    return [row.all("a")[0].attrs["href"].split("?list=")[0] for row in page.all("tr", data_row="")]


@pytest.mark.parametrize(("path", "query", "table", "where"), CASES)
def test_a_filter_shows_the_rows_that_sql_finds(
    path: str, query: str, table: str, where: str, sdk: None, get: Get, plain: sqlite3.Connection
) -> None:
    expected = plain.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]
    assert expected > 0
    shown = [href for page in walk(get, f"{path}?{query}&limit=25") for href in openers(page)]
    assert len(shown) == len(set(shown)) == expected


@pytest.mark.parametrize(("path", "query", "table", "where"), CASES[::4])
def test_a_count_and_both_exports_have_as_many_rows(
    path: str,
    query: str,
    table: str,
    where: str,
    sdk: None,
    get: Get,
    viewer: Client,
    plain: sqlite3.Connection,
) -> None:
    expected = plain.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0]
    words = get(f"{path}?{query}&count=1").one(id="count").text
    assert words.split()[0] == str(expected)
    for suffix in ("csv", "jsonl"):
        response = viewer.get(f"{path.rstrip('/')}.{suffix}?{query}")
        data = b"".join(response.streaming_content).decode()  # type: ignore[attr-defined]
        rows = list(csv.DictReader(StringIO(data))) if suffix == "csv" else data.splitlines()
        assert len(rows) == expected


def test_every_number_of_a_session_counts_exactly_the_rows_that_it_leads_to(
    sdk: None, get: Get, plain: sqlite3.Connection
) -> None:
    page = get(f"{SESSIONS}?limit=200&has=failures")
    links = page.one("tbody").all("a", **{"class": "count"})
    assert len(links) > 30
    for link in links:
        if "tab=snapshots" not in link.attrs["href"]:
            rows = sum(len(openers(one)) for one in walk(get, link.attrs["href"]))
            assert rows == int(link.text), link.attrs["href"]


@pytest.mark.parametrize("sort", ["created", "-created", "name", "-name", "state", "session"])
def test_every_sort_of_calls_shows_each_row_once_forth_and_back(
    sort: str, sdk: None, get: Get
) -> None:
    pages = list(walk(get, f"{CALLS}?sort={sort}&limit=25"))
    forth = [openers(page) for page in pages]
    assert len({href for page in forth for href in page}) == 164
    page, back = pages[-1], [forth[-1]]
    while page.all("a", rel="prev"):
        response: Any = page.link("Previous")
        page = get(response) if len(back) < len(forth) - 1 else pages[0]
        back.append(openers(page))
    assert back[::-1] == forth
