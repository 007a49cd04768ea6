"""The outline beside a transcript: what people wrote here, and the failures of the session."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.icons import icon_html
from dashboard.outcomes import call_outcome
from dashboard.render.place import Place
from dashboard.render.text import line_html
from stores.interface import ToolCallRow, Transcript, Turn

__all__ = ["call_seqs", "outline_html"]

_MOST: Final = 150


def call_seqs(turns: Sequence[Turn]) -> dict[str, int]:
    """Return the seq of each call that a window holds, by the id of its row."""
    return {
        name: turn.seq
        for turn in turns
        for block in turn.blocks
        if block.type == "tool_use"
        for name in (block.get("id"), block.call.id if block.call else "")
        if name
    }


def outline_html(
    transcript: Transcript,
    failures: Sequence[ToolCallRow],
    place: Place,
    *,
    marked_call: str = "",
) -> SafeString:
    """Return the list: failures before the window, the window in order, failures behind it."""
    seqs = call_seqs(transcript.turns)
    here = [row for row in failures if row.id in seqs]
    before, behind = _around(transcript, failures, {row.id for row in here})
    items = [(turn.seq, _person(turn)) for turn in transcript.turns if turn.kind == "user"]
    items += [(seqs[row.id], _failure(row, place, seqs[row.id], marked_call)) for row in here]
    rows = [
        *(_failure(row, place, None, marked_call) for row in before[-_MOST:]),
        *(markup for _, markup in sorted(items, key=lambda item: item[0])),
        *(_failure(row, place, None, marked_call) for row in behind[:_MOST]),
    ]
    return SafeString(f"<ol>{''.join(rows)}</ol>") if rows else SafeString("")


def _around(
    transcript: Transcript, failures: Sequence[ToolCallRow], here: set[str]
) -> tuple[list[ToolCallRow], list[ToolCallRow]]:
    """Split the other failures into those before the window and those behind it."""
    others = [row for row in failures if row.id not in here]
    places = [number for number, row in enumerate(failures) if row.id in here]
    if places:
        return (
            [row for row in failures[: places[0]] if row.id not in here],
            [row for row in failures[places[0] :] if row.id not in here],
        )
    start = next((turn.at for turn in transcript.turns if turn.at is not None), None)
    if start is None:
        return ([], others) if transcript.earlier is None else (others, [])
    is_before = [row.created_at is not None and row.created_at < start for row in others]
    pairs = list(zip(others, is_before, strict=True))
    return [row for row, before in pairs if before], [row for row, before in pairs if not before]


def _person(turn: Turn) -> str:
    words = " ".join(_words(turn)) or "attachment"
    return (
        f'<li><a href="#m{turn.seq}" class="outline-user">{icon_html("user")}'
        f'<span class="clip">{line_html(words, 60)}</span> '
        f'<span class="seq tabular">#{turn.seq}</span></a></li>'
    )


def _words(turn: Turn) -> Iterator[str]:
    return (block.text[:80] for block in turn.blocks if block.type == "text")


def _failure(row: ToolCallRow, place: Place, seq: int | None, marked: str) -> str:
    outcome = call_outcome(row.state)
    mark = ' aria-current="true"' if row.id == marked else ""
    href = escape(place.failure(row.id))
    number = f'<span class="seq tabular">#{seq}</span>' if seq is not None else ""
    return (
        f'<li><a href="{href}" data-state="{outcome.tone}"{mark}>'
        f"{icon_html(outcome.icon, label=outcome.word)}"
        f'<span class="clip">{line_html(row.name, 60)}</span> {number}</a></li>'
    )
