"""Starting Chromium so that it stays on this machine."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

__all__ = ["open_chromium"]

# Chromium asks its maker's hosts for updates, field trials and safety lists unless told not to.
_QUIET = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-domain-reliability",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
)


@contextmanager
def open_chromium(path: str) -> Iterator[Browser]:
    """Run the machine's own Chromium until the block ends."""
    arguments = [*_QUIET]
    if os.geteuid() == 0:
        arguments.append("--no-sandbox")  # its sandbox refuses to run as root
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()
