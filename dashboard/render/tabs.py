"""The tabs of a session that are tables: events, todos, snapshots and related sessions."""

from collections.abc import Iterable
from html import escape
from itertools import islice
from typing import Any, Final

from django.utils.safestring import SafeString

from dashboard.formats import count, exact, iso, size
from dashboard.icons import icon_html
from dashboard.render.json_view import json_line
from dashboard.render.place import Place
from dashboard.render.text import line_html, text_html
from stores.interface import Event, EventPage, SessionDetail, TodoList, mask_secrets

__all__ = ["events_html", "snapshots_html", "todos_html"]

_TODO_STATES: Final = {
    "completed": ("completed", "completed"),
    "in_progress": ("running", "running"),
}
_OWN_MEMBERS: Final = frozenset({"type", "channel", "bookmark", "timestamp"})
_LINE: Final = 400
_MOST_MEMBERS: Final = 12
_DEEPEST: Final = 4
_RELATIONS: Final = {"fork": "Fork", "sub-agent": "Sub-agent", "copy": "Copy"}


def events_html(page: EventPage, place: Place, *, is_first: bool) -> SafeString:
    """Return one page of events in order of time."""
    if not page.events:
        return SafeString("")
    notes = []
    if page.is_cut:
        notes.append("The logs are long: only their last part is read.")
    if page.problems:
        notes.append(f"{count(page.problems)} lines are not events and were left out.")
    notices = "".join(_notice(note) for note in notes)
    rows = (
        f'<tr><td class="num tight">{_time(event.at)}</td>'
        f'<td class="tight soft-ink col-2">{line_html(event.channel, 20)}</td>'
        f'<th scope="row" class="tight mono">{line_html(event.type, 60)}</th>'
        f'<td class="grow"><span class="clip mono">{line_html(_event_line(event), _LINE)}</span>'
        "</td></tr>"
        for event in page.events
    )
    heads = (("Time, UTC", "num"), ("Channel", "col-2"), ("Event", ""), ("What it says", ""))
    pager = _pager(page, place, is_first=is_first)
    return SafeString(f"{notices}{_table('Events', heads, rows)}{pager}")


def _pager(page: EventPage, place: Place, *, is_first: bool) -> str:
    links = ""
    if not is_first:
        links = f'<a class="button" href="{escape(place.here("tab=events"))}">First events</a>'
    if page.next is not None:
        after = ".".join(str(part) for part in page.next)
        href = escape(place.here(f"tab=events&after={after}"))
        links += f'<a class="button" href="{href}">Later events</a>'
    if not links:
        return ""
    return (
        '<nav class="pager" aria-label="Pages of events">'
        f'<span class="pager-links">{links}</span></nav>'
    )


def _event_line(event: Event) -> str:
    rest = {name: value for name, value in event.data.items() if name not in _OWN_MEMBERS}
    return json_line(mask_secrets(_shortened(rest)), _LINE) if rest else ""


def _shortened(value: Any, depth: int = 0) -> Any:
    """Return what a line can show of a value: masking looks at every character it is given."""
    if isinstance(value, str):
        return value[: 2 * _LINE]
    if isinstance(value, dict | list) and depth >= _DEEPEST:
        return "…"
    if isinstance(value, dict):
        pairs = islice(value.items(), _MOST_MEMBERS)
        return {key: _shortened(child, depth + 1) for key, child in pairs}
    if isinstance(value, list):
        return [_shortened(child, depth + 1) for child in value[:_MOST_MEMBERS]]
    return value


def todos_html(todos: TodoList | None) -> SafeString:
    """Return the todo list as it is now."""
    if todos is None or not (todos.todos or todos.problem):
        return SafeString("")
    notice = _notice(todos.problem) if todos.problem else ""
    rows = []
    for todo in todos.todos:
        tone, icon = _TODO_STATES.get(todo.status, ("pending", "pending"))
        state = (
            f'<span class="state" data-state="{tone}">{icon_html(icon)}'
            f'<span class="state-word">{line_html(todo.status.replace("_", " "), 40)}</span></span>'
        )
        more = " · ".join(part for part in (todo.assignee, todo.notes) if part)
        sub = f'<span class="sub">{line_html(more, 400)}</span>' if more else ""
        rows.append(
            f'<tr><td class="tight">{state}</td>'
            f'<th scope="row"><span dir="auto">{text_html(todo.title)}</span>{sub}</th>'
            f'<td class="num tight col-2">{_time(todo.updated_at)}</td></tr>'
        )
    heads = (("State", ""), ("Todo", ""), ("Changed, UTC", "num col-2"))
    return SafeString(f"{notice}{_table('Todos', heads, rows)}")


def snapshots_html(detail: SessionDetail, place: Place) -> SafeString:
    """Return the snapshots of a session and the sessions that were made from it."""
    parts = []
    if detail.snapshots:
        heads = (("Snapshot", ""), ("Taken, UTC", "num"), ("Last message", "num"), ("Size", "num"))
        rows = (
            f'<tr><th scope="row" class="mono">{line_html(item.snapshot_id, 120)}</th>'
            f'<td class="num tight">{_time(item.created_at)}</td>'
            f'<td class="num tight">{_turn_link(item.last_sfp_index, place)}</td>'
            f'<td class="num tight">{_size(item.size_bytes)}</td></tr>'
            for item in detail.snapshots
        )
        parts.append(f"<h2>Snapshots</h2>{_table('Snapshots', heads, rows)}")
    if detail.children:
        heads = (("Session", ""), ("Kind", ""), ("Template", "col-2"), ("Created, UTC", "num"))
        rows = (
            f'<tr><th scope="row"><a class="id" href="{escape(place.session(child.agent_id))}">'
            f"{line_html(child.agent_id, 120)}</a></th>"
            f'<td class="tight">{_relation(child.relation)}</td>'
            f'<td class="tight col-2">{line_html(child.template_id, 60)}</td>'
            f'<td class="num tight">{_time(child.created_at)}</td></tr>'
            for child in detail.children
        )
        parts.append(
            f"<h2>Sessions made from this one</h2>{_table('Related sessions', heads, rows)}"
        )
    return SafeString("".join(f'<section class="section-s">{part}</section>' for part in parts))


def _turn_link(seq: int | None, place: Place) -> str:
    if seq is None or seq < 0:
        return "–"
    return f'<a class="count" href="{escape(place.turn(seq))}">#{seq}</a>'


def _table(caption: str, heads: Iterable[tuple[str, str]], rows: Iterable[str]) -> str:
    cells = "".join(
        f'<th scope="col" class="{css}">{name}</th>' if css else f'<th scope="col">{name}</th>'
        for name, css in heads
    )
    return (
        f'<div class="table-scroll" tabindex="0" role="region" aria-label="{caption}">'
        f'<table class="table"><caption class="visually-hidden">{caption}</caption>'
        f"<thead><tr>{cells}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _time(at_ms: int | None) -> str:
    if at_ms is None:
        return "–"
    words = exact(at_ms).removesuffix(" UTC")
    return f'<time datetime="{iso(at_ms)}">{words}.{at_ms % 1000:03}</time>'


def _notice(text: str) -> str:
    words = line_html(text, 300)
    return f'<div class="notice" data-state="soft">{icon_html("soft")}<p>{words}</p></div>'


def _size(size_bytes: int | None) -> str:
    return "–" if size_bytes is None else size(size_bytes)


def _relation(name: str) -> str:
    return _RELATIONS.get(name) or line_html(name, 20)
