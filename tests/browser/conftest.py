"""The server with its stores, Chromium, and watched, signed-in browser contexts."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.browser.browser import open_chromium
from tests.browser.hostile import make_hostile
from tests.browser.server import Kodeweb, run_kodeweb, seed
from tests.browser.stores import listing, make_empty, make_gone
from tests.browser.watch import Watch

OpenContext = Callable[..., BrowserContext]

expect.set_options(timeout=10_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what stands in this folder, so that ``-m browser`` finds all of it."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def sdk_store(kode_data: Path) -> Path:
    """Return the SQLite store that the real SDK wrote; it is opened in place."""
    return kode_data / "sqlite" / "agents.db"


@pytest.fixture(scope="package")
def kodeweb(
    tmp_path_factory: pytest.TempPathFactory, chromium: str, sdk_store: Path
) -> Iterator[Kodeweb]:
    """Serve the SDK's store (slug ``sdk``), a hostile one, an empty one and one that is gone.

    Neither the file nor its folder may be touched by all that the browser asks for.
    """
    folder = tmp_path_factory.mktemp("kodeweb")
    home = folder / "home"
    before = listing(sdk_store.parent)
    gone = make_gone(folder / "gone")
    hostile = make_hostile(folder / "hostile")
    seed(home, {"gone": gone, "empty": make_empty(folder / "empty"), "hostile": hostile})
    gone.unlink()
    with run_kodeweb(home, "open", sdk_store, "--name", "sdk") as server:
        yield server
    assert listing(sdk_store.parent) == before, "the SDK's store was touched"


@pytest.fixture(scope="package")
def browser(chromium: str) -> Iterator[Browser]:
    """Return Chromium. It ends with this folder: Playwright's loop would confuse Django's ORM."""
    with open_chromium(chromium) as browser:
        yield browser


@pytest.fixture(scope="package")
def signed_in(kodeweb: Kodeweb, browser: Browser) -> StorageState:
    """Return the cookies of a browser that used the printed link."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(kodeweb.link)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    state = context.storage_state()
    context.close()
    return state


@pytest.fixture
def watch(kodeweb: Kodeweb) -> Iterator[Watch]:
    """Return what is listened to in every context of the test; any problem fails it."""
    kodeweb.new_log()
    watch = Watch(kodeweb.url)
    yield watch
    assert watch.problems == []
    assert watch.executions == []
    assert kodeweb.csp_reports() == []


@pytest.fixture
def open_context(
    kodeweb: Kodeweb, browser: Browser, signed_in: StorageState, watch: Watch
) -> Iterator[OpenContext]:
    """Return a maker of watched contexts: signed in, 1440 px wide, unless said otherwise."""
    contexts: list[BrowserContext] = []

    def make(
        *,
        width: int = 1440,
        scheme: str = "light",
        has_scripts: bool = True,
        is_signed_in: bool = True,
    ) -> BrowserContext:
        context = browser.new_context(
            base_url=kodeweb.url,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if scheme == "dark" else "light",
            java_script_enabled=has_scripts,
            storage_state=signed_in if is_signed_in else None,
        )
        context.set_default_timeout(10_000)
        watch.attach(context, has_scripts=has_scripts)
        contexts.append(context)
        return context

    yield make
    for context in contexts:
        context.close()


@pytest.fixture
def page(open_context: OpenContext) -> Page:
    """Return a signed-in page with scripts."""
    return open_context().new_page()


@pytest.fixture
def page_without_scripts(open_context: OpenContext) -> Page:
    """Return a signed-in page that runs no script."""
    return open_context(has_scripts=False).new_page()
