"""What must not happen on any page: errors, policy reports, foreign hosts, foreign scripts."""

from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Dialog, Request, Response

__all__ = ["HOOK", "Watch"]

HOOK = "xss"  # what a script in agent text would call, if one ever ran
_OWN_SCHEMES = frozenset({"data", "blob", "about"})


@dataclass
class Watch:
    """Listens to one browser context. ``expected`` holds statuses that a test asks for."""

    url: str
    problems: list[str] = field(default_factory=list)
    executions: list[str] = field(default_factory=list)
    expected: set[int] = field(default_factory=set)

    def attach(self, context: BrowserContext, *, has_scripts: bool = True) -> None:
        """Listen to every page that the context has or will have."""
        context.on("console", self._on_console)
        context.on("weberror", lambda error: self.problems.append(f"script error: {error.error}"))
        context.on("request", self._on_request)
        context.on("response", self._on_response)
        context.on("dialog", self._on_dialog)
        if has_scripts:
            context.expose_binding(HOOK, self._on_hook)

    def _on_hook(self, source: Any, *arguments: Any) -> None:
        self.executions.append(f"{source['page'].url}: {HOOK}{arguments}")

    def _on_dialog(self, dialog: Dialog) -> None:
        self.executions.append(f"{dialog.type} dialog: {dialog.message}")
        dialog.dismiss()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type not in ("error", "warning"):
            return
        is_status = message.text.startswith("Failed to load resource: the server responded")
        if is_status and any(f"status of {status} " in message.text for status in self.expected):
            return
        page = message.page.url if message.page else "?"
        self.problems.append(f"console {message.type} on {page}: {message.text}")

    def _on_request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in _OWN_SCHEMES and not request.url.startswith(f"{self.url}/"):
            self.problems.append(f"request to a foreign host: {request.url[:300]}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status} from {response.url[:300]}")
