"""The small parts that cards are made of: labelled texts, what is cut, states, times."""

from collections.abc import Iterable
from html import escape

from django.utils.safestring import SafeString

from dashboard.formats import duration, exact, iso, size
from dashboard.icons import icon_html
from dashboard.outcomes import Outcome
from dashboard.render.ansi import ansi_html
from dashboard.render.json_view import json_text
from dashboard.render.payload import Payload
from dashboard.render.text import clip, line_html, text_html

__all__ = [
    "badge_html",
    "clock_html",
    "code_part",
    "join",
    "keys_html",
    "more_html",
    "note_html",
    "part_html",
    "pre_html",
    "state_html",
    "value_part",
]


def join(parts: Iterable[str]) -> SafeString:
    """Join markup."""
    return SafeString("".join(parts))


def part_html(label: str, body: str, *, note: str = "", more: str = "") -> SafeString:
    """Return one labelled part of a card. Label and note are our own words."""
    end = f'<span class="card-end">{note}</span>' if note else ""
    head = f'<p class="call-label">{label}{end}</p>' if label else ""
    return SafeString(f'<div class="part">{head}{body}{more}</div>')


def pre_html(text: str, *, is_terminal: bool = False, prefix: str = "") -> SafeString:
    """Return text as it is, in a box that the keyboard can scroll."""
    shown = ansi_html(text) if is_terminal else text_html(text)
    return SafeString(f'<pre class="code" tabindex="0" dir="auto">{prefix}{shown}</pre>')


def code_part(
    label: str,
    text: str,
    payload: Payload | None = None,
    *,
    limit: int,
    is_terminal: bool = False,
    prefix: str = "",
    note: str = "",
) -> SafeString:
    """Return a labelled text; what is cut of it says so and leads to the whole."""
    shown, is_cut = clip(text, limit)
    more: str = ""
    if payload is not None and (is_cut or payload.is_cut):
        more = more_html(len(shown.encode(errors="replace")), payload)
    return part_html(
        label, pre_html(shown, is_terminal=is_terminal, prefix=prefix), note=note, more=more
    )


def value_part(label: str, payload: Payload, *, limit: int) -> SafeString:
    """Return decoded JSON, or the plain text that it is, as a labelled part."""
    if isinstance(payload.value, str):
        return code_part(label, payload.value, payload, limit=limit, is_terminal=True)
    text, is_cut = json_text(payload.value, limit)
    more: str = ""
    if is_cut or payload.is_cut:
        more = more_html(len(text.encode(errors="replace")), payload)
    return part_html(label, pre_html(text), more=more)


def more_html(shown_bytes: int, payload: Payload) -> SafeString:
    """Say how much is shown and lead to the rest, in place where scripts run."""
    whole = size(max(payload.size_bytes, shown_bytes))
    links = ""
    if payload.whole:
        href = escape(payload.whole)
        links += (
            f'<a href="{href}" hx-get="{href}" hx-target="closest .part" hx-swap="outerHTML">'
            f"Show all {whole}</a>"
        )
    if payload.raw:
        links += f'<a href="{escape(payload.raw)}" download>Download</a>'
    return SafeString(
        f'<p class="code-more"><span>Showing {size(shown_bytes)} of {whole}</span>{links}</p>'
    )


def keys_html(pairs: Iterable[tuple[str, str]]) -> SafeString:
    """Return a table of names (hostile) and markup."""
    rows = (f"<dt>{line_html(name, 60) or '–'}</dt><dd>{value}</dd>" for name, value in pairs)
    return SafeString(f'<dl class="keys">{"".join(rows)}</dl>')


def note_html(tone: str, icon: str, body: str) -> SafeString:
    """Return the one sentence that a card opens with."""
    return SafeString(
        f'<p class="call-note" data-state="{tone}">{icon_html(icon)}<span>{body}</span></p>'
    )


def badge_html(outcome: Outcome, word: str = "") -> SafeString:
    """Return a state as a badge."""
    shown = escape(word) if word else line_html(outcome.word, 40)
    return SafeString(
        f'<span class="badge" data-state="{outcome.tone}">{icon_html(outcome.icon)}{shown}</span>'
    )


def state_html(outcome: Outcome) -> SafeString:
    """Return a state as text with its icon."""
    return SafeString(
        f'<span class="state" data-state="{outcome.tone}">{icon_html(outcome.icon)}'
        f'<span class="state-word">{line_html(outcome.word, 40)}</span></span>'
    )


def clock_html(at_ms: int | None, since_ms: int | None = None) -> SafeString:
    """Return the time of day, or the distance to an earlier time of the same row."""
    if at_ms is None:
        return SafeString("")
    words = exact(at_ms)
    shown = words[-12:-4] if words.endswith(" UTC") else words
    if since_ms is not None:
        gap = at_ms - since_ms
        shown = f"+{duration(gap)}" if gap >= 0 else duration(gap)
    return SafeString(f'<time datetime="{iso(at_ms)}" title="{words}">{shown}</time>')
