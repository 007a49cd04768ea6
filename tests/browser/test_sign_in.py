"""Signing in and out, as a person does it."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.pages.shell import Shell
from tests.browser.server import PASSWORD, Kodeweb
from tests.browser.watch import Watch


@pytest.mark.parametrize("has_scripts", [True, False])
def test_a_password_signs_in_and_leads_where_one_wanted_to_go(
    open_context: OpenContext, *, has_scripts: bool
) -> None:
    """And signing out ends it: the same address asks for a password again."""
    page = open_context(is_signed_in=False, has_scripts=has_scripts).new_page()
    page.goto("/browse/sdk/tool-calls/?state=FAILED")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.get_by_label("Name").fill("reader")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    expect(page).to_have_url("/browse/sdk/tool-calls/?state=FAILED")
    Shell(page).sign_out()
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/browse/sdk/tool-calls/?state=FAILED")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")


def test_a_wrong_password_says_so_and_keeps_the_name(
    open_context: OpenContext, watch: Watch
) -> None:
    """The page is the form again, with status 422."""
    watch.expected.add(422)
    page = open_context(is_signed_in=False).new_page()
    page.goto("/sign-in/")
    page.get_by_label("Name").fill("reader")
    page.get_by_label("Password").fill("not the password")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_contain_text("do not match")
    expect(page.get_by_label("Name")).to_have_value("reader")


def test_a_used_link_says_where_to_get_another(
    open_context: OpenContext, kodeweb: Kodeweb, watch: Watch
) -> None:
    """The link that signed these tests in is used up."""
    watch.expected.add(410)
    page = open_context(is_signed_in=False).new_page()
    page.goto(kodeweb.link)
    expect(page.locator("main, body").first).to_contain_text("kodeweb login-link")


@pytest.mark.parametrize("has_scripts", [True, False])
def test_the_theme_changes_and_is_remembered(
    open_context: OpenContext, *, has_scripts: bool
) -> None:
    """System, light, dark: painted at once, and on the next page."""
    page = open_context(has_scripts=has_scripts).new_page()
    page.goto("/browse/sdk/sessions/?has=failures")
    for theme in ("light", "dark"):
        page.get_by_role("button", name="Theme:").click()
        expect(page.locator("html")).to_have_attribute("data-theme", theme)
        expect(page).to_have_url("/browse/sdk/sessions/?has=failures")
    page.goto("/account/")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")


def test_question_mark_opens_the_keyboard_help(page: Page) -> None:
    """Escape closes it; while typing the key is a letter."""
    page.goto("/browse/sdk/sessions/")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
    page.keyboard.press("/")
    page.keyboard.type("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_hidden()
