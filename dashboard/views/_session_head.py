"""The head of a session page: what it is, its numbers, where it comes from, where one can go."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote_plus

from dashboard.formats import count, exact, one_line, stamps
from dashboard.outcomes import Outcome, call_outcome, status_outcome
from dashboard.render.place import Place
from dashboard.views._asked import Asked
from stores.interface import SessionDetail, ToolCallRow

__all__ = ["Fact", "Link", "SessionHead", "Step", "failure_steps", "list_steps", "session_head"]

_RELATIONS: Final = {"fork": "Fork of", "sub-agent": "Sub-agent of", "copy": "Copy of"}


@dataclass(frozen=True)
class Link:
    """A link with its words; ``note`` stands beside it, ``is_current`` marks where one is."""

    label: str
    href: str
    note: str = ""
    is_current: bool = False
    tone: str = ""
    icon: str = ""


@dataclass(frozen=True)
class Fact:
    """A number or word under the title: label, value, and the address of what was counted."""

    label: str
    value: str
    href: str = ""
    title: str = ""


@dataclass(frozen=True)
class Step:
    """A way to the neighbour of something; without address it is shown as not possible."""

    label: str
    href: str
    key: str
    icon: str = ""


@dataclass(frozen=True)
class SessionHead:
    """All that the head shows."""

    title: str
    whole_title: str
    agent_id: str
    shown_id: str
    status: Outcome
    status_title: str
    facts: tuple[Fact, ...]
    outcomes: tuple[Link, ...]
    relation: str
    lineage: tuple[Link, ...]
    tabs: tuple[Link, ...]
    problems: tuple[str, ...]


def session_head(detail: SessionDetail, place: Place, asked: Asked) -> SessionHead:
    """Prepare the head of one session."""
    row = detail.row
    at = f"as of {exact(row.status_at)}" if row.status_at is not None else "time not known"
    return SessionHead(
        title=one_line(row.first_text, 90) or "Session without a text by a person",
        whole_title=one_line(row.first_text, 240),
        agent_id=row.agent_id,
        shown_id=one_line(row.agent_id, 120),
        status=status_outcome(row.status),
        status_title=at,
        facts=tuple(_facts(detail, place)),
        outcomes=tuple(_outcomes(detail, place)),
        relation=_RELATIONS.get(row.relation, "Part of") if detail.lineage else "",
        lineage=tuple(
            Link(one_line(agent_id, 80), place.session(agent_id)) for agent_id in detail.lineage
        ),
        tabs=tuple(_tabs(detail, place, asked)),
        problems=row.problems,
    )


def failure_steps(failures: Sequence[ToolCallRow], place: Place, current: str) -> tuple[Step, ...]:
    """Return the way to the failure before and behind the current call, from none to the first."""
    ids = [row.id for row in failures]
    if not ids:
        return ()
    here = ids.index(current) if current in ids else -1
    behind = ids[here + 1] if here + 1 < len(ids) else ""
    before = ids[here - 1] if here > 0 else ""
    return (
        Step("Previous failure", place.failure(before) if before else "", "N", "left"),
        Step("Next failure", place.failure(behind) if behind else "", "n", "failed"),
    )


def _facts(detail: SessionDetail, place: Place) -> Iterator[Fact]:
    row, links = detail.row, place.links
    if row.template_id:
        href = f"{links.sessions}?template={quote_plus(row.template_id, errors='replace')}"
        yield Fact("Template", one_line(row.template_id, 60), href)
    for label, at_ms in (("Started", row.created_at), ("Last activity", row.active_at)):
        if at_ms is not None:
            iso, words = stamps(at_ms)
            yield Fact(label, words.removesuffix(" UTC"), title=iso)
    yield _number("messages", row.message_count, links.messages_of(row.agent_id))
    yield _number("calls", row.call_count, links.calls_of(row.agent_id))
    tab = place.here("tab=snapshots")
    if detail.snapshots:
        yield _number("snapshots", len(detail.snapshots), tab)
    if detail.children:
        yield _number("related sessions", len(detail.children), tab)


def _number(label: str, value: int | None, href: str) -> Fact:
    shown = "–" if value is None else count(value)
    noun = label.removesuffix("s") if value == 1 else label
    return Fact(noun, shown, href if value else "", "" if value is not None else "Not counted")


def _outcomes(detail: SessionDetail, place: Place) -> Iterator[Link]:
    row = detail.row
    for state, value in (
        ("FAILED", row.failed_count),
        ("DENIED", row.denied_count),
        ("SEALED", row.sealed_count),
        ("APPROVAL_REQUIRED", row.awaiting_count),
    ):
        if value:
            outcome = call_outcome(state)
            href = place.links.calls_of(row.agent_id, state)
            label = f"{count(value)} {outcome.word.lower()}"
            yield Link(label, href, tone=outcome.tone, icon=outcome.icon)


def _tabs(detail: SessionDetail, place: Place, asked: Asked) -> Iterator[Link]:
    row = detail.row
    related = len(detail.snapshots) + len(detail.children)
    tabs = (
        ("transcript", "Transcript", row.message_count),
        ("events", "Events", None),
        ("todos", "Todos", None),
        ("snapshots", "Snapshots and forks", related),
        ("info", "Info", None),
    )
    for name, label, number in tabs:
        query = "" if name == "transcript" else f"tab={name}"
        note = count(number) if number is not None else ""
        yield Link(label, place.here(query), note, asked.tab == name)
        if name == "transcript":
            calls = count(row.call_count) if row.call_count is not None else ""
            yield Link("Tool calls", place.links.calls_of(row.agent_id), calls)


def list_steps(place: Place) -> tuple[Step, Step]:
    """Return the ways to the neighbours in the list that one came from.

    They are looked up when they are followed, so that showing a session does not ask for a list.
    """
    return (
        Step("Previous", place.here("step=previous"), "[", "left"),
        Step("Next", place.here("step=next"), "]", "chevron"),
    )
