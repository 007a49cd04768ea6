"""Why a call ended as it did: the note at its head, the approval and the audit trail."""

from collections.abc import Iterator
from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.formats import duration
from dashboard.icons import icon_html
from dashboard.outcomes import call_outcome
from dashboard.render.call_view import CallView
from dashboard.render.parts import clock_html, keys_html, note_html, part_html
from dashboard.render.text import clip, line_html, text_html
from stores.interface import Approval, AuditEntry, ToolCall

__all__ = ["call_notes", "trail_html", "waited_ms"]

_DECIDERS: Final = {"api": "a person", "policy": "a policy", "hook": "a hook"}
_MOST_ERROR: Final = 4000
_MOST_STEPS: Final = 40


def waited_ms(call: ToolCall) -> int | None:
    """Return how long a call waited for its decision, None when it did not or still does."""
    asked = next((step.at for step in call.audit_trail if step.state == "APPROVAL_REQUIRED"), None)
    decided = call.approval.decided_at
    return decided - asked if asked is not None and decided is not None else None


def call_notes(view: CallView, now_ms: int) -> Iterator[SafeString]:
    """Yield what must be read first: a person's reason before the SDK's words (product F7)."""
    tone, icon = view.outcome.tone, view.outcome.icon
    sentence = _sentence(view, now_ms)
    if sentence:
        yield part_html("", note_html(tone, icon, sentence))
    elif view.exit_code:
        words = f"<b>The command ended with exit code {view.exit_code}.</b> Stored as completed."
        yield part_html("", note_html("soft", "soft", words))
    if view.advice and tone in ("failed", "denied"):
        advice = line_html(view.advice, 600)
        yield part_html("", f'<p class="muted">The SDK advised the model: {advice}</p>')
    if view.call is not None:
        rows = list(_approval_rows(view.call, view.told))
        if rows:
            yield part_html("Approval", keys_html(rows))
        if view.call.problems:
            words = "; ".join(view.call.problems)
            note = note_html(
                "soft", "soft", f"<b>Stored with problems:</b> {line_html(words, 400)}"
            )
            yield part_html("", note)


def _sentence(view: CallView, now_ms: int) -> str:
    tone = view.outcome.tone
    approval = view.call.approval if view.call else Approval()
    if tone == "denied":
        by = _DECIDERS.get(approval.decided_by or "", "")
        said = approval.note or view.error
        quoted = f" “{_words(said)}”" if said else ""
        return f"<b>Denied{f' by {by}' if by else ''}.</b>{quoted}"
    if tone == "awaiting":
        waiting = ""
        if view.call is not None and view.call.audit_trail and view.call.audit_trail[-1].at:
            waiting = f" for {duration(max(now_ms - view.call.audit_trail[-1].at, 0))}"
        reason = f" {_words(approval.reason)}." if approval.reason else ""
        return (
            f"<b>Waiting for approval{waiting}.</b>{reason} "
            "kodeweb only reads; decide in the agent."
        )
    if tone in ("failed", "sealed") or view.error:
        text = f" <code>{_words(view.error)}</code>" if view.error else " No error text was stored."
        return f"<b>{line_html(view.outcome.word, 40)}.</b>{text}"
    return ""


def _words(text: str) -> str:
    shown, is_cut = clip(text.strip(), _MOST_ERROR)
    return f'<span class="pre-line" dir="auto">{text_html(shown)}{" …" if is_cut else ""}</span>'


def _approval_rows(call: ToolCall, told: str) -> Iterator[tuple[str, str]]:
    """Yield who decided, when and why; nothing for a call that needed no approval."""
    approval = call.approval
    if not approval.is_required and approval.decision is None:
        return
    if approval.decision is not None:
        by = _DECIDERS.get(approval.decided_by or "", "")
        stored = line_html(approval.decided_by, 60) if approval.decided_by else "not recorded"
        waited = waited_ms(call)
        after = f", after waiting {duration(waited)}" if waited is not None else ""
        at = clock_html(approval.decided_at)
        yield "Decision", f"<b>{line_html(approval.decision, 40)}</b> {at}{after}"
        yield "Decided by", f"{by} ({stored})" if approval.decided_by == "api" else by or stored
    if approval.note and call.state != "DENIED":
        yield "Note", f"“{_words(approval.note)}”"
    if approval.reason and call.state != "APPROVAL_REQUIRED":
        yield "Why it was asked", _words(approval.reason)
    said = told or call.error or ""
    if call.state == "DENIED" and said and said != approval.note:
        yield "The model was told", f"<code>{_words(said)}</code>"


def trail_html(trail: tuple[AuditEntry, ...]) -> SafeString:
    """Return the life of a call: the first step with its time, the others as distances."""
    if not trail:
        return SafeString("")
    start = trail[0].at
    steps = []
    for number, step in enumerate(trail[:_MOST_STEPS]):
        outcome = call_outcome(step.state)
        note = f" · {line_html(step.note, 200)}" if step.note else ""
        at = clock_html(step.at, start if number and start is not None else None)
        word = escape(outcome.word.lower()) if outcome.icon != "help" else line_html(step.state, 40)
        steps.append(
            f'<li data-state="{outcome.tone}">{icon_html(outcome.icon)}'
            f"<span>{word}{note} {at}</span></li>"
        )
    if len(trail) > _MOST_STEPS:
        steps.append(f"<li>and {len(trail) - _MOST_STEPS} more</li>")
    return part_html("Audit trail", f'<ol class="trail">{"".join(steps)}</ol>')
