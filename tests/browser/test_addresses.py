"""The address is the only state: every control changes it, and it gives the same view again."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.facts import STORY
from tests.browser.pages.lists import ListPage
from tests.browser.pages.session import SessionPage
from tests.browser.pages.shell import Shell


@dataclass(frozen=True)
class Control:
    """Something to use on a list, and what the address then says."""

    name: str
    use: Callable[[ListPage], Any]
    says: str
    start: str = ""

    def __str__(self) -> str:
        return re.sub(r"\W+", "-", f"{self.name}-{self.says}").strip("-")


CONTROLS = [
    Control("sessions", lambda at: at.check("status", "idle"), "status=idle"),
    Control("sessions", lambda at: at.check("has", "denials"), "has=denials"),
    Control(
        "sessions", lambda at: at.check("has", "forks"), "has=failures&has=forks", "?has=failures"
    ),
    Control("sessions", lambda at: at.check("template", "ops-bot"), "template=ops-bot"),
    Control("sessions", lambda at: at.fill("from", "2026-10-05"), "from=2026-10-05"),
    Control("sessions", lambda at: at.fill("to", "2026-10-05"), "to=2026-10-05"),
    Control("sessions", lambda at: at.fill("id", "fork-"), "id=fork-"),
    Control("sessions", lambda at: at.sort("Started"), "sort=-?created"),
    Control("sessions", lambda at: at.sort("Active"), "sort=-?active"),
    Control("sessions", lambda at: at.sort("Msgs"), "sort=-messages"),
    Control("sessions", lambda at: at.size(25), "limit=25"),
    Control("sessions", lambda at: at.turn("Next"), "after=", "?limit=25&sort=created"),
    Control(
        "sessions",
        lambda at: Shell(at.page).pick("Template", "researcher 3"),
        "template=researcher",
    ),
    Control("sessions", lambda at: Shell(at.page).pick("Time", "Last 30 days"), "from=20"),
    Control(
        "sessions",
        lambda at: at.remove("has:failures"),
        r"/\?template=ops-bot$",
        "?has=failures&template=ops-bot",
    ),
    Control(
        "sessions",
        lambda at: at.results.get_by_role("link", name="Clear all").click(),
        r"/sessions/\?limit=25$",
        "?has=failures&limit=25",
    ),
    Control("messages", lambda at: at.fill("text", "deploy"), "text=deploy"),
    Control("messages", lambda at: at.check("role", "user"), "role=user"),
    Control("messages", lambda at: at.check("type", "reasoning"), "type=reasoning"),
    Control("messages", lambda at: at.fill("from", "2026-10-05"), "from=2026-10-05"),
    Control("messages", lambda at: at.fill("to", "2026-10-05T12:00"), "to=2026-10-05"),
    Control("messages", lambda at: at.fill("session", STORY), f"session={STORY}"),
    Control("messages", lambda at: at.sort("Session saved"), "sort=saved"),
    Control("messages", lambda at: at.size(100), "limit=100"),
    Control("messages", lambda at: at.turn("Next"), "after=", "?limit=25&role=user"),
    Control("tool-calls", lambda at: at.fill("text", "ENOENT"), "text=ENOENT"),
    Control("tool-calls", lambda at: at.check("state", "FAILED"), "state=FAILED"),
    Control(
        "tool-calls",
        lambda at: at.check("state", "DENIED"),
        "state=FAILED&state=DENIED|state=DENIED&state=FAILED",
        "?state=FAILED",
    ),
    Control("tool-calls", lambda at: at.check("tool", "db_query"), "tool=db_query"),
    Control("tool-calls", lambda at: at.choose("error", "Yes"), "error=yes"),
    Control("tool-calls", lambda at: at.check("approval", "deny"), "approval=deny"),
    Control("tool-calls", lambda at: at.check("by", "api"), "by=api"),
    Control("tool-calls", lambda at: at.check("template", "ops-bot"), "template=ops-bot"),
    Control("tool-calls", lambda at: at.fill("from", "2026-10-05"), "from=2026-10-05"),
    Control("tool-calls", lambda at: at.fill("to", "2026-10-05"), "to=2026-10-05"),
    Control("tool-calls", lambda at: at.fill("min_duration", "1s"), "min_duration=1s"),
    Control("tool-calls", lambda at: at.fill("session", STORY), f"session={STORY}"),
    Control("tool-calls", lambda at: at.sort("Created"), "sort=created"),
    Control("tool-calls", lambda at: at.sort("Tool"), "sort=name"),
    Control("tool-calls", lambda at: at.sort("State"), "sort=state"),
    Control("tool-calls", lambda at: at.sort("Session"), "sort=session"),
    Control("tool-calls", lambda at: at.size(200), "limit=200"),
    Control("tool-calls", lambda at: at.turn("Next"), "after=", "?limit=25&sort=name"),
]


@pytest.mark.parametrize("control", CONTROLS, ids=str)
def test_a_control_is_in_the_address(
    page: Page, open_context: OpenContext, control: Control
) -> None:
    """Reload and another browser show the same; Back shows what was there before."""
    shown = ListPage(page).open(control.name, control.start)
    before, start = shown.view(), page.url
    control.use(shown)
    expect(page).to_have_url(re.compile(control.says))
    after = shown.view()
    assert after != before
    address = page.url

    other = open_context().new_page()
    other.goto(address)
    assert ListPage(other).view() == after
    page.reload()
    assert shown.view() == after
    page.go_back()
    expect(page).to_have_url(start)
    shown.expect_view(before)


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("sessions", "?has=failures&template=ops-bot&sort=created"),
        ("messages", "?role=user&type=tool_result&limit=100"),
        ("tool-calls", "?state=FAILED&state=DENIED&sort=name&limit=25"),
    ],
)
def test_the_same_address_shows_the_same_rows_without_scripts(
    page: Page, page_without_scripts: Page, name: str, query: str
) -> None:
    """A shared link does not depend on how the other browser is set up."""
    shown = ListPage(page).open(name, query)
    expected = [row.inner_text() for row in shown.rows.all()]
    page_without_scripts.goto(page.url)
    plain = ListPage(page_without_scripts)
    assert expected
    assert [row.inner_text() for row in plain.rows.all()] == expected


def test_pages_turn_forth_and_back_without_scripts(page_without_scripts: Page) -> None:
    """Previous reaches the plain first page, without a cursor."""
    page = page_without_scripts
    page.goto("/browse/sdk/tool-calls/?limit=25")
    calls = ListPage(page)
    seen = [calls.rows.all_inner_texts()]
    for _ in range(2):
        calls.turn("Next")
        expect(page).to_have_url(re.compile("after="))
        seen.append(calls.rows.all_inner_texts())
    assert len({row for rows in seen for row in rows}) > 60
    for rows in reversed(seen[:2]):
        calls.turn("Previous")
        assert calls.rows.all_inner_texts() == rows
    expect(page).to_have_url("/browse/sdk/tool-calls/?limit=25")


@pytest.mark.parametrize("tab", ["Events", "Todos", "Snapshots and forks", "Info"])
def test_a_tab_is_in_the_address(page: Page, open_context: OpenContext, tab: str) -> None:
    """So is the list that one came from, which the way back needs."""
    session = SessionPage(page).open(STORY, "?list=has%3Dfailures")
    transcript, start = page.locator("main").inner_text(), page.url
    session.show(tab)
    expect(page).to_have_url(re.compile(r"tab=[a-z]+&list=has%3Dfailures$"))
    shown, address = page.locator("main").inner_text(), page.url
    assert shown != transcript
    page.reload()
    assert page.locator("main").inner_text() == shown
    other = open_context().new_page()
    other.goto(address)
    assert other.locator("main").inner_text() == shown
    page.go_back()
    expect(page).to_have_url(start)
    assert page.locator("main").inner_text() == transcript


def test_a_message_has_an_address(page: Page, open_context: OpenContext) -> None:
    """``#m21`` alone, shared, leads to turn 21; the outline makes such addresses."""
    session = SessionPage(page).open(STORY)
    session.outline.get_by_role("link", name="#21").click()
    expect(page).to_have_url(re.compile("#m21$"))
    expect(session.turn(21)).to_be_in_viewport()
    other = open_context().new_page()
    other.goto(page.url)
    expect(SessionPage(other).turn(21)).to_be_in_viewport()


def test_only_the_results_are_swapped(page: Page) -> None:
    """A mark on the heading survives a filter, a sort and a page."""
    sessions = ListPage(page).open("sessions", "?limit=25")
    heading = page.get_by_role("heading", level=1)
    heading.evaluate("(element) => { element.dataset.mark = 'kept'; }")
    sessions.check("has", "calls")
    expect(page).to_have_url(re.compile("has=calls"))
    sessions.sort("Msgs")
    expect(page).to_have_url(re.compile("sort=-messages"))
    expect(heading).to_have_attribute("data-mark", "kept")
