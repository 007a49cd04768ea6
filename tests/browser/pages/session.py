"""A session: its head, its transcript with the calls in place, its tabs."""

import re

from playwright.sync_api import Locator, Page, expect

__all__ = ["SessionPage"]


class SessionPage:
    """One session."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1)
        self.call = page.locator("details#call")
        self.outline = page.get_by_role("navigation", name="Outline")
        self.tabs = page.get_by_role("navigation", name="Session", exact=True)

    def open(self, agent_id: str, query: str = "", *, store: str = "sdk") -> "SessionPage":
        """Open a session by its address."""
        self.page.goto(f"/browse/{store}/sessions/{agent_id}/{query}")
        return self

    def turn(self, seq: int) -> Locator:
        """Return a turn by its number."""
        return self.page.locator(f"#m{seq}")

    def next_failure(self) -> None:
        """Press the button; the key is ``n``."""
        self._action("Next failure").click()

    def previous_failure(self) -> None:
        """Press the button; the key is ``N``."""
        self._action("Previous failure").click()

    def show(self, tab: str) -> None:
        """Open a tab."""
        self.tabs.get_by_role("link", name=tab).click()

    def open_call(self) -> None:
        """Open the page of the call that is marked."""
        self.call.get_by_role("link", name="Open tool call").click()

    def card(self, tool: str) -> Locator:
        """Return the cards of a tool."""
        name = self.page.locator(".call-name", has_text=tool)
        return self.page.locator("details.call").filter(has=name)

    def show_all(self, tool: str) -> None:
        """Open the card of a tool that was called once, and ask for all of its result."""
        self.card(tool).locator("summary").first.click()
        self.card(tool).get_by_role("link", name="Show all").click()

    def expect_at_call(self, call_id: str, seq: int) -> None:
        """Expect that this call is marked, open, in its turn and in sight."""
        expect(self.call).to_have_attribute("open", "")
        expect(self.call).to_be_in_viewport()
        expect(self.turn(seq).locator("details#call")).to_have_count(1)
        link = self.call.get_by_role("link", name="Open tool call")
        expect(link).to_have_attribute("href", f"/browse/sdk/tool-calls/{call_id}/")
        expect(self.page).to_have_url(re.compile(rf"[?&]call={call_id}&seq={seq}\b"))

    def _action(self, name: str) -> Locator:
        return self.page.locator(".page-actions").get_by_role("link", name=name)
