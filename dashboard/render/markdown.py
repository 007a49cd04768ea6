"""Markdown of an agent as safe markup: parsed with raw HTML off, then through an allow-list.

No attribute of the text survives but the address of a link, and only http, https and mailto
are links. Images are never fetched: a link to them is shown. Each link says where it leads.
Entities stay as they were written.
"""

import re
from collections.abc import MutableMapping, Sequence
from functools import lru_cache
from html import escape
from typing import Any, Final
from urllib.parse import urlsplit

import nh3
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markdown_it.utils import OptionsDict

from dashboard.render.text import visible

__all__ = ["MARKDOWN_LIMIT", "markdown_html", "plain_html"]

#: Longer texts are shown as they are, and those full of one mark: parsing time grows with both.
MARKDOWN_LIMIT: Final = 10_000
_MOST_MARKS: Final = (("[", 300), ("|", 1500), ("*", 1000), ("_", 1000), ("`", 1000))
_SYNTAX: Final = re.compile(
    r"[*`~\[\]\\]|<[\w.+-]+[:@]|(?<!\w)_|_(?!\w)"
    r"|^(?:[ ]{4}|\t|[ ]{0,3}(?:[#>|]|[-+=][-+=\s]|\d{1,9}[.)]\s|[-+]$))|^[ ]*[-:|][-:| ]*$",
    re.MULTILINE,
)
_PARAGRAPHS: Final = re.compile(r"\n[ \t]*\n\s*")
_LINK: Final = re.compile(r"https?://|mailto:", re.IGNORECASE)
_TAGS: Final = (
    "p", "br", "h3", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "hr",
    "table", "thead", "tbody", "tr", "th", "td", "a", "small",
)  # fmt: skip
_CLEANER_OPTIONS: Final[dict[str, Any]] = {
    "tags": set(_TAGS),
    "clean_content_tags": {"script", "style"},
    "attributes": {"a": {"href"}, "ol": {"start"}},
    "tag_attribute_values": {"pre": {"tabindex": {"0"}}, "th": {"scope": {"col"}}},
    "url_schemes": {"http", "https", "mailto"},
    "link_rel": "noopener noreferrer nofollow",
    "strip_comments": True,
}


class _Renderer(RendererHTML):
    """The rules that differ: flat headings, images as links, links with their host."""

    def heading_open(self, *_: Any) -> str:
        return "<h3>"

    def heading_close(self, *_: Any) -> str:
        return "</h3>\n"

    def th_open(self, *_: Any) -> str:
        return '<th scope="col">'

    def code_block(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return f'<pre tabindex="0"><code>{escape(tokens[idx].content)}</code></pre>\n'

    def fence(self, tokens: Sequence[Token], idx: int, *_: Any) -> str:
        return self.code_block(tokens, idx)

    def image(
        self,
        tokens: Sequence[Token],
        place: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        token = tokens[place]
        address = str(token.attrs.get("src", ""))
        label = escape(self.renderInlineAsText(token.children, options, env)[:200] or "no text")
        return f'<a href="{escape(address)}">Image: {label}</a>{_host(address)}'

    def link_open(
        self,
        tokens: Sequence[Token],
        place: int,
        options: OptionsDict,
        env: MutableMapping[str, Any],
    ) -> str:
        address = str(tokens[place].attrs.get("href", ""))
        env.setdefault("open links", []).append(address)
        return f'<a href="{escape(address)}">'

    def link_close(
        self, tokens: Sequence[Token], place: int, options: OptionsDict, env: Any
    ) -> str:
        opened = env.get("open links")
        return "</a>" + _host(opened.pop() if opened else "")


class _Parser(MarkdownIt):
    """Only whole addresses are links: a relative one would lead into these pages."""

    def validateLink(self, url: str) -> bool:
        return _LINK.match(url) is not None


_PARSER: Final = (
    _Parser("commonmark", {"html": False, "linkify": False, "breaks": True}, renderer_cls=_Renderer)
    .enable(["table", "strikethrough"])
    .disable("entity")
)


def markdown_html(text: str) -> SafeString:
    """Return a text as safe markup: Markdown while it is short, else as it is."""
    if len(text) > MARKDOWN_LIMIT:
        return plain_html(text)
    text = visible(text)
    if _SYNTAX.search(text) is None or any(text.count(mark) > most for mark, most in _MOST_MARKS):
        return plain_html(text)
    return _render(text)


def plain_html(text: str) -> SafeString:
    """Return a text as paragraphs, nothing in it interpreted."""
    parts = _PARAGRAPHS.split(escape(visible(text)).strip("\n"))
    shown = (part.replace("\n", "<br>\n") for part in parts if part)
    return SafeString("".join(f"<p>{part}</p>\n" for part in shown))


# A pure function of its text, so a page that is opened twice is not parsed twice.
@lru_cache(maxsize=512)
def _render(text: str) -> SafeString:
    try:
        return SafeString(nh3.clean(_PARSER.render(text), **_CLEANER_OPTIONS))
    except (ValueError, IndexError, RecursionError):
        return plain_html(text)


def _host(address: str) -> str:
    """Return where a link leads, for behind it; the parser has made the host ASCII."""
    try:
        parts = urlsplit(address)
        host = parts.hostname or ""
    except ValueError:
        return " <small>(unreadable address)</small>"
    if parts.scheme == "mailto":
        host = parts.path
    elif not host:
        return f" <small>({escape(address[:80]) or 'no address'})</small>"
    return f" <small>({escape(visible(host[:80]))})</small>"
