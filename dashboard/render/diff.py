"""What an edit changed, line by line, drawn from its old and new text; no file is read."""

from collections.abc import Iterator
from difflib import SequenceMatcher
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.render.text import line_html, visible

__all__ = ["diff_html"]

_MOST_LINES: Final = 200
_MOST_LINE: Final = 2000


def diff_html(old: str, new: str, *, label: str, limit: int = 8192) -> tuple[SafeString, bool]:
    """Return the table of changed and kept lines, and whether lines were left out."""
    old_lines, old_cut = _lines(old, limit)
    new_lines, new_cut = _lines(new, limit)
    rows = "".join(_rows(old_lines, new_lines))
    name = line_html(label, 120)
    box = f'<div class="diff" tabindex="0" role="group" aria-label="{name}">'
    return SafeString(f"{box}<table>{rows}</table></div>"), old_cut or new_cut


def _lines(text: str, limit: int) -> tuple[list[str], bool]:
    kept = text[:limit].replace("\r\n", "\n").split("\n")
    if kept and not kept[-1]:
        kept.pop()
    return kept[:_MOST_LINES], len(text) > limit or len(kept) > _MOST_LINES


def _rows(old: list[str], new: list[str]) -> Iterator[str]:
    matcher = SequenceMatcher(None, old, new, autojunk=False)
    for tag, old_from, old_to, new_from, new_to in matcher.get_opcodes():
        if tag == "equal":
            for offset in range(old_to - old_from):
                row = old_from + offset
                yield _row("", row + 1, new_from + offset + 1, "", old[row])
            continue
        for row in range(old_from, old_to):
            yield _row("removed", row + 1, None, "−", old[row])
        for row in range(new_from, new_to):
            yield _row("added", None, row + 1, "+", new[row])


def _row(css: str, old: int | None, new: int | None, sign: str, text: str) -> str:
    opening = f'<tr class="{css}">' if css else "<tr>"
    return (
        f'{opening}<td class="ln">{old or ""}</td><td class="ln">{new or ""}</td>'
        f'<td class="sign">{sign}</td><td>{escape(visible(text[:_MOST_LINE]))}</td></tr>'
    )
