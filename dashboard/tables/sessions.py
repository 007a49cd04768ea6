"""The session list as a table."""

from html import escape

from dashboard.formats import short_id
from dashboard.outcomes import status_outcome
from dashboard.tables._columns import (
    CellColumn,
    counted,
    problem_marks,
    relative_time,
    shown,
    state_html,
)
from dashboard.tables._links import Links
from dashboard.tables._table import StoreTable
from stores.interface import SessionRow

__all__ = ["SessionTable"]

_RELATIONS = {"fork": "fork of", "sub-agent": "sub-agent of", "copy": "copy of"}


def _status(row: SessionRow, links: Links) -> str:
    return state_html(status_outcome(row.status))


def _session(row: SessionRow, links: Links) -> str:
    text = shown(row.first_text) or '<span class="muted">No message by a person</span>'
    relation = _RELATIONS.get(row.relation, "")
    if relation and row.parent_id:
        relation = (
            f' · {relation} <a class="id" href="{escape(links.session(row.parent_id))}"'
            f' title="{shown(row.parent_id)}">{shown(short_id(row.parent_id))}</a>'
        )
    elif relation:
        relation = f" · {relation.removesuffix(' of')}"
    return (
        f'<div><a class="row-link clip" href="{escape(links.session(row.agent_id))}">{text}</a>'
        f'<span class="sub"><span class="id" title="{shown(row.agent_id)}">'
        f"{shown(short_id(row.agent_id))}</span> · {shown(row.template_id)}{relation}</span>"
        f"{problem_marks(row.problems)}</div>"
    )


def _created(row: SessionRow, links: Links) -> str:
    return relative_time(row.created_at, links)


def _active(row: SessionRow, links: Links) -> str:
    return relative_time(row.active_at, links)


def _messages(row: SessionRow, links: Links) -> str:
    return counted(row.message_count, links.messages_of(row.agent_id))


def _calls(row: SessionRow, links: Links) -> str:
    return counted(row.call_count, links.calls_of(row.agent_id))


def _failed(row: SessionRow, links: Links) -> str:
    href = links.calls_of(row.agent_id, "FAILED")
    return counted(row.failed_count, href, tone="failed", words="failed in this session")


def _denied(row: SessionRow, links: Links) -> str:
    href = links.calls_of(row.agent_id, "DENIED")
    return counted(row.denied_count, href, tone="denied", words="denied in this session")


def _sealed(row: SessionRow, links: Links) -> str:
    href = links.calls_of(row.agent_id, "SEALED")
    return counted(row.sealed_count, href, tone="sealed", words="sealed in this session")


def _forks(row: SessionRow, links: Links) -> str:
    return counted(row.fork_count, links.family(row.agent_id))


class SessionTable(StoreTable):
    """Sessions in the order the store gave them."""

    caption = "Sessions"

    status = CellColumn(_status, "Status", css="tight col-2")
    session = CellColumn(_session, "Session", css="grow", is_row_header=True)
    created = CellColumn(_created, "Started", css="num col-3", is_sortable=True, first="-")
    active = CellColumn(
        _active, "Active", css="num col-2", hint="Last activity", is_sortable=True, first="-"
    )
    messages = CellColumn(
        _messages, "Msgs", css="num col-2", hint="Messages", is_sortable=True, first="-"
    )
    calls = CellColumn(_calls, "Calls", css="num col-2", hint="Tool calls")
    failed = CellColumn(_failed, "Fail", css="num", hint="Tool calls that failed")
    denied = CellColumn(_denied, "Den", css="num", hint="Denied by policy, hook or a person")
    sealed = CellColumn(_sealed, "Seal", css="num", hint="Closed by a crash or an interrupt")
    forks = CellColumn(_forks, "Forks", css="num col-4", hint="Sessions that continue this one")

    class Meta(StoreTable.Meta):
        """Rows have two lines."""

        attrs = {"class": "table table-two-line"}  # noqa: RUF012 (django-tables2 reads a plain dict)
