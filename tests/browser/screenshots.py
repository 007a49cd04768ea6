"""Draw the pictures of the README: ``python -m tests.browser.screenshots``.

They show the sample store as ``kodeweb demo`` serves it, so anybody can make them again. Needs
``KODEWEB_CHROMIUM``, or Chromium on PATH.
"""

# ruff: noqa: T201 (a command prints)
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, StorageState, expect

from tests.browser.browser import open_chromium
from tests.browser.server import Kodeweb, run_kodeweb

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
LARGEST_BYTES = 150 * 1024
_LOOKS = (("light", 1440, 900), ("dark", 1440, 900), ("light", 390, 844))


def main() -> int:
    """Write the pictures and say how large each is; 1 when one is too large."""
    chromium = os.environ.get("KODEWEB_CHROMIUM") or shutil.which("chromium")
    if not chromium:
        print("Set KODEWEB_CHROMIUM to the path of a Chromium.", file=sys.stderr)
        return 2
    FOLDER.mkdir(parents=True, exist_ok=True)
    sizes: dict[str, int] = {}
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        with run_kodeweb(home, "demo") as server, open_chromium(chromium) as browser:
            state = _sign_in(server, browser)
            for scheme, width, height in _LOOKS:
                context = browser.new_context(
                    base_url=server.url,
                    color_scheme="dark" if scheme == "dark" else "light",
                    viewport={"width": width, "height": height},
                    storage_state=state,
                )
                page = context.new_page()
                for name in _pages(page):
                    path = FOLDER / f"{name}-{scheme}-{width}.png"
                    _save(page.screenshot(animations="disabled", caret="hide"), path)
                    sizes[path.name] = path.stat().st_size
                context.close()
    for name, size in sorted(sizes.items()):
        print(f"{size / 1024:6.0f} KB  {name}")
    return int(max(sizes.values()) > LARGEST_BYTES)


def _save(picture: bytes, path: Path) -> None:
    """Keep 256 colours, which is all that a page of text needs."""
    with Image.open(BytesIO(picture)) as image:
        flat = image.convert("RGB").quantize(256, dither=Image.Dither.NONE)
        flat.save(path, optimize=True)


def _sign_in(server: Kodeweb, browser: Browser) -> StorageState:
    context = browser.new_context()
    page = context.new_page()
    page.goto(server.link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    state = context.storage_state()
    context.close()
    return state


def _pages(page: Page) -> Iterator[str]:
    """Go from page to page as a reader does, naming each when it is ready."""
    page.goto("/")
    yield "overview"
    page.get_by_role("link", name="sample", exact=True).first.click()
    sessions = page.url
    page.goto(f"{sessions}?has=failures")
    _wait_for_count(page)
    yield "sessions"
    page.goto(f"{sessions}?has=failures&template=code-reviewer")
    page.locator("#results a.row-link").first.click()
    page.get_by_role("link", name="Next failure").click()
    expect(page.locator("details#call")).to_be_in_viewport()
    yield "session"
    page.get_by_role("link", name="Open tool call").last.click()
    expect(page.locator("dd.id")).to_be_visible()
    yield "tool-call"
    page.goto(sessions.replace("/sessions/", "/tool-calls/") + "?state=FAILED&state=DENIED")
    _wait_for_count(page)
    yield "tool-calls"
    page.goto(sessions.replace("/sessions/", "/messages/"))
    _wait_for_count(page)
    yield "messages"


def _wait_for_count(page: Page) -> None:
    expect(page.locator("span#count")).to_be_visible()


if __name__ == "__main__":
    sys.exit(main())
