"""The filter form as markup, written by a compact renderer: Django's widgets cost too much here.

Every control is a plain one with a label: it works by keyboard and without scripts (Apply). With
htmx a change asks for the results only; after a wrong value, for form and results, so that the
reason disappears with the mistake.
"""

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from django.utils.safestring import SafeString

from dashboard.filters._base import Group, StoreFilterSet
from dashboard.filters._fields import Choice, DurationFilter, FlagFilter, ListFilter, TimeFilter
from dashboard.formats import count, one_line
from dashboard.icons import icon_html
from stores.interface import Facet

__all__ = ["render_form"]

_SHOWN_FACETS = 10
_SUGGESTED_FACETS = 100
_PLACEHOLDERS = {TimeFilter: "2026-11-03", DurationFilter: "5s"}

Facets = Mapping[str, Sequence[Facet]]


def render_form(filters: StoreFilterSet[Any], *, path: str, facets: Facets) -> SafeString:
    """Return the form; ``facets`` holds the store's own values for filters without fixed ones."""
    errors = filters.field_errors
    is_valid = filters.is_valid()
    target = "#results" if is_valid else "#browse"
    parts = [
        f'<form class="facets" id="filters" method="get" action="{path}" aria-label="Filters"'
        f' hx-get="{path}" hx-target="{target}" hx-swap="outerHTML" hx-push-url="true"'
        ' hx-trigger="submit, change delay:150ms" hx-sync="this:replace">'
        '<h2 class="facets-title">Filters</h2>',
        *(_top_error(text) for text in filters.top_errors),
    ]
    for group in filters.groups:
        body = "".join(_control(filters, name, errors, facets) for name in group.names)
        parts.append(_group(filters, group, body, errors))
    parts.append(
        '<div class="button-row facet-buttons"><button class="button">Apply</button>'
        f'<a class="button button-quiet" href="{path}">Clear</a></div></form>'
    )
    return SafeString("".join(parts))


def _top_error(text: str) -> str:
    return f'<p class="field-error" role="alert">{icon_html("failed")}{_line(text)}</p>'


def _line(text: str) -> str:
    return escape(one_line(text, 400))


def _value(text: str) -> str:
    """Return a stored value for an attribute: as it is, but for what UTF-8 cannot carry."""
    return escape(text if text.isprintable() else text.encode("utf-8", "replace").decode())


def _group(filters: StoreFilterSet[Any], group: Group, body: str, errors: Mapping[str, str]) -> str:
    is_used = any(filters.given(name) or name in errors for name in group.names)
    is_open = " open" if group.is_open or is_used else ""
    return (
        f'<details class="facet"{is_open}><summary>{icon_html("chevron")}'
        f"{escape(group.title)}</summary>{body}</details>"
    )


def _control(
    filters: StoreFilterSet[Any], name: str, errors: Mapping[str, str], facets: Facets
) -> str:
    item = filters.base_filters[name]
    error = ""
    if name in errors:
        error = (
            f'<p class="field-error" id="f-{name}-e">{icon_html("failed")}'
            f"<span>{_line(errors[name])}</span></p>"
        )
    described = f' aria-invalid="true" aria-describedby="f-{name}-e"' if error else ""
    if isinstance(item, ListFilter):
        return _list_control(filters, name, item, facets.get(name, ()), described) + error
    if isinstance(item, FlagFilter):
        return _flag_control(filters, name, item, described) + error
    return _text_control(filters, name, item, described) + error


def _text_control(filters: StoreFilterSet[Any], name: str, item: Any, described: str) -> str:
    value = (filters.given(name) or [""])[-1]
    hint = _PLACEHOLDERS.get(type(item), "")
    search = " data-search" if name in ("text", "id") else ""
    return (
        f'<label class="facet-label" for="f-{name}">{escape(item.label)}</label>'
        f'<input class="input" id="f-{name}" name="{name}" value="{_value(value)}"'
        f' placeholder="{hint}" autocomplete="off" spellcheck="false"{search}{described}>'
    )


def _flag_control(filters: StoreFilterSet[Any], name: str, item: Any, described: str) -> str:
    value = (filters.given(name) or [""])[-1].strip()
    options = {"": "Either", "yes": "Yes", "no": "No"}
    if value:
        options.setdefault(value, value)
    drawn = "".join(
        f'<option value="{_value(key)}"{" selected" if key == value else ""}>{_line(word)}</option>'
        for key, word in options.items()
    )
    return (
        f'<label class="facet-label" for="f-{name}">{escape(item.label)}</label>'
        f'<select class="select" id="f-{name}" name="{name}"{described}>{drawn}</select>'
    )


def _list_control(
    filters: StoreFilterSet[Any],
    name: str,
    item: ListFilter,
    facets: Sequence[Facet],
    described: str,
) -> str:
    chosen = {value.strip() for value in filters.given(name)}
    counts = {facet.value: facet for facet in facets}
    choices = list(item.choices) or [
        Choice(facet.value, facet.value) for facet in facets[:_SHOWN_FACETS]
    ]
    known = {choice.value for choice in choices}
    choices += [Choice(value, value) for value in sorted(chosen - known)]
    boxes = "".join(
        _box(name, choice, counts.get(choice.value), is_on=choice.value in chosen)
        for choice in choices
    )
    return (
        f'<fieldset class="facet-values"{described}><legend class="visually-hidden">'
        f"{escape(item.label)}</legend>{boxes}</fieldset>"
        + ("" if item.choices else _another(name, item.label, facets[_SHOWN_FACETS:]))
    )


def _box(name: str, choice: Choice, facet: Facet | None, *, is_on: bool) -> str:
    tone = f' data-state="{choice.tone}"' if choice.tone else ""
    icon = icon_html(choice.icon) if choice.icon else ""
    number = ""
    if facet is not None and facet.count is not None:
        number = f'<span class="count">{count(facet.count, is_exact=facet.is_exact)}</span>'
    return (
        f'<label class="facet-value facet-check"{tone}><input type="checkbox" name="{name}"'
        f' value="{_value(choice.value)}"{" checked" if is_on else ""}>{icon}'
        f'<span class="clip" title="{_line(choice.label)}">{_line(choice.label)}</span>'
        f"{number}</label>"
    )


def _another(name: str, label: str, rest: Sequence[Facet]) -> str:
    """Draw the input that takes any value, with the store's rarer ones as suggestions."""
    options = "".join(
        f'<option value="{_value(facet.value)}"></option>' for facet in rest[:_SUGGESTED_FACETS]
    )
    suggestions = f'<datalist id="f-{name}-list">{options}</datalist>' if options else ""
    more = f' list="f-{name}-list"' if options else ""
    return (
        f'<label class="visually-hidden" for="f-{name}-any">Another {escape(label.lower())}</label>'
        f'<input class="input input-mono" id="f-{name}-any" name="{name}" autocomplete="off"'
        f' spellcheck="false" placeholder="another {escape(label.lower())}"{more}>{suggestions}'
    )
