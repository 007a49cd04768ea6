"""The turns of a transcript: who spoke, when, what was said and what was done."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.formats import count, duration, size
from dashboard.icons import icon_html
from dashboard.render.cards import call_card
from dashboard.render.markdown import markdown_html
from dashboard.render.media import media_html
from dashboard.render.notes import waited_ms
from dashboard.render.parts import clock_html, more_html, note_html, pre_html, value_part
from dashboard.render.payload import Payload, result_block
from dashboard.render.place import Place
from dashboard.render.text import clip, line_html, text_html
from stores.interface import Block, Turn

__all__ = ["GAP_MS", "fitted", "turns_html"]

GAP_MS: Final = 60_000
#: About how many characters of payloads one page shows, shared between its blocks.
_PAGE_CHARACTERS: Final = 240_000
_ROLES: Final = {"user": ("user", "User"), "assistant": ("agents", "Assistant")}
_MEDIA: Final = frozenset({"image", "audio", "video", "file", "image_url"})


def fitted(place: Place, turns: Sequence[Turn]) -> Place:
    """Return the place with as much room per payload as keeps the page small."""
    blocks = sum(2 if block.type == "tool_use" else 1 for turn in turns for block in turn.blocks)
    return replace(place, limit=min(max(_PAGE_CHARACTERS // max(blocks, 1), 600), 8192))


def turns_html(
    turns: Sequence[Turn], place: Place, *, marked_seq: int | None = None, marked_call: str = ""
) -> SafeString:
    """Return the turns of a window with the gaps between them."""
    place = fitted(place, turns)
    out: list[str] = []
    previous: Turn | None = None
    for turn in turns:
        body = "".join(_body(turn, place, marked_call))
        if previous is not None:
            out.append(_gap(previous, turn))
        # Results are drawn at their calls; their address still leads here.
        anchor = f'<span class="turn-anchor" id="m{turn.seq}"></span>'
        out.append(_turn(turn, body, is_here=turn.seq == marked_seq) if body else anchor)
        if turn.at is not None:
            previous = turn
    return SafeString("".join(out))


def _turn(turn: Turn, body: str, *, is_here: bool) -> str:
    mark = ' aria-current="true"' if is_here else ""
    if turn.kind == "summary" and not turn.problems:
        return f'<div id="m{turn.seq}"{mark} data-row>{body}</div>'
    role = turn.role if turn.role in _ROLES else "system"
    if turn.kind in ("reminder", "results"):
        role = "system"
    icon, word = _ROLES.get(role, ("bell", "System"))
    css = "turn turn-user" if turn.kind == "user" else "turn"
    tokens = f"<span>{count(turn.tokens)} tok</span>" if turn.tokens is not None else ""
    return (
        f'<article class="{css}{" is-here" if is_here else ""}" id="m{turn.seq}"{mark} data-row '
        f'aria-label="Turn {turn.seq}, {word.lower()}">'
        f'<div class="turn-side"><span class="turn-role">{icon_html(icon)}{word}</span>'
        f'<a href="#m{turn.seq}" class="tabular">#{turn.seq}</a>{clock_html(turn.at)}{tokens}</div>'
        f'<div class="turn-body">{body}</div></article>'
    )


def _body(turn: Turn, place: Place, marked_call: str) -> Iterator[str]:
    if turn.problems:
        yield _warning(turn, place)
    if turn.raw is not None:
        if turn.raw:
            raw = Payload(None, turn.size_bytes, raw=place.message_text(turn.seq))
            shown, is_cut = clip(turn.raw, place.limit)
            yield pre_html(shown)
            if is_cut or turn.size_bytes > len(shown.encode(errors="replace")):
                yield more_html(len(shown.encode(errors="replace")), raw)
        return
    for block in turn.blocks:
        yield from _block(block, turn, place, marked_call)
    if not turn.blocks and not turn.problems:
        yield '<p class="muted">This message is stored without content.</p>'


def _block(block: Block, turn: Turn, place: Place, marked_call: str) -> Iterator[str]:
    if block.type == "tool_use":
        is_marked = bool(marked_call) and marked_call in (
            block.get("id"),
            block.call.id if block.call else "",
        )
        yield call_card(block, turn.seq, place, is_marked=is_marked)
    elif block.type == "tool_result":
        if not block.is_paired:
            yield _orphan(block, turn, place)
    elif block.type == "reasoning":
        words = f"Reasoning, folded · {size(block.size_bytes)}"
        yield _fold("think", words, block, turn, place)
    elif block.type == "text":
        yield _text(block, turn, place)
    elif block.type in _MEDIA:
        yield media_html(block, turn.seq, place)
    else:
        whole = place.block(turn.seq, block.index)
        payload = Payload(block.text, block.size_bytes, block.is_cut, whole)
        label = f"Block of an unknown type: {line_html(block.type, 40)}"
        yield value_part(label, payload, limit=place.limit)


def _text(block: Block, turn: Turn, place: Place) -> str:
    if turn.kind == "summary":
        return _summary(block, turn, place)
    is_reminder = turn.kind in ("reminder", "results")
    if is_reminder or (turn.kind == "system" and len(block.text) > 400):
        what = "System reminder" if is_reminder else "System message"
        first = next((line for line in block.text.split("\n")[1:] if line.strip()), "")
        words = f"{what}, folded: {line_html(first.strip(), 90)} · {size(block.size_bytes)}"
        return _fold("bell", words, block, turn, place)
    shown, is_cut = clip(block.text, place.limit)
    more = _more(block, turn, place, shown) if is_cut or block.is_cut else ""
    if not shown.strip():
        return '<p class="muted">An empty text.</p>'
    prose = f'<div class="prose" dir="auto" hx-disable>{markdown_html(shown)}</div>'
    return f'<div class="part">{prose}{more}</div>'


def _fold(icon: str, words: str, block: Block, turn: Turn, place: Place) -> str:
    shown, is_cut = clip(block.text, place.limit)
    more = _more(block, turn, place, shown) if is_cut or block.is_cut else ""
    return (
        f'<details class="fold"><summary>{icon_html("chevron", size="s")}'
        f'{icon_html(icon, size="s")}<span class="clip">{words}</span></summary>'
        f'<div class="part"><div class="fold-body" dir="auto">{text_html(shown)}</div>{more}</div>'
        f"</details>"
    )


def _more(block: Block, turn: Turn, place: Place, shown: str) -> SafeString:
    payload = Payload(
        None,
        block.size_bytes,
        whole=place.block(turn.seq, block.index),
        raw=place.message_text(turn.seq),
    )
    return more_html(len(shown.encode(errors="replace")), payload)


def _summary(block: Block, turn: Turn, place: Place) -> str:
    shown, is_cut = clip(block.text, place.limit)
    more = _more(block, turn, place, shown) if is_cut or block.is_cut else ""
    at = clock_html(turn.at)
    return (
        f'<details class="cut"><summary>{icon_html("compress")}<b>Context compressed</b>'
        f"<span>earlier messages were replaced by this summary · {size(block.size_bytes)}</span>"
        f'<span class="card-end tabular">#{turn.seq} {at}</span></summary>'
        f'<div class="cut-body part"><div class="pre-line soft-ink" dir="auto">{text_html(shown)}'
        f"</div>{more}</div></details>"
    )


def _orphan(block: Block, turn: Turn, place: Place) -> str:
    """Draw a result whose call is in another window, or nowhere."""
    call_id = block.get("tool_use_id")
    payload = result_block(block, place.block(turn.seq, block.index))
    part = value_part("Result", payload, limit=place.limit)
    href = escape(place.failure(call_id))
    link = f'<a href="{href}">its call</a>' if call_id else "a call without an id"
    is_error = block.get("is_error") == "true"
    words = f"Result of {link}, which is outside this part of the transcript."
    note = note_html("failed" if is_error else "pending", "failed" if is_error else "return", words)
    return f'<div class="orphan">{note}{part}</div>'


def _warning(turn: Turn, place: Place) -> str:
    words = line_html("; ".join(turn.problems[:5]), 400)
    raw = f'<a href="{escape(place.message_text(turn.seq))}" download>Download as stored</a>'
    return (
        f'<div class="notice" data-state="soft">{icon_html("soft")}'
        f"<p><b>This message is not stored as the SDK writes it:</b> {words}. {raw}</p></div>"
    )


def _gap(previous: Turn, turn: Turn) -> str:
    if previous.at is None or turn.at is None or turn.at - previous.at <= GAP_MS:
        return ""
    words = duration(turn.at - previous.at)
    reason = _reason(previous, turn)
    return (
        f'<p class="gap" role="note"><span>{icon_html("clock", size="s")}'
        f"{words}{f' · {reason}' if reason else ''}</span></p>"
    )


def _reason(previous: Turn, turn: Turn) -> str:
    if turn.kind == "user":
        return "waiting for the user"
    waits = [
        (waited, block.call.name)
        for block in previous.blocks
        if block.call is not None and (waited := waited_ms(block.call)) is not None
    ]
    longest = max(waits, default=None)
    if longest is not None and longest[0] > GAP_MS // 2:
        return f"waiting {duration(longest[0])} for approval of {line_html(longest[1], 60)}"
    return ""
