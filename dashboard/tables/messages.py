"""The message list as a table."""

from html import escape

from dashboard.tables._columns import (
    UNKNOWN,
    CellColumn,
    clock_time,
    id_link,
    problem_marks,
    shown,
    size_text,
)
from dashboard.tables._links import Links
from dashboard.tables._table import StoreTable
from stores.interface import MessageRow

__all__ = ["MessageTable"]


def _place(row: MessageRow, links: Links) -> str:
    if row.seq is None:
        return f'<a class="row-link" href="{escape(links.session(row.agent_id))}">{UNKNOWN}</a>'
    href = escape(links.turn(row.agent_id, row.seq))
    return f'<a class="row-link" href="{href}">#{row.seq}</a>'


def _role(row: MessageRow, links: Links) -> str:
    return shown(row.role, 40) or UNKNOWN


def _types(row: MessageRow, links: Links) -> str:
    return shown(", ".join(row.block_types), 80) or UNKNOWN


def _preview(row: MessageRow, links: Links) -> str:
    text = shown(row.preview)
    return f'<span class="clip">{text}</span>{problem_marks(row.problems)}'


def _size(row: MessageRow, links: Links) -> str:
    return size_text(row.size_bytes)


def _session(row: MessageRow, links: Links) -> str:
    return id_link(links.session(row.agent_id), row.agent_id)


def _saved(row: MessageRow, links: Links) -> str:
    return clock_time(row.saved_at, links)


class MessageTable(StoreTable):
    """Messages in the order the store gave them."""

    caption = "Messages"

    seq = CellColumn(
        _place, "Turn", css="num tight", hint="Place in the session", is_row_header=True
    )
    role = CellColumn(_role, "Role", css="tight")
    type = CellColumn(_types, "Content", css="tight col-2", hint="Types of content blocks")
    preview = CellColumn(_preview, "Beginning", css="grow")
    size = CellColumn(_size, "Size", css="num col-3")
    session = CellColumn(_session, "Session", css="tight col-2", is_sortable=True)
    saved = CellColumn(
        _saved,
        "Session saved",
        css="num tight col-2",
        hint="When the session was last saved, UTC: not when the message was written",
        is_sortable=True,
        first="-",
    )

    class Meta(StoreTable.Meta):
        """django-tables2 reads only a Meta of the class itself."""
