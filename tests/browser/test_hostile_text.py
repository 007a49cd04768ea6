"""Agent text is text: a crawl of a store full of attacks runs nothing and asks nobody else."""

import re
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlencode, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import OpenContext
from tests.browser.hostile import FIELDS, group_ids
from tests.browser.payloads import PAYLOADS
from tests.browser.server import Kodeweb
from tests.browser.watch import HOOK, Watch

# What agent text may never become, wherever it lands.
_FORBIDDEN = r"""() => {
  const found = [];
  const own = location.origin;
  const isOwn = (url) => url.startsWith("data:image/")
    || new URL(url, document.baseURI).origin === own;
  for (const element of document.querySelectorAll("body *")) {
    const name = element.localName;
    if (["iframe", "object", "embed", "base", "meta", "link", "style", "script", "math", "audio",
      "video", "marquee", "plaintext", "template", "noscript"].includes(name)) found.push(name);
    for (const { name: key, value } of element.attributes) {
      if (/^on/i.test(key) || /^(data-)?hx-(on|vals|ws|sse|ext|vars)/.test(key) || key === "style"
        || key === "srcdoc" || key === "srcset") found.push(`${name}[${key}]`);
      if (/^(data-)?hx-(get|post|put|patch|delete)$/.test(key) && !isOwn(value)) {
        found.push(`${name}[${key}=${value}]`);
      }
      if (["src", "action", "formaction", "data", "xlink:href", "poster"].includes(key)
        && !isOwn(value)) found.push(`${name}[${key}=${value}]`);
      if (key === "href" && !/^(https?:|mailto:|\/|#|\?)/.test(value)) {
        found.push(`${name}[href=${value}]`);
      }
      if (key === "href" && name === "a" && !isOwn(value) &&
        !/noopener|noreferrer/.test(element.rel)) found.push(`a without rel: ${value}`);
    }
  }
  for (const id of ["__proto__", "documentElement", "body"]) {
    if (document.querySelector(`[id="${id}"], [name="${id}"]`)) found.push(`id ${id}`);
  }
  for (const id of ["main", "filters", "results"]) {
    if (document.querySelectorAll(`#${id}`).length > 1) found.push(`two of #${id}`);
  }
  return [...new Set(found)];
}"""
_LINKS = """() => [...document.querySelectorAll("main a[href], nav a[href]")]
  .filter((link) => !link.hasAttribute("download")).map((link) => link.href)"""
# Another order, size, filter or turn draws no other kind of place.
_SAME_PLACE = {"sort", "limit", "after", "before", "count", "has", "template", "state",
               "session", "status", "id", "step", "call", "seq"}  # fmt: skip


@dataclass
class Crawl:
    """What a crawl of one store saw."""

    page: Page
    url: str
    seen: set[str] = field(default_factory=set)
    texts: list[str] = field(default_factory=list)
    forbidden: dict[str, list[str]] = field(default_factory=dict)

    def run(self, *starts: str) -> None:
        """Visit the addresses and all that they lead to."""
        waiting = [self.url + start for start in starts]
        while waiting:
            address = waiting.pop()
            if self._key(address) not in self.seen:
                self.seen.add(self._key(address))
                waiting += [link for link in self._visit(address) if self._is_wanted(link)]

    def _visit(self, address: str) -> list[str]:
        self.page.goto(address)
        self._unfold()
        self.texts.append(self.page.locator("body").inner_text())
        if wrong := self.page.evaluate(_FORBIDDEN):
            self.forbidden[address] = wrong
        links: list[str] = self.page.evaluate(_LINKS)
        return links

    def _unfold(self) -> None:
        """Open all folds, and load every part that is cut."""
        self.page.evaluate(
            "for (const fold of document.querySelectorAll('main details')) fold.open = true;"
        )
        cut = self.page.locator("main a[hx-get*='/blocks/']")
        for _ in range(min(cut.count(), 3)):
            before = cut.count()
            cut.first.click()
            expect(cut).to_have_count(before - 1)

    def _is_wanted(self, link: str) -> bool:
        """Tell a place of another kind; whole blocks are loaded into their transcripts instead."""
        path, query = urlsplit(link).path, dict(parse_qsl(urlsplit(link).query))
        if not path.startswith("/browse/hostile/") or "/blocks/" in path:
            return False
        if query.keys() & _SAME_PLACE:
            return False
        return "tab" not in query or "/agt-group" in path or self._is_sixth(path)

    @staticmethod
    def _is_sixth(path: str) -> bool:
        """Tell the sessions named by a payload whose tabs are looked at too."""
        found = re.search(r"/agt-k(\d+)agent", path)
        return found is not None and int(found[1]) % 6 == 0

    @staticmethod
    def _key(address: str) -> str:
        parts = urlsplit(address)
        kept = [f"{name}={value}" for name, value in parse_qsl(parts.query) if name != "list"]
        return f"{parts.path}?{'&'.join(kept)}"


@pytest.fixture(scope="module")
def starts() -> tuple[str, ...]:
    """Return where the crawl begins; links lead to the rest."""
    lists = tuple(
        f"/browse/hostile/{name}/?limit=200" for name in ("sessions", "messages", "tool-calls")
    )
    return ("/", *lists)


@pytest.mark.slow
def test_a_crawl_runs_no_script_of_an_agent(
    page: Page, kodeweb: Kodeweb, watch: Watch, starts: tuple[str, ...]
) -> None:
    """Lists, transcripts, tabs, calls and blocks; what was planted is there to be read."""
    crawl = Crawl(page, kodeweb.url)
    crawl.run(*starts)
    assert watch.executions == []
    assert crawl.forbidden == {}
    calls = [key for key in crawl.seen if "/tool-calls/call" in key]
    assert len(calls) == len(PAYLOADS)
    shown = "\n".join(crawl.texts)
    missing = [
        payload.mark(name)
        for payload in PAYLOADS
        for name in FIELDS
        if payload.mark(name) not in shown
    ]
    assert missing == []
    assert sum(payload.mark("large") in shown for payload in PAYLOADS) >= 9  # loaded by htmx
    squeezed = " ".join(shown.split())
    altered = [
        payload.text
        for payload in PAYLOADS
        if payload.text.isprintable() and payload.text not in squeezed
    ]
    assert altered == []


@pytest.mark.parametrize("scheme", ["javascript", "data", "vbscript"])
def test_what_looks_like_a_link_to_a_script_is_none(page: Page, scheme: str) -> None:
    """No link on a transcript has such an address, however it is written."""
    for agent_id, _ in group_ids():
        page.goto(f"/browse/hostile/sessions/{agent_id}/")
        addresses = page.evaluate(
            "() => [...document.querySelectorAll('a, area')].map((link) => link.protocol)"
        )
        assert len(addresses) > 20
        assert f"{scheme}:" not in addresses


def test_filters_show_hostile_values_as_text(page: Page, watch: Watch) -> None:
    """What stands in the address comes back in fields, chips and reasons."""
    watch.expected.add(422)
    for payload in PAYLOADS[::2]:
        name, key = (("sessions", "template"), ("tool-calls", "from"))[payload.number // 2 % 2]
        page.goto(f"/browse/hostile/{name}/?{urlencode({key: payload.text})}")
        assert page.evaluate(_FORBIDDEN) == [], payload.text


def test_downloads_are_plain_text_in_a_sandbox(open_context: OpenContext) -> None:
    """Raw messages and call texts are never documents of this site."""
    context = open_context()
    page = context.new_page()
    agent_id, _ = next(group_ids())
    page.goto(f"/browse/hostile/sessions/{agent_id}/")
    links = page.locator("main a[download]").evaluate_all("(links) => links.map((a) => a.href)")
    assert links
    for link in sorted(set(links))[:10]:
        headers = context.request.get(link).headers
        assert headers["content-type"] == "text/plain; charset=utf-8"
        assert headers["content-disposition"].startswith("attachment")
        assert "sandbox" in headers["content-security-policy"]


def test_the_watch_sees_what_it_looks_for(page: Page, watch: Watch, kodeweb: Kodeweb) -> None:
    """A page without our policy runs what is planted, one with it reports it: both are seen."""
    attack = (
        f"<img src=x onerror=\"{HOOK}('planted')\"><script src=https://evil.example/x></script>"
    )
    page.route("**/planted/", lambda route: route.fulfill(content_type="text/html", body=attack))
    watch.expected.add(404)
    page.goto("/planted/")
    page.evaluate("0")  # what the page called before is heard before this answers
    assert "planted" in watch.executions.pop()
    assert any("foreign host" in problem for problem in watch.problems)
    assert {"img[onerror]", "script"} <= set(page.evaluate(_FORBIDDEN))
    watch.problems.clear()

    page.goto("/account/")
    page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), {text: 'xss(1)'}))"
    )
    assert "script-src" in kodeweb.wait_for_csp_report()
    assert watch.executions == []
    assert any("Content Security Policy" in problem for problem in watch.problems)
    watch.problems.clear()
