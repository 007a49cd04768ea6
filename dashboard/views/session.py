"""One session: its transcript, and beside it events, todos, snapshots and what is known of it."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any
from urllib.parse import quote_plus

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.views.decorators.http import require_safe

from dashboard.actions import action
from dashboard.pickers import as_of, store_picker
from dashboard.render.outline import call_seqs, outline_html
from dashboard.render.place import Place
from dashboard.render.tabs import events_html, snapshots_html, todos_html
from dashboard.render.turns import turns_html
from dashboard.views._asked import Asked
from dashboard.views._neighbours import is_session_list, neighbour
from dashboard.views._session_head import failure_steps, list_steps, session_head
from dashboard.views._store import now_ms, open_store
from stores.interface import Reader, SessionDetail, Store, ToolCallRow, Transcript, list_stores

__all__ = ["session_detail"]

_CHUNK = 100
# The tabs that show what is dear to read.
_WHOLE_TABS = ("snapshots", "info")


@require_safe
@action("browse.read")
def session_detail(request: HttpRequest, store: str, agent_id: str) -> HttpResponse:
    """Show one tab of a session; ``call`` and ``step`` are looked up and lead on."""
    record, reader = open_store(store)
    asked = Asked.of(request.GET)
    place = Place.of(record.slug, agent_id, now_ms=now_ms(), origin=asked.origin)
    notices = list(asked.errors)
    if asked.step:
        found = neighbour(reader, asked.origin or "", agent_id, step=asked.step)
        if found is not None:
            target = f"{place.session(found[0])}?list={quote_plus(found[1])}"
            return HttpResponseRedirect(target)
        notices.append(f"That list has no {asked.step} session.")
    if asked.call and asked.seq is None:
        seq = reader.find_call_seq(agent_id, asked.call)
        if seq is not None:
            call = quote_plus(asked.call, errors="replace")
            return HttpResponseRedirect(f"{place.here(f'call={call}&seq={seq}')}#call")
        reader.get_tool_call(asked.call)  # unknown: a page that says so
        notices.append(
            "The message of this call is no longer in the transcript; a compression may have "
            "replaced it. The call itself is still stored."
        )
    return _page(request, record, reader, asked, place, notices)


def _page(
    request: HttpRequest,
    record: Store,
    reader: Reader,
    asked: Asked,
    place: Place,
    notices: list[str],
) -> HttpResponse:
    detail = reader.get_session(place.agent_id, whole=asked.tab in _WHOLE_TABS)
    place = replace(place, children=detail.children)
    context: dict[str, Any] = {
        "store": record,
        "head": session_head(detail, place, asked),
        "place": place,
        "tab": asked.tab,
        "notices": notices,
        "missing": detail.missing,
        "steps": list_steps(place) if is_session_list(asked.origin) else (),
        "store_picker": store_picker(list_stores(), record.slug, url_name="session_list"),
        "as_of": as_of(place.now_ms, reader),
    }
    status = _add_tab(context, reader, asked, place, detail)
    return render(request, "dashboard/session.html", context, status=status)


def _add_tab(
    context: dict[str, Any], reader: Reader, asked: Asked, place: Place, detail: SessionDetail
) -> HTTPStatus:
    """Add what the tab shows; return the status of the page."""
    status = HTTPStatus.UNPROCESSABLE_ENTITY if asked.errors else HTTPStatus.OK
    if asked.tab == "transcript":
        return _add_transcript(context, reader, asked, place, status, detail.failures)
    if asked.tab == "events":
        page = reader.list_events(place.agent_id, after=asked.after)
        context["body"] = events_html(page, place, is_first=asked.after is None)
    elif asked.tab == "todos":
        context["body"] = todos_html(reader.get_todos(place.agent_id))
    elif asked.tab == "snapshots":
        context["body"] = snapshots_html(detail, place)
    else:
        context["info"] = _info(detail)
    return status


def _add_transcript(
    context: dict[str, Any],
    reader: Reader,
    asked: Asked,
    place: Place,
    status: HTTPStatus,
    failures: tuple[ToolCallRow, ...],
) -> HTTPStatus:
    transcript = reader.get_transcript(
        place.agent_id, around=asked.seq, start=asked.start, limit=_CHUNK
    )
    status = _check_place(context["notices"], transcript, asked, status)
    current = asked.call or _failure_near(transcript, failures, asked.seq)
    context |= {
        "transcript": transcript,
        "turns": turns_html(transcript.turns, place, marked_seq=asked.seq, marked_call=asked.call),
        "outline": outline_html(transcript, failures, place, marked_call=asked.call),
        "failure_steps": failure_steps(failures, place, current),
        "earlier_href": _window(place, transcript.earlier),
        "later_href": _window(place, transcript.later),
        "call_href": place.call(asked.call) if asked.call else "",
    }
    return status


def _check_place(
    notices: list[str], transcript: Transcript, asked: Asked, status: HTTPStatus
) -> HTTPStatus:
    """Say when the place that was asked for is not there."""
    if transcript.cut_note:
        notices.append(transcript.cut_note)
    seqs = {turn.seq for turn in transcript.turns}
    if asked.seq is None or asked.seq in seqs:
        return status
    notices.append(
        f"This session has no message #{asked.seq}; it may have been compressed away. "
        "What is shown is the nearest part."
    )
    return HTTPStatus.NOT_FOUND


def _failure_near(
    transcript: Transcript, failures: tuple[ToolCallRow, ...], seq: int | None
) -> str:
    """Return the last failure at or before a turn, so that "next" is the one behind it."""
    if seq is None:
        return ""
    seqs = call_seqs(transcript.turns)
    before = [row.id for row in failures if seqs.get(row.id, seq + 1) <= seq]
    return before[-1] if before else ""


def _window(place: Place, start: int | None) -> str:
    return "" if start is None else place.here(f"from={start}")


def _info(detail: SessionDetail) -> list[tuple[str, str]]:
    """Return what may be shown of the metadata; the backend let nothing else out."""
    row = detail.row
    pairs = [("Session", row.agent_id), ("Template", row.template_id)]
    if detail.config_version:
        pairs.append(("Config version of the row", detail.config_version))
    return [*pairs, *detail.metadata]
