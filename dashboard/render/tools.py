"""What is inside a tool call: known kinds have their own view, all others names and values.

Kinds are told by the shape of the input and not by the tool's name alone: agents bring their own
tools, and a shell is a shell whatever it is called.
"""

from collections.abc import Iterator
from html import escape
from typing import Any, Final

from django.utils.safestring import SafeString

from dashboard.formats import count, size
from dashboard.icons import icon_html
from dashboard.render.call_view import CallView
from dashboard.render.diff import diff_html
from dashboard.render.json_view import json_line, json_text
from dashboard.render.markdown import markdown_html
from dashboard.render.parts import code_part, keys_html, part_html, pre_html, value_part
from dashboard.render.payload import Payload, is_refusal
from dashboard.render.place import Place
from dashboard.render.text import clip, line_html, text_html
from stores.interface import ChildSession

__all__ = ["call_parts", "input_line", "result_part"]

_LINE_NAMES: Final = (
    "cmd", "command", "path", "file_path", "description", "pattern", "query", "sql", "url",
    "prompt",
)  # fmt: skip
_OLD_NAMES: Final = ("old_string", "old_str", "find")
_NEW_NAMES: Final = ("new_string", "new_str", "replace")
_TEXT_NAMES: Final = ("output", "stdout", "content", "text", "stderr")
_TODO_ICONS: Final = {"completed": "completed", "in_progress": "running"}
_MOST_KEYS: Final = 24
_MOST_TODOS: Final = 100


def input_line(view: CallView) -> str:
    """Return the input as one line for the head of a card: hostile text, not markup."""
    value = view.input.value
    if not isinstance(value, dict):
        return value if isinstance(value, str) else json_line(value) if value is not None else ""
    todos = value.get("todos")
    if isinstance(todos, list):
        return f"{len(todos)} todo{'' if len(todos) == 1 else 's'}"
    name = next((name for name in _LINE_NAMES if _text(value, name)), "")
    if not name:
        return json_line(value) if value else ""
    content = value.get("content")
    more = f" ({count(len(content))} characters)" if isinstance(content, str) else ""
    return f"{value[name][:300]}{more}"


def call_parts(view: CallView, place: Place) -> Iterator[SafeString]:
    """Yield the parts of a call: what it was asked to do, and what came of it."""
    value, limit = view.input.value, place.limit
    edits = _edits(value)
    if edits:
        yield from _edit_parts(view, edits, limit)
    elif isinstance(value, dict) and (command := _text(value, "cmd") or _text(value, "command")):
        prefix = '<span class="muted">$</span> '
        yield code_part("Command", command, view.input, limit=limit, prefix=prefix)
        yield from _other_keys(value, {"cmd", "command"}, view.input, limit)
    elif isinstance(value, dict) and isinstance(value.get("todos"), list):
        yield _todo_part(value["todos"])
    elif isinstance(value, dict) and _path(value):
        yield from _file_parts(view, value, limit)
    elif isinstance(value, dict) and _text(value, "prompt"):
        yield from _sub_agent_parts(view, value, place)
    else:
        yield from _plain_parts(view.input, limit)
    if view.result is not None and not _is_only_the_error(view):
        yield from result_part(view.result, exit_code=view.exit_code, limit=limit)


def _is_only_the_error(view: CallView) -> bool:
    """Tell whether the result says nothing but the error at the head of the card."""
    value: Any = view.result.value if view.result is not None else None
    if isinstance(value, dict) and view.outcome.tone == "sealed":
        return value.get("note") == view.error
    return is_refusal(value) and value["error"] in (view.error, view.told)


def result_part(
    payload: Payload, *, exit_code: int | None = None, limit: int, label: str = "Result"
) -> Iterator[SafeString]:
    """Yield what a tool returned: its longest text as text, the rest as names and values."""
    value = payload.value
    name = ""
    if isinstance(value, dict):
        name = next((name for name in _TEXT_NAMES if _text(value, name)), "")
    if not name:
        if exit_code is not None and isinstance(value, dict):
            yield part_html(label, keys_html(_pairs(value, limit)))
        else:
            yield value_part(label, payload, limit=limit)
        return
    title = "Output" if name in ("output", "stdout", "stderr") else "Content"
    note = "" if exit_code is None else f"exit code {exit_code}"
    yield code_part(title, value[name], payload, limit=limit, is_terminal=True, note=note)
    skipped = {name, "code", "exitCode", "exit_code"} if exit_code is not None else {name}
    yield from _other_keys(value, skipped, payload, limit)


def _edits(value: Any) -> list[tuple[str, str, str]]:
    """Return (path, old, new) of an edit or of several."""
    if not isinstance(value, dict):
        return []
    items = value.get("edits")
    candidates = items[:20] if isinstance(items, list) else [value]
    found = []
    for item in candidates:
        if not isinstance(item, dict):
            return []
        old = next((item[name] for name in _OLD_NAMES if isinstance(item.get(name), str)), None)
        new = next((item[name] for name in _NEW_NAMES if isinstance(item.get(name), str)), None)
        if old is None or new is None:
            return []
        found.append((_path(item) or _path(value), old, new))
    return found


def _edit_parts(
    view: CallView, edits: list[tuple[str, str, str]], limit: int
) -> Iterator[SafeString]:
    is_cut = view.input.is_cut
    for path, old, new in edits:
        label = f"Change to {path or 'a file'}"
        table, is_shortened = diff_html(old, new, label=label, limit=limit)
        is_cut = is_cut or is_shortened
        yield part_html(f'<span class="mono">{line_html(path)}</span>' if path else "", table)
    words = "Drawn from the call's old and new text; the file itself is not read."
    links = f'<a href="{escape(view.input.whole)}">Whole input</a>' if view.input.whole else ""
    raw = view.input.raw or view.input.whole
    if is_cut:
        words = f"Not all lines are shown. {words}"
        links = links or (f'<a href="{escape(raw)}">Whole input</a>' if raw else "")
    else:
        links = ""
    yield part_html("", f'<p class="code-more"><span>{words}</span>{links}</p>')


def _todo_part(todos: list[Any]) -> SafeString:
    rows = []
    for todo in todos[:_MOST_TODOS]:
        item = todo if isinstance(todo, dict) else {"title": str(todo)[:200]}
        status = str(item.get("status", ""))
        title = item.get("title") or item.get("content") or item.get("id") or ""
        rows.append(
            f"<li>{icon_html(_TODO_ICONS.get(status, 'pending'), size='s')}"
            f"<span>{line_html(str(title), 400)}</span> "
            f'<span class="muted">{line_html(status.replace("_", " "), 40)}</span></li>'
        )
    if len(todos) > _MOST_TODOS:
        rows.append(f'<li class="muted">and {len(todos) - _MOST_TODOS:,} more</li>')
    return part_html("Todos", f'<ul class="todos">{"".join(rows)}</ul>')


def _file_parts(view: CallView, value: dict[str, Any], limit: int) -> Iterator[SafeString]:
    """Yield path and lines of a read or a write."""
    path, content = _path(value), value.get("content")
    if isinstance(content, str):
        # A trailing newline ends the last line and does not begin another.
        lines = len(content.splitlines())
        at_least = " or more" if view.input.is_cut else ""
        note = f"{count(lines)}{at_least} line{'' if lines == 1 else 's'}"
        label = f'Write <span class="mono">{line_html(path)}</span>'
        yield code_part(label, content, view.input, limit=limit, note=note)
    else:
        yield part_html(
            "", keys_html([("Path", f'<span class="mono">{line_html(path, 400)}</span>')])
        )
    yield from _other_keys(value, {"path", "file_path", "content"}, view.input, limit)


def _sub_agent_parts(view: CallView, value: dict[str, Any], place: Place) -> Iterator[SafeString]:
    prompt, is_cut = clip(_text(value, "prompt"), place.limit)
    rows: list[tuple[str, str]] = []
    child = _child(view, value, place)
    if child is not None:
        href = escape(place.session(child.agent_id))
        rows.append(("Session", f'<a class="id" href="{href}">{line_html(child.agent_id, 80)}</a>'))
    rest = {key: child_value for key, child_value in value.items() if key != "prompt"}
    rows += _pairs(rest, place.limit)
    if rows:
        yield part_html("", keys_html(rows))
    more = " …" if is_cut or view.input.is_cut else ""
    yield part_html("Prompt", f'<div class="prose" dir="auto">{markdown_html(prompt)}{more}</div>')


def _child(view: CallView, value: dict[str, Any], place: Place) -> ChildSession | None:
    """Return the sub-agent that ran while this call did, when only one can be meant."""
    call = view.call
    if call is None or call.started_at is None:
        return None
    start, end = call.started_at, call.completed_at or place.now_ms
    names = {item for item in value.values() if isinstance(item, str)}
    found = [
        child
        for child in place.children
        if child.template_id in names
        and child.created_at is not None
        and start - 1000 <= child.created_at <= end + 1000
    ]
    return found[0] if len(found) == 1 else None


def _plain_parts(payload: Payload, limit: int) -> Iterator[SafeString]:
    value = payload.value
    if isinstance(value, dict) and any(isinstance(v, str) and "\n" in v for v in value.values()):
        yield from _other_keys(value, set(), payload, limit, label="Input")
    else:
        yield value_part("Input", payload, limit=limit)


def _other_keys(
    value: dict[str, Any], skipped: set[str], payload: Payload, limit: int, label: str = ""
) -> Iterator[SafeString]:
    rest = {key: child for key, child in value.items() if key not in skipped}
    if rest:
        yield part_html(label, keys_html(_pairs(rest, limit)))


def _pairs(value: dict[str, Any], limit: int) -> list[tuple[str, str]]:
    """Return names and values as markup, long ones in boxes."""
    room = max(limit // 4, 200)
    rows: list[tuple[str, str]] = []
    for key, child in list(value.items())[:_MOST_KEYS]:
        text = child if isinstance(child, str) else json_text(child, room)[0]
        shown, is_cut = clip(text, room)
        end = f' <span class="muted">… {size(len(text))}</span>' if is_cut else ""
        body: str = f'<span dir="auto">{text_html(shown)}</span>'
        if "\n" in shown or len(shown) > 160:
            body = pre_html(shown, is_terminal=True)
        rows.append((str(key), f"{body}{end}"))
    if len(value) > _MOST_KEYS:
        rows.append(("…", f"{len(value) - _MOST_KEYS:,} more"))
    return rows


def _path(value: dict[str, Any]) -> str:
    return _text(value, "path") or _text(value, "file_path")


def _text(value: dict[str, Any], name: str) -> str:
    found = value.get(name)
    return found if isinstance(found, str) else ""
