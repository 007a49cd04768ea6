"""The three lists: filters beside rows, with sorts, sizes and pages around them."""

import time
from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

__all__ = ["ListPage", "View"]

# The results, what the form holds and what the pickers name: all that a list shows of its state.
_READ = """() => ({
  rows: [...document.querySelectorAll("#results tbody tr")].map((row) => row.innerText),
  form: [...new FormData(document.querySelector("#filters"))]
    .filter(([, value]) => value).map(([name, value]) => `${name}=${value}`).sort(),
  sorted: [...document.querySelectorAll("#results th[aria-sort]")].map(
    (head) => `${head.innerText} ${head.getAttribute("aria-sort")}`),
  pickers: [...document.querySelectorAll(".app-bar .menu-key")].map(
    (key) => key.parentElement.innerText),
  around: [...document.querySelectorAll("#results .terms, #results .sizes, #results .pager")].map(
    (part) => part.innerText),
})"""


@dataclass(frozen=True)
class View:
    """What a list shows, to be compared with what it shows another time."""

    rows: tuple[str, ...]
    form: tuple[str, ...]
    sorted: tuple[str, ...]
    pickers: tuple[str, ...]
    around: tuple[str, ...]


class ListPage:
    """Sessions, messages or tool calls."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.form = page.get_by_role("form", name="Filters")
        self.results = page.locator("#results")
        self.rows = self.results.locator("tbody tr")
        self.count = page.locator("#count")

    def open(self, name: str, query: str = "", *, store: str = "sdk") -> "ListPage":
        """Open a list by its address, and wait for its count."""
        self.page.goto(f"/browse/{store}/{name}/{query}")
        self.wait()
        return self

    def wait(self) -> None:
        """Wait until nothing is loading: the count is the last thing that a list asks for."""
        expect(self.page.locator("span#count, .empty, .notice[role=alert]").first).to_be_visible()

    def view(self) -> View:
        """Return what is shown now."""
        self.wait()
        return View(**{name: tuple(part) for name, part in self.page.evaluate(_READ).items()})

    def expect_view(self, expected: View, *, seconds: float = 15) -> None:
        """Expect a view, at the latest after so long: htmx asks again for what Back shows."""
        deadline = time.monotonic() + seconds
        while self.view() != expected and time.monotonic() < deadline:
            self.page.wait_for_timeout(50)
        assert self.view() == expected

    def check(self, name: str, value: str) -> None:
        """Tick one value of a filter; its group is opened first."""
        box = self.form.locator(f'input[name="{name}"][value="{value}"]')
        self._unfold(box)
        box.check()

    def fill(self, name: str, text: str) -> None:
        """Write a text filter and leave the field, as a person does with Enter."""
        field = self.form.locator(f'input[name="{name}"]:not([type=checkbox])')
        self._unfold(field)
        field.fill(text)
        field.press("Enter")

    def choose(self, name: str, label: str) -> None:
        """Choose in a select."""
        select = self.form.locator(f'select[name="{name}"]')
        self._unfold(select)
        select.select_option(label=label)

    def apply(self) -> None:
        """Press the button that works without scripts."""
        self.form.get_by_role("button", name="Apply").click()

    def sort(self, heading: str) -> None:
        """Click on the head of a column."""
        self.results.get_by_role("columnheader").get_by_role("link", name=heading).click()

    def size(self, rows: int) -> None:
        """Choose the size of a page."""
        self.results.locator(".sizes").get_by_role("link", name=str(rows), exact=True).click()

    def turn(self, name: str) -> None:
        """Turn the page: ``Next``, ``Previous`` or ``First``."""
        self.results.get_by_role("navigation", name="Pages").get_by_role("link", name=name).click()

    def remove(self, term: str) -> None:
        """Remove a filter by its chip."""
        self.results.get_by_role("link", name=f"Remove {term}").click()

    def row(self, text: str) -> Locator:
        """Return the rows that hold this text."""
        return self.rows.filter(has_text=text)

    def _unfold(self, control: Locator) -> None:
        group = control.locator("xpath=ancestor::details")
        if group.get_attribute("open") is None:
            group.locator("summary").click()
