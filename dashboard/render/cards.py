"""The card of one tool call in a transcript: its head in one line, its inside on demand."""

from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.formats import duration, size
from dashboard.icons import icon_html
from dashboard.outcomes import Outcome
from dashboard.render.call_view import CallView, from_block
from dashboard.render.notes import call_notes, trail_html, waited_ms
from dashboard.render.parts import badge_html, state_html
from dashboard.render.place import Place
from dashboard.render.text import line_html
from dashboard.render.tools import call_parts, input_line
from stores.interface import Block

__all__ = ["call_card", "call_meta"]

_LOUD: Final = frozenset({"failed", "denied", "sealed", "awaiting"})
_NO_DURATION: Final = (
    '<span class="zero" title="No duration is recorded for this call">'
    '–<span class="visually-hidden"> no duration recorded</span></span>'
)


def call_card(block: Block, seq: int, place: Place, *, is_marked: bool = False) -> SafeString:
    """Return a call and its result as one card; ``is_marked`` is the one that was asked for."""
    view = from_block(block, seq, place)
    is_open = " open" if view.is_open or is_marked else ""
    tone = "soft" if view.exit_code and view.outcome.tone == "completed" else view.outcome.tone
    ident = ' id="call" aria-current="true"' if is_marked else ""
    css = "call is-here" if is_marked else "call"
    name = line_html(view.name, 80) or "(no name)"
    head = (
        f'<summary>{icon_html("chevron", size="s")}<span class="call-name">{name}</span> '
        f'<span class="call-input">{line_html(input_line(view), 240)}</span> '
        f"{_marks(view)} {call_meta(view)}</summary>"
    )
    body = "".join((
        *call_notes(view, place.now_ms),
        trail_html(view.call.audit_trail) if view.call and view.outcome.tone in _LOUD else "",
        *call_parts(view, place),
        _actions(view, seq, place),
    ))  # fmt: skip
    return SafeString(
        f'<details class="{css}"{ident} data-state="{tone}"{is_open}>{head}'
        f'<div class="call-body">{body}</div></details>'
    )


def call_meta(view: CallView) -> SafeString:
    """Return duration, wait for approval and size of the result."""
    call = view.call
    took: str = _NO_DURATION
    waited = ""
    if call is not None:
        if call.duration_ms is not None:
            sign = "≈ " if call.is_duration_derived else ""
            took = f"<span>{sign}{duration(call.duration_ms)}</span>"
        wait = waited_ms(call)
        waited = f"<span>waited {duration(wait)}</span>" if wait is not None and wait >= 0 else ""
    weight = f"<span>{size(view.result.size_bytes)}</span>" if view.result else ""
    return SafeString(f'<span class="call-meta">{waited} {took} {weight}</span>')


def _marks(view: CallView) -> str:
    inherited = ""
    if view.is_inherited:
        inherited = f'<span class="badge badge-line">{icon_html("fork")}Inherited</span> '
    return f"{inherited}{_state(view)}"


def _state(view: CallView) -> str:
    if view.exit_code and view.outcome.tone == "completed":
        return badge_html(Outcome("Exit", "soft", "soft"), f"Exit code {view.exit_code}")
    if view.outcome.tone in _LOUD:
        return badge_html(view.outcome)
    return state_html(view.outcome)


def _actions(view: CallView, seq: int, place: Place) -> str:
    links = []
    if view.call is not None:
        links.append(f'<a href="{escape(place.call(view.call.id))}">Open tool call</a>')
    else:
        words = "No tool-call row is stored for this block; it is shown from the message alone."
        links.append(f'<span class="muted">{words}</span>')
    if view.is_inherited and view.call is not None:
        href = escape(place.session(view.call.agent_id))
        owner = line_html(view.call.agent_id, 80)
        links.append(f'<span>Inherited from <a class="id" href="{href}">{owner}</a></span>')
    links.append(f'<a href="{escape(place.message_text(seq))}" download>Raw message</a>')
    return f'<p class="call-actions">{"".join(links)}</p>'
