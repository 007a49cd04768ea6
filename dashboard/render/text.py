"""Hostile text as characters that people can see: nothing hidden, nothing that reorders a page.

Control characters, direction overrides and invisible fillers become visible escapes; lone
surrogates too, so that a page can always be encoded. Newlines and tabs stay.
"""

import re
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.formats import one_line

__all__ = ["clip", "line_html", "text_html", "visible"]

# The joiners U+200C and U+200D stay: Persian and emoji need them.
_ODD: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e"
    "\u2060-\u206f\u3164\ud800-\udfff\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e007f]"
)
_MARKUP: Final = re.compile("[&<>\"']")


def _escape_of(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\u{{{code:x}}}"


def visible(text: str) -> str:
    """Return text whose characters can all be seen; a second pass changes nothing."""
    if text.isascii() and text.isprintable():  # decided in C; most texts end here
        return text
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _ODD.sub(_escape_of, text)


def _escaped(text: str) -> str:
    """Return the text as markup; most texts need no change, which one look tells."""
    return escape(text) if _MARKUP.search(text) else text


def text_html(text: str) -> SafeString:
    """Return text of several lines as markup."""
    return SafeString(_escaped(visible(text)))


def line_html(text: str, limit: int = 200) -> SafeString:
    """Return the start of a text on one line as markup."""
    return SafeString(_escaped(visible(one_line(text, limit))))


def clip(text: str, limit: int) -> tuple[str, bool]:
    """Return at most ``limit`` characters, ending at a line where one is near, and whether cut."""
    if len(text) <= limit:
        return text, False
    end = text.rfind("\n", limit * 3 // 4, limit)
    return text[: end + 1 if end > 0 else limit], True
