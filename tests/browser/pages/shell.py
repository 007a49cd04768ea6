"""What stands around every page: navigation, pickers, theme, account menu."""

from playwright.sync_api import Locator, Page, expect

__all__ = ["Shell"]


class Shell:
    """Any page of a signed-in person."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.heading = page.get_by_role("heading", level=1)

    def go(self, name: str) -> None:
        """Follow a link of the navigation."""
        self.page.get_by_role("navigation", name="Main").get_by_role("link", name=name).click()

    def pick(self, menu: str, choice: str) -> None:
        """Choose in one of the header's menus, such as ``Store``."""
        opened = self.menu(menu)
        opened.locator("summary").click()
        opened.get_by_role("link", name=choice, exact=True).click()

    def menu(self, name: str) -> Locator:
        """Return one of the header's menus."""
        return self.page.locator(".app-bar details").filter(
            has=self.page.locator("summary", has_text=name)
        )

    def sign_out(self) -> None:
        """Sign out by the account menu."""
        menu = self.page.locator(".app-bar details.menu-end")
        menu.locator("summary").click()
        menu.get_by_role("button", name="Sign out").click()
        expect(self.heading).to_have_text("Sign in")
