"""Columns that draw their own cells, and the few parts that cells are made of.

Each column has one pure function ``cell(record, links) -> str`` that returns escaped HTML. Rows are
joined from these by ``_rows.py``; django-tables2 calls the same function when it renders a cell.
"""

from collections.abc import Callable
from copy import copy
from functools import lru_cache
from html import escape
from typing import Any

from django.utils.safestring import SafeString
from django_tables2 import Column

from dashboard.formats import ago, clock, count, one_line, short_id, size, stamps
from dashboard.icons import icon_html
from dashboard.outcomes import Outcome
from dashboard.tables._links import Links

__all__ = [
    "UNKNOWN",
    "CellColumn",
    "clock_time",
    "counted",
    "id_link",
    "linked",
    "problem_marks",
    "relative_time",
    "shown",
    "size_text",
    "state_html",
]

Cell = Callable[[Any, Links], str]

UNKNOWN = '<span class="zero" title="Not known">–</span>'


def _head_css(css: str) -> str:
    """Return what a head shares with its cells: alignment, width and when it goes."""
    return " ".join(name for name in css.split() if name not in ("mono", "soft-ink"))


class CellColumn(Column):  # type: ignore[misc]  # django-tables2 carries no types
    """A column whose cells come from one function.

    ``first`` is the order that its header gives first: "-" for times and numbers.
    """

    def __init__(
        self,
        cell: Cell,
        title: str,
        *,
        css: str = "",
        hint: str = "",
        is_sortable: bool = False,
        is_row_header: bool = False,
        first: str = "",
    ) -> None:
        attrs: dict[str, Any] = {"th": {"scope": "col"}, "td": {}}
        if css:
            attrs["td"]["class"] = css
            attrs["th"]["class"] = _head_css(css)
        if hint:
            attrs["th"]["title"] = hint
        super().__init__(verbose_name=title, attrs=attrs, orderable=is_sortable, empty_values=())
        self.cell = cell
        self.css = css
        self.head_css = _head_css(css)
        self.hint = hint
        self.first = first
        self.is_row_header = is_row_header

    def __deepcopy__(self, memo: dict[int, Any]) -> "CellColumn":
        """Copy one level: a table copies its columns per request, and changes none of them."""
        return copy(self)

    def render(self, record: Any, table: Any) -> SafeString:
        """Return the cell as django-tables2 wants it."""
        return SafeString(self.cell(record, table.links))


def shown(text: str, limit: int = 200) -> str:
    """Return hostile text as one line of HTML."""
    return escape(one_line(text, limit))


def linked(href: str, text: str, css: str) -> str:
    """Return a link; the text is hostile, the address is built from quoted parts."""
    return f'<a class="{css}" href="{escape(href)}">{text}</a>'


def id_link(href: str, agent_id: str) -> str:
    """Return a link that shows the end of an id and carries the whole."""
    return (
        f'<a class="id" href="{escape(href)}" title="{shown(agent_id)}">'
        f"{shown(short_id(agent_id))}</a>"
    )


@lru_cache(maxsize=128)
def state_html(outcome: Outcome) -> str:
    """Return icon and word of an outcome."""
    return (
        f'<span class="state" data-state="{escape(outcome.tone)}">{icon_html(outcome.icon)}'
        f'<span class="state-word">{shown(outcome.word)}</span></span>'
    )


def _time(at_ms: int, text: str) -> str:
    machine, exact = stamps(at_ms)
    return f'<time datetime="{machine}" title="{exact}">{text}</time>'


def relative_time(at_ms: int | None, links: Links) -> str:
    """Return "40 d ago" with the exact time in the title."""
    return UNKNOWN if at_ms is None else _time(at_ms, ago(at_ms, links.now_ms))


def clock_time(at_ms: int | None, links: Links) -> str:
    """Return "3 Oct 23:31" with the exact time in the title."""
    return UNKNOWN if at_ms is None else _time(at_ms, clock(at_ms, links.now_ms))


def counted(value: int | None, href: str, *, tone: str = "", words: str = "") -> str:
    """Return a number as a link to its rows; zero and unknown are plain."""
    if not value:
        return '<span class="zero">0</span>' if value == 0 else UNKNOWN
    state = f' data-state="{tone}" aria-label="{value} {words}"' if tone else ""
    return f'<a class="count" href="{escape(href)}"{state}>{count(value)}</a>'


def size_text(size_bytes: int | None) -> str:
    """Return a size, or the sign for unknown."""
    return UNKNOWN if size_bytes is None else size(size_bytes)


def problem_marks(problems: tuple[str, ...]) -> str:
    """Return the words for what is wrong with a stored row."""
    if not problems:
        return ""
    words = shown("; ".join(problems))
    return (
        f'<span class="row-problem" data-state="soft" title="{words}">'
        f"{icon_html('soft', size='s')}{words}</span>"
    )
