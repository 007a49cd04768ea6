"""axe-core finds nothing on any page, light and dark, wide and narrow.

axe is injected by the browser's debugging channel, which the pages' policy does not bind; the
policy itself stays as it is in production.
"""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.facts import STORY
from tests.browser.places import PLACES
from tests.browser.watch import Watch

_RUN = """async (options) => {
  const found = await axe.run(document, { resultTypes: ["violations"], ...options });
  return found.violations.map((violation) => ({
    rule: violation.id,
    nodes: violation.nodes.slice(0, 3).map((node) => `${node.target.join(" ")}: ${node.html}`),
  }));
}"""
_COLOURS = {"runOnly": ["color-contrast", "link-in-text-block"]}


def violations(page: Page) -> list[dict[str, Any]]:
    """Return what axe says of the page: in light by all rules, in dark by those for colours.

    The scheme changes nothing but colours, so the other rules cannot answer differently.
    """
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.evaluate(Axe().axe_script)
    found: list[dict[str, Any]] = page.evaluate(_RUN, {})
    page.emulate_media(color_scheme="dark", reduced_motion="reduce")
    assert page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    found += page.evaluate(_RUN, _COLOURS)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("width", [1440, 390])
def test_no_page_has_a_violation(open_context: OpenContext, watch: Watch, width: int) -> None:
    """Every place, as it is loaded."""
    watch.expected |= {404, 422, 503}
    pages = {
        is_signed_in: open_context(width=width, is_signed_in=is_signed_in).new_page()
        for is_signed_in in (True, False)
    }
    found = {}
    for place in PLACES:
        page = pages[place.is_signed_in]
        response = page.goto(place.path)
        assert response is not None
        assert response.status == place.status, place.path
        if wrong := violations(page):
            found[place.name] = wrong
    assert found == {}


@pytest.mark.parametrize("width", [1440, 390])
def test_nothing_that_opens_has_a_violation(open_context: OpenContext, width: int) -> None:
    """Menus, folds, cards, the keyboard help."""
    page = open_context(width=width).new_page()
    found = []
    for path in ("/browse/sdk/tool-calls/?limit=25", f"/browse/sdk/sessions/{STORY}/?seq=13"):
        page.goto(path)
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true;")
        found += violations(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keyboard")).to_be_visible()
    found += violations(page)
    assert found == []


def test_axe_does_find_what_is_wrong(page: Page) -> None:
    """The check itself: a picture without words, and grey on grey."""
    page.goto("/account/")
    page.evaluate("document.querySelector('h1').innerHTML = '<img src=data:,>'")
    assert {found["rule"] for found in violations(page)} >= {"image-alt"}
