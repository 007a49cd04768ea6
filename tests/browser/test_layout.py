"""Pages fit: nothing scrolls sideways, no words are cut off, the focus is seen."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.facts import STORY
from tests.browser.places import PLACES
from tests.browser.watch import Watch

# Words outside the window that no box can scroll into it, and labels wider than their control.
_LOST = """() => {
  const lost = [];
  const width = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth > width) lost.push("the page scrolls sideways");
  const scrolls = (element) => {
    for (let box = element; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box);
      if (/auto|scroll/.test(style.overflowX)) return true;
      if (style.textOverflow === "ellipsis") return true;
      if (box.matches(".visually-hidden, .skip-link, dialog")) return true;
    }
    return false;
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    if (!node.data.trim() || !node.parentElement.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    const { left, right, width: wide } = range.getBoundingClientRect();
    if (wide && (right > width + 1 || left < -1) && !scrolls(node.parentElement)) {
      lost.push(`outside: ${node.data.trim().slice(0, 60)}`);
    }
  }
  const controls = "button, .button, .tab, .badge, summary, label";
  for (const control of document.querySelectorAll(controls)) {
    const style = getComputedStyle(control);
    if (!control.checkVisibility() || control.matches(".visually-hidden")) continue;
    if (control.scrollWidth > control.clientWidth + 1 && style.overflowX !== "visible"
      && style.textOverflow !== "ellipsis") {
      lost.push(`cut: ${control.innerText.slice(0, 60)}`);
    }
  }
  return [...new Set(lost)];
}"""

# How the focused element shows it: an outline, or a shadow that it has only now.
_FOCUS = """() => {
  const element = document.activeElement;
  if (element === document.body) return null;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const words = (element.innerText || element.name || "").trim().slice(0, 40);
  const name = `${element.localName}.${element.className} ${words}`;
  const isSeen = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2)
    || style.boxShadow !== "none";
  const isThere = box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return { name, isSeen, isThere };
}"""


@pytest.mark.parametrize("width", [390, 1024, 1440])
def test_every_page_fits(open_context: OpenContext, watch: Watch, width: int) -> None:
    """Wide tables and code scroll inside their own boxes."""
    watch.expected |= {404, 422, 503}
    pages = {
        is_signed_in: open_context(width=width, is_signed_in=is_signed_in).new_page()
        for is_signed_in in (True, False)
    }
    lost = {}
    for place in PLACES:
        page = pages[place.is_signed_in]
        page.goto(place.path)
        if wrong := page.evaluate(_LOST):
            lost[place.name] = wrong
    assert lost == {}


@pytest.mark.parametrize("width", [390, 1440])
def test_unbroken_and_foreign_text_fits(open_context: OpenContext, width: int) -> None:
    """Attacks, long words and right-to-left text stay in their boxes too, with all folds open."""
    page = open_context(width=width).new_page()
    lost = {}
    for path in (
        "/browse/hostile/sessions/",
        "/browse/hostile/tool-calls/",
        "/browse/hostile/messages/",
        "/browse/hostile/sessions/agt-group-00/",
        "/browse/hostile/sessions/agt-group-30/?tab=events",
        "/browse/hostile/sessions/agt-group-60/?tab=todos",
        f"/browse/sdk/sessions/{STORY}/",
    ):
        page.goto(path)
        page.evaluate(
            "for (const fold of document.querySelectorAll('main details')) fold.open = true;"
        )
        if wrong := page.evaluate(_LOST):
            lost[path] = wrong
    assert lost == {}


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    "path",
    ["/", "/browse/sdk/sessions/", f"/browse/sdk/sessions/{STORY}/?call=&seq=13", "/account/"],
)
def test_the_focus_is_always_seen(open_context: OpenContext, path: str, scheme: str) -> None:
    """Tab through the first forty things of a page: each shows that it is focused, and is there."""
    page = open_context(scheme=scheme).new_page()
    page.goto(path)
    names, hidden = [], []
    for _ in range(40):
        page.keyboard.press("Tab")
        found = page.evaluate(_FOCUS)
        if found is None:
            break
        names.append(found["name"])
        if not (found["isSeen"] and found["isThere"]):
            hidden.append(found)
    assert len(names) > 5
    assert hidden == []


def test_menus_open_inside_the_window_on_a_narrow_screen(open_context: OpenContext) -> None:
    """Each menu of the header can be opened and its last choice be seen."""
    page = open_context(width=390).new_page()
    page.goto("/browse/sdk/sessions/")
    menus = page.locator(".app-bar details.menu")
    assert menus.count() == 4
    for menu in menus.all():
        menu.locator("summary").click()
        choices = menu.locator("ul a, ul button")
        expect(choices.first).to_be_in_viewport(ratio=0.9)
        expect(choices.last).to_be_in_viewport(ratio=0.9)
        menu.locator("summary").click()


def test_the_filters_can_be_reached_on_a_narrow_screen(page: Page) -> None:
    """The button above the table leads to the form behind it."""
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto("/browse/sdk/tool-calls/")
    page.get_by_role("link", name="Filters").click()
    expect(page.get_by_label("Text in input, result or error")).to_be_in_viewport()
