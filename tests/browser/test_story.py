"""The main job: from the sessions to a failed call, to its place in the transcript, to the next.

Told three times: by mouse, by keyboard, and without any script.
"""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.facts import STORY, Failure, count_sessions_with_failures, failures_of
from tests.browser.pages.lists import ListPage
from tests.browser.pages.session import SessionPage
from tests.browser.pages.shell import Shell
from tests.browser.pages.tool_call import ToolCallPage


@pytest.fixture(scope="module")
def failures(sdk_store: Path) -> list[Failure]:
    """Return the five failures of the session that the story is about."""
    found = failures_of(sdk_store, STORY)
    assert len(found) == 5
    return found


def test_by_mouse(page: Page, sdk_store: Path, failures: list[Failure]) -> None:
    """Everything is a link or a button where one looks for it."""
    page.goto("/")
    page.get_by_role("link", name="sdk", exact=True).first.click()
    sessions = ListPage(page)
    sessions.check("has", "failures")
    expect(page).to_have_url("/browse/sdk/sessions/?has=failures")
    expect(sessions.rows).to_have_count(count_sessions_with_failures(sdk_store))
    listed = sessions.view()

    sessions.row(STORY[-8:]).get_by_role("link", name="Review src/app.ts").click()
    session = SessionPage(page)
    expect(session.heading).to_have_text("Review src/app.ts and fix what is wrong.")
    for failure in failures:
        session.next_failure()
        session.expect_at_call(failure.call_id, failure.seq)
        expect(session.call).to_contain_text(failure.error.splitlines()[0][:60])
    session.previous_failure()
    session.expect_at_call(failures[3].call_id, failures[3].seq)

    session.open_call()
    call = ToolCallPage(page)
    call.expect_call(failures[3].call_id)
    expect(page.locator("main")).to_contain_text("Failure 4 of 5 in this session")
    call.next_failure()
    call.expect_call(failures[4].call_id)
    call.open_transcript()
    session.expect_at_call(failures[4].call_id, failures[4].seq)

    for _ in range(20):
        if page.url.endswith("/sessions/?has=failures"):
            break
        page.go_back()
    sessions.expect_view(listed)


def test_by_keyboard(page: Page, failures: list[Failure]) -> None:
    """No mouse from sign-in to the failed call and back."""
    page.goto("/browse/sdk/tool-calls/")
    _press(page, "g", "s")
    sessions = ListPage(page)
    expect(page).to_have_url("/browse/sdk/sessions/")
    _tab_to(page, 'input[name="has"][value="failures"]')
    _press(page, "Space")
    expect(page).to_have_url("/browse/sdk/sessions/?has=failures")
    expect(sessions.rows.first).to_be_visible()
    place = [STORY in row.inner_html() for row in sessions.rows.all()].index(True)
    for key in "j" * place + "kjj":
        _press(page, key)
    expect(sessions.rows.nth(place).get_by_role("link").first).to_be_focused()
    _press(page, "Enter")

    session = SessionPage(page)
    expect(session.heading).to_have_text("Review src/app.ts and fix what is wrong.")
    for failure in failures[:3]:
        _press(page, "n")
        session.expect_at_call(failure.call_id, failure.seq)
    _press(page, "Shift+N")
    session.expect_at_call(failures[1].call_id, failures[1].seq)
    _tab_to(page, "#call .call-actions a")
    _press(page, "Enter")
    call = ToolCallPage(page)
    call.expect_call(failures[1].call_id)
    _press(page, "n")
    call.expect_call(failures[2].call_id)
    _press(page, "t")
    session.expect_at_call(failures[2].call_id, failures[2].seq)
    for key, name in (("m", "messages"), ("t", "tool-calls"), ("s", "sessions")):
        _press(page, "g", key)
        expect(page).to_have_url(f"/browse/sdk/{name}/")
    _press(page, "g", "o")
    expect(Shell(page).heading).to_have_text("Overview")


def test_without_scripts(
    page_without_scripts: Page, sdk_store: Path, failures: list[Failure]
) -> None:
    """Links, forms and native folding do all of it."""
    page = page_without_scripts
    page.goto("/")
    page.get_by_role("link", name="sdk", exact=True).first.click()
    sessions = ListPage(page)
    sessions.check("has", "failures")
    sessions.apply()
    expect(page).to_have_url(re.compile("has=failures"))
    expect(sessions.rows).to_have_count(count_sessions_with_failures(sdk_store))
    sessions.row(STORY[-8:]).get_by_role("link", name="Review src/app.ts").click()
    session = SessionPage(page)
    for failure in failures:
        session.next_failure()
        session.expect_at_call(failure.call_id, failure.seq)
    session.open_call()
    call = ToolCallPage(page)
    call.expect_call(failures[4].call_id)
    call.open_transcript()
    session.expect_at_call(failures[4].call_id, failures[4].seq)


def test_a_large_result_is_loaded_on_demand(page: Page, page_without_scripts: Page) -> None:
    """In its place with scripts, on a page of its own without; both show the whole of it."""
    last = "src/módulo_1770.test.ts"
    session = SessionPage(page).open(STORY)
    session.show_all("run_tests")
    expect(session.card("run_tests")).to_contain_text(last)
    expect(page).to_have_url(f"/browse/sdk/sessions/{STORY}/")

    plain = SessionPage(page_without_scripts).open(STORY)
    plain.show_all("run_tests")
    expect(page_without_scripts.get_by_role("heading", level=1)).to_contain_text("Message #17")
    expect(page_without_scripts.locator("main")).to_contain_text(last)
    page_without_scripts.get_by_role("link", name="In transcript").click()
    expect(page_without_scripts).to_have_url(re.compile("seq=17#m17$"))


def test_brackets_turn_the_pages_of_a_list(page: Page) -> None:
    """And lead to the next and the previous session of the list that one came from."""
    sessions = ListPage(page).open("sessions", "?limit=25")
    first = sessions.view()
    _press(page, "]")
    expect(page).to_have_url(re.compile("after="))
    assert not set(first.rows) & set(sessions.view().rows)
    _press(page, "[")
    expect(page).to_have_url("/browse/sdk/sessions/?limit=25")
    sessions.expect_view(first)

    names = [link.get_attribute("href") for link in page.locator("#results a.row-link").all()[:3]]
    page.locator("#results a.row-link").first.click()
    for key, place in (("]", 1), ("]", 2), ("[", 1), ("[", 0)):
        _press(page, key)
        expect(page).to_have_url(str(names[place]))


def test_keys_are_letters_while_one_types(page: Page) -> None:
    """A slash goes to the search; ``n``, ``j`` and ``g s`` are then text."""
    page.goto("/browse/sdk/tool-calls/")
    _press(page, "/")
    field = page.get_by_label("Text in input, result or error")
    expect(field).to_be_focused()
    page.keyboard.type("njgs?[]")
    expect(field).to_have_value("njgs?[]")
    expect(page).to_have_url("/browse/sdk/tool-calls/")


def _press(page: Page, *keys: str) -> None:
    """Press keys one after the other, once the page is there to hear them."""
    page.wait_for_load_state()
    for key in keys:
        page.keyboard.press(key)


def _tab_to(page: Page, selector: str) -> None:
    """Press Tab until this is focused."""
    wanted = page.locator(selector).first
    for _ in range(120):
        if wanted.evaluate("(element) => element === document.activeElement"):
            return
        page.keyboard.press("Tab")
    pytest.fail(f"Tab does not reach {selector}")
