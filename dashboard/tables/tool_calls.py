"""The tool-call list as a table."""

from html import escape

from dashboard.formats import duration
from dashboard.outcomes import call_outcome
from dashboard.tables._columns import (
    UNKNOWN,
    CellColumn,
    clock_time,
    id_link,
    problem_marks,
    shown,
    size_text,
    state_html,
)
from dashboard.tables._links import Links
from dashboard.tables._table import StoreTable
from stores.interface import ToolCallRow

__all__ = ["ToolCallTable"]

_NOTHING = '<span class="zero">–</span>'
_NO_DURATION = '<span class="zero" title="No duration is recorded for this call">–</span>'


def _created(row: ToolCallRow, links: Links) -> str:
    return clock_time(row.created_at, links)


def _name(row: ToolCallRow, links: Links) -> str:
    href = escape(links.tool_call(row.id))
    return f'<a class="row-link" href="{href}">{shown(row.name, 60) or UNKNOWN}</a>'


def _state(row: ToolCallRow, links: Links) -> str:
    return state_html(call_outcome(row.state))


def _duration(row: ToolCallRow, links: Links) -> str:
    if row.duration_ms is None:
        return _NO_DURATION
    if row.is_duration_derived:
        words = "Not recorded: last step of the audit trail minus the start"
        return f'<span title="{words}">≈ {duration(row.duration_ms)}</span>'
    return duration(row.duration_ms)


def _approval(row: ToolCallRow, links: Links) -> str:
    approval = row.approval
    if approval.decision:
        by = f" · {shown(approval.decided_by, 20)}" if approval.decided_by else ""
        return f"{shown(approval.decision, 20)}{by}"
    return "asked" if approval.is_required else _NOTHING


def _input(row: ToolCallRow, links: Links) -> str:
    return f'<span class="clip mono">{shown(row.input_preview)}</span>'


def _outcome(row: ToolCallRow, links: Links) -> str:
    text = shown(row.error or row.result_preview)
    return f'<span class="clip soft-ink">{text}</span>{problem_marks(row.problems)}'


def _size(row: ToolCallRow, links: Links) -> str:
    return size_text(row.result_size_bytes)


def _session(row: ToolCallRow, links: Links) -> str:
    return id_link(links.session(row.agent_id), row.agent_id)


class ToolCallTable(StoreTable):
    """Tool calls in the order the store gave them."""

    caption = "Tool calls"

    created = CellColumn(_created, "Created, UTC", css="num tight", is_sortable=True, first="-")
    name = CellColumn(_name, "Tool", css="tight mono", is_sortable=True, is_row_header=True)
    state = CellColumn(_state, "State", css="tight", is_sortable=True)
    duration = CellColumn(_duration, "Duration", css="num")
    approval = CellColumn(_approval, "Approval", css="tight col-3 soft-ink")
    input = CellColumn(_input, "Input", css="grow-2 col-2")
    outcome = CellColumn(_outcome, "Error or first line of result", css="grow")
    size = CellColumn(_size, "Result", css="num col-3", hint="Size of the result")
    session = CellColumn(_session, "Session", css="tight col-4", is_sortable=True)

    class Meta(StoreTable.Meta):
        """django-tables2 reads only a Meta of the class itself."""
