"""Terminal output: colours become classes, every other escape sequence is shown as text.

Cursor moves, titles, clipboard writes and hyperlinks could only mislead; they stay visible.
"""

import re
from functools import lru_cache
from typing import Final

from django.utils.safestring import SafeString

from dashboard.render.text import text_html

__all__ = ["ansi_html"]

_SGR: Final = re.compile(r"\x1b\[([0-9;:]{0,64})m")
_TORN_END: Final = re.compile(r"\x1b(?:\[[0-9;:]*)?\Z")
_MOST_SPANS: Final = 4000
# Style codes, and what ends each of them.
_STYLES: Final = frozenset({1, 2, 3, 4, 7, 9})
_ENDS: Final = {21: (1,), 22: (1, 2), 23: (3,), 24: (4,), 27: (7,), 29: (9,)}


def ansi_html(text: str) -> SafeString:
    """Return the text as markup, colours and weights as ``ansi-31``, ``ansi-1`` …"""
    text = _TORN_END.sub("", text)
    if "\x1b[" not in text:
        return text_html(text)
    style = _Style()
    out: list[str] = []
    place = spans = 0
    for match in _SGR.finditer(text):
        if match.start() > place:
            out.append(_run(text[place : match.start()], style))
            spans += 1
        place = match.end()
        style.apply(match[1])
        if spans >= _MOST_SPANS:
            break
    rest = text[place:]
    out.append(_run(_SGR.sub("", rest) if spans >= _MOST_SPANS else rest, style))
    return SafeString("".join(out))


@lru_cache(maxsize=256)
def _codes(params: str) -> tuple[int, ...]:
    return tuple(int(part[:6]) if part else 0 for part in re.split("[;:]", params))


class _Style:
    """What is switched on: one foreground, one background and the styles."""

    def __init__(self) -> None:
        self.foreground = 0
        self.background = 0
        self.styles: set[int] = set()

    def apply(self, params: str) -> None:
        """Follow one SGR sequence; unknown codes are ignored, as terminals do."""
        codes = list(_codes(params))
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                self._extended(code, codes)
            else:
                self._one(code)

    def _one(self, code: int) -> None:
        if code == 0:
            self.foreground = self.background = 0
            self.styles.clear()
        elif code in _STYLES:
            self.styles.add(code)
        elif code in _ENDS:
            self.styles.difference_update(_ENDS[code])
        elif 30 <= code <= 37 or 90 <= code <= 97 or code == 39:
            self.foreground = 0 if code == 39 else code
        elif 40 <= code <= 47 or 100 <= code <= 107 or code == 49:
            self.background = 0 if code == 49 else code

    def _extended(self, code: int, codes: list[int]) -> None:
        """Take ``5;n`` or ``2;r;g;b``; of these only the sixteen named colours have a class."""
        kind = codes.pop(0) if codes else 0
        values = [codes.pop(0) for _ in range(min(len(codes), 1 if kind == 5 else 3))]
        number = values[0] if kind == 5 and values else -1
        base = code - 8
        named = base + number if number < 8 else base + 60 + number - 8
        found = named if 0 <= number < 16 else 0
        if code == 38:
            self.foreground = found
        else:
            self.background = found

    def classes(self) -> str:
        """Return the class names, empty for plain text."""
        codes = [*sorted(self.styles), self.foreground, self.background]
        return " ".join(f"ansi-{code}" for code in codes if code)


def _run(text: str, style: _Style) -> str:
    shown = text_html(text)
    classes = style.classes()
    return f'<span class="{classes}">{shown}</span>' if classes and shown else shown
