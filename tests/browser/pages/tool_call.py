"""One tool call on its own page."""

import re

from playwright.sync_api import Page, expect

__all__ = ["ToolCallPage"]


class ToolCallPage:
    """Input, result, error, audit trail and approval of one call."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1)
        self.about = page.locator("section", has=page.locator("#call-title, #about-title"))

    def expect_call(self, call_id: str) -> None:
        """Expect that this is the page of that call."""
        expect(self.page).to_have_url(re.compile(rf"/{call_id}/(\?|$)"))
        expect(self.page.locator("dd.id")).to_have_text(call_id)

    def open_transcript(self) -> None:
        """Go to the place of the call in its transcript; the key is ``t``."""
        self.page.get_by_role("link", name="In transcript").click()

    def next_failure(self) -> None:
        """Press the button; the key is ``n``."""
        self.page.get_by_role("link", name="Next failure").click()
