"""Follow every link of the site, as a person with much time would: pages, partials, downloads."""

from collections import Counter, deque
from collections.abc import Iterator
from dataclasses import dataclass
from html.parser import HTMLParser
from urllib.parse import urldefrag, urljoin, urlsplit

from django.test import Client

__all__ = ["Seen", "crawl"]

_FOLLOWED = ("href", "src", "hx-get", "action")
_LEFT_OUT = ("/static/", "/sign-out", "/account/", "/csp-report/")


@dataclass(frozen=True)
class Seen:
    """One answer, to its last byte, headers included."""

    url: str
    status: int
    body: bytes
    headers: str


class _Links(HTMLParser):
    """Collect the addresses of links, images, forms that read, and htmx."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, bool]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form" and (values.get("method") or "get").lower() != "get":
            return
        for name in _FOLLOWED:
            value = values.get(name)
            if value:
                self.found.append((value, name == "hx-get"))


def crawl(
    client: Client, start: str = "/", *, per_path: int = 12, most: int = 4000
) -> Iterator[Seen]:
    """Yield every answer that links lead to; of one path, so many different queries."""
    waiting: deque[tuple[str, bool]] = deque([(start, False)])
    known = {(start, False)}
    queries: Counter[tuple[str, bool]] = Counter()
    count = 0
    while waiting and count < most:
        url, is_partial = waiting.popleft()
        count += 1
        headers = {"HX-Request": "true"} if is_partial else {}
        response = client.get(url, headers=headers)
        body = b"".join(response) if response.streaming else response.content
        yield Seen(url, response.status_code, body, str(response.headers))
        links = [(response.headers["Location"], False)] if "Location" in response.headers else []
        if "html" in response.headers.get("Content-Type", ""):
            parser = _Links()
            parser.feed(body.decode())
            links += parser.found
        for target, is_htmx in links:
            link = urldefrag(urljoin(url, target)).url, is_htmx
            if link in known or not _is_ours(link[0]):
                continue
            place = urlsplit(link[0]).path, is_htmx
            if queries[place] < per_path:
                queries[place] += 1
                known.add(link)
                waiting.append(link)


def _is_ours(url: str) -> bool:
    parts = urlsplit(url)
    return not parts.scheme and not parts.netloc and not parts.path.startswith(_LEFT_OUT)
