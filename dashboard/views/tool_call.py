"""One tool call on its own page: all that is stored of it, and its place in the transcript."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard.actions import action
from dashboard.formats import duration, one_line, stamps
from dashboard.pickers import as_of, store_picker
from dashboard.render.call_view import CallView, from_call
from dashboard.render.notes import call_notes, trail_html, waited_ms
from dashboard.render.place import Place
from dashboard.render.tools import call_parts, input_line
from dashboard.views._session_head import Fact, Step
from dashboard.views._store import now_ms, open_store
from stores.interface import (
    Reader,
    SessionNotFound,
    SessionRow,
    ToolCall,
    ToolCallRow,
    list_stores,
)

__all__ = ["tool_call_detail"]

#: The whole input and result up to here; beyond, a download.
_CALL_CHARACTERS = 200_000


@require_safe
@action("browse.read")
def tool_call_detail(request: HttpRequest, store: str, call_id: str) -> HttpResponse:
    """Show one call: what it was asked, what came of it, who allowed it, step by step."""
    record, reader = open_store(store)
    call = reader.get_tool_call(call_id)
    place = Place.of(
        record.slug,
        call.agent_id,
        now_ms=now_ms(),
        origin=request.GET.get("list"),
        limit=_CALL_CHARACTERS,
    )
    context = {
        "store": record,
        "list_query": request.GET.get("list", "")[:4000],
        **_about(reader, call, place),
        **_inside(from_call(call, place), place),
        "store_picker": store_picker(list_stores(), record.slug, url_name="tool_call_list"),
        "as_of": as_of(place.now_ms, reader),
    }
    return render(request, "dashboard/tool_call.html", context)


def _inside(view: CallView, place: Place) -> dict[str, Any]:
    """Return the parts of the call itself."""
    trail = view.call.audit_trail if view.call else ()
    return {
        "name": one_line(view.name, 80) or "(no name)",
        "line": one_line(_reason(view) or input_line(view), 160),
        "call_id": one_line(view.id, 200),
        "outcome": view.outcome,
        "notes": SafeString("".join(call_notes(view, place.now_ms))),
        "trail": trail_html(trail),
        "parts": SafeString("".join(call_parts(view, place))),
        "raw": [
            Fact(f"Download {part}", "", place.call_text(part, view.id))
            for part, is_there in (
                ("input", True),
                ("result", view.result is not None),
                ("error", bool(view.error)),
            )
            if is_there
        ],
    }


def _reason(view: CallView) -> str:
    """Return why the call failed, for a denied one what was said by who denied it."""
    note = view.call.approval.note if view.call and view.call.state == "DENIED" else ""
    return note or view.error


def _about(reader: Reader, call: ToolCall, place: Place) -> dict[str, Any]:
    """Return where the call belongs and its neighbours; a call may outlive its session."""
    session: SessionRow | None = None
    failures: tuple[ToolCallRow, ...] = ()
    seq = None
    try:
        detail = reader.get_session(call.agent_id)
        session, failures = detail.row, detail.failures
        seq = reader.find_call_seq(call.agent_id, call.id)
    except SessionNotFound:
        pass
    ids = [row.id for row in failures]
    here = ids.index(call.id) if call.id in ids else None
    before = ids[here - 1] if here else ""
    behind = ids[here + 1] if here is not None and here + 1 < len(ids) else ""
    return {
        "facts": [*_facts(call, session, seq, place)],
        "transcript_href": place.failure(call.id) if seq is not None else "",
        "position": f"{here + 1} of {len(ids)} in this session" if here is not None else "",
        "steps": ()
        if here is None
        else (
            Step("Previous failure", place.call(before) if before else "", "N", "left"),
            Step("Next failure", place.call(behind) if behind else "", "n", "failed"),
        ),
    }


def _facts(
    call: ToolCall, session: SessionRow | None, seq: int | None, place: Place
) -> Iterator[Fact]:
    if session is None:
        yield Fact("Session", f"{one_line(call.agent_id, 80)} (no longer stored)")
    else:
        title = one_line(session.first_text, 80) or one_line(session.agent_id, 80)
        yield Fact("Session", title, place.session(session.agent_id))
        yield Fact("Template", one_line(session.template_id, 60))
    if seq is not None:
        yield Fact("Turn", f"#{seq}", place.failure(call.id))
    yield from _time_facts(call)
    waited = waited_ms(call)
    if waited is not None:
        yield Fact("Waited for approval", duration(waited))


def _time_facts(call: ToolCall) -> Iterator[Fact]:
    times = (
        ("Created", call.created_at),
        ("Started", call.started_at),
        ("Completed", call.completed_at),
        ("Updated", call.updated_at),
    )
    for label, at_ms in times:
        if at_ms is not None:
            iso, words = stamps(at_ms)
            yield Fact(label, words.removesuffix(" UTC"), title=iso)
    took = "–" if call.duration_ms is None else duration(call.duration_ms)
    how = "last step of the audit trail minus the start" if call.is_duration_derived else ""
    yield Fact("Duration", f"≈ {took}" if how else took, title=how)
