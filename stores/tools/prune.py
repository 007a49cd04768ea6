"""Delete the sessions that nobody worked on for a time, and nothing else.

What counts is the newest sign of life: the time in the metadata that the SDK renews with each
save, the last event, the creation; without such a save, also what the rows say. It is looked at
twice: for the list that a person confirms, and again, under the session's lock, right before it
is deleted.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stores.browse.records import SessionStatus
from stores.browse.times import ms_from_iso
from stores.errors import AgentLocked, InvalidQuery, StoreError, StoreUnavailable
from stores.kode.file_reader import SessionFiles
from stores.kode.filters import MessageFilter, ToolCallFilter
from stores.kode.records import AgentInfo
from stores.kode.store import ExtendedStore
from stores.tools.journal import Journal

__all__ = [
    "Candidate",
    "Journal",
    "Pruning",
    "Rule",
    "Spared",
    "age_ms",
    "find_old",
    "prune",
]

Progress = Callable[[int, int, str], None]

_LOCK_MS: Final = 60_000
_HOUR_MS: Final = 3_600_000
#: From the year 1970 to 9999; any other number is no time.
_EARLIEST_MS: Final = 0
_LATEST_MS: Final = 253_402_300_800_000
_UNITS: Final = {"h": _HOUR_MS, "d": 24 * _HOUR_MS, "w": 7 * 24 * _HOUR_MS}
_AGE: Final = re.compile(r"([0-9]{1,6})([hdw])")
_AT_WORK: Final = {
    SessionStatus.RUNNING: "it is at work",
    SessionStatus.AWAITING: "it waits for an approval",
}


@dataclass(frozen=True, slots=True)
class Candidate:
    """A session to delete; ``known_from`` says what its last sign of life was."""

    agent_id: str
    template_id: str
    active_at: int
    known_from: str


@dataclass(frozen=True, slots=True)
class Spared:
    """An old session that is not deleted, and why."""

    agent_id: str
    reason: str


@dataclass
class Pruning:
    """What a run did."""

    deleted: list[str] = field(default_factory=list)
    spared: list[Spared] = field(default_factory=list)
    failed: list[Spared] = field(default_factory=list)


@dataclass(frozen=True)
class Rule:
    """Which sessions are old: not active since ``before_ms``, of a template, forks or not."""

    before_ms: int
    now_ms: int
    template_id: str | None = None
    with_forks: bool = False


def age_ms(text: str) -> int:
    """Read an age such as 36h, 90d or 12w.

    Raises:
        InvalidQuery: it is none, or less than an hour.
    """
    match = _AGE.fullmatch(text.strip().lower())
    if match is None or not int(match[1]):
        raise InvalidQuery(f"{text[:40]!r} is no age; write it like 36h, 90d or 12w.")
    return int(match[1]) * _UNITS[match[2]]


def find_old(
    store: ExtendedStore, files: Path | None, rule: Rule, *, progress: Progress | None = None
) -> tuple[list[Candidate], list[Spared]]:
    """Return the sessions that a rule would delete, oldest first, and the old ones that it spares.

    ``files`` is the folder of the file half, where live sessions are recognised.

    Raises:
        StoreUnavailable: the store can no longer be read.
    """
    reader = SessionFiles(files) if files is not None else None
    found: list[Candidate] = []
    spared: list[Spared] = []
    agent_ids = store.list()
    for number, agent_id in enumerate(agent_ids):
        if progress is not None:
            progress(number, len(agent_ids), agent_id)
        judged = _judge(store, reader, agent_id, rule)
        if isinstance(judged, Candidate):
            found.append(judged)
        elif judged is not None:
            spared.append(judged)
    if progress is not None:
        progress(len(agent_ids), len(agent_ids), "")
    return sorted(found, key=lambda candidate: (candidate.active_at, candidate.agent_id)), spared


def prune(
    store: ExtendedStore,
    files: Path | None,
    candidates: Iterable[Candidate],
    rule: Rule,
    *,
    journal: Journal,
    progress: Progress | None = None,
) -> Pruning:
    """Delete sessions that were found old and still are.

    Raises:
        StoreUnavailable: the store can no longer be written. What was deleted is deleted.
    """
    reader = SessionFiles(files) if files is not None else None
    result = Pruning()
    chosen = list(candidates)
    journal.begin(candidate.agent_id for candidate in chosen)
    for number, candidate in enumerate(chosen):
        if progress is not None:
            progress(number, len(chosen), candidate.agent_id)
        _delete(store, reader, candidate.agent_id, rule, result)
    journal.end()
    if progress is not None:
        progress(len(chosen), len(chosen), "")
    return result


def _delete(
    store: ExtendedStore, reader: SessionFiles | None, agent_id: str, rule: Rule, result: Pruning
) -> None:
    try:
        release = store.acquire_agent_lock(agent_id, timeout_ms=_LOCK_MS)
    except AgentLocked:
        result.spared.append(Spared(agent_id, "somebody holds its lock"))
        return
    try:
        judged = _judge(store, reader, agent_id, rule)
        if isinstance(judged, Candidate):
            store.delete(agent_id)  # forks have rows of their own and are judged by themselves
            result.deleted.append(agent_id)
        else:
            result.spared.append(judged or Spared(agent_id, "it was active meanwhile"))
    except StoreUnavailable:
        raise
    except StoreError as exc:
        result.failed.append(Spared(agent_id, str(exc)))
    finally:
        release()


def _judge(
    store: ExtendedStore, reader: SessionFiles | None, agent_id: str, rule: Rule
) -> Candidate | Spared | None:
    """Return what to do with a session; None when the rule does not concern it."""
    try:
        info = store.load_info(agent_id)
    except StoreUnavailable:
        raise
    except StoreError as exc:
        return Spared(agent_id, f"it cannot be read: {exc}")
    if info is None or (rule.template_id is not None and info.template_id != rule.template_id):
        return None
    active_at, known_from = _last_activity(store, reader, info, rule)
    if active_at is None:
        return Spared(agent_id, known_from)
    if active_at >= rule.before_ms:
        return None
    if "/" in agent_id and not rule.with_forks:
        return Spared(agent_id, "it is a fork; --with-forks deletes old ones too")
    if doing := _at_work(store, reader, info, rule.now_ms):
        return Spared(agent_id, doing)
    return Candidate(agent_id, info.template_id, active_at, known_from)


def _last_activity(
    store: ExtendedStore, reader: SessionFiles | None, info: AgentInfo, rule: Rule
) -> tuple[int | None, str]:
    """Return the newest sign of life and what it was; without a time, what is wrong."""
    metadata: dict[str, Any] = info.metadata or {}
    signs: list[tuple[int | None, str]] = [
        (_ms(metadata.get("updatedAt")), "last save"),
        (_last_event_at(store, reader, info.agent_id), "last event"),
        # A copy of an old session keeps the metadata of the old one: its own day counts too.
        (_ms(info.created_at), "creation"),
    ]
    if metadata.get("updatedAt") is None:
        signs.append((_row_at(store, info.agent_id, rule), "rows"))
    elif signs[0][0] is None:
        return None, "the time of its last save cannot be read"
    found = [(at, name) for at, name in signs if at is not None]
    return max(found) if found else (None, "it has no time that can be read")


def _row_at(store: ExtendedStore, agent_id: str, rule: Rule) -> int | None:
    """Return a time at which the session was young if its rows tell one, None otherwise."""
    since = rule.before_ms
    messages = MessageFilter(agent_id=agent_id, created_after=since, limit=1)
    calls = ToolCallFilter(agent_id=agent_id, created_after=since, limit=1)
    is_young = store.query_messages(messages) or store.query_tool_calls(calls)
    return since if is_young else None


def _last_event_at(store: ExtendedStore, reader: SessionFiles | None, agent_id: str) -> int | None:
    if reader is not None:
        return reader.last_event_at(agent_id)
    return max((row.bookmark.timestamp for row in store.read_events(agent_id)), default=None)


def _at_work(
    store: ExtendedStore, reader: SessionFiles | None, info: AgentInfo, now_ms: int
) -> str:
    """Say what a session is doing, nothing when it rests."""
    waiting = ToolCallFilter(agent_id=info.agent_id, state="APPROVAL_REQUIRED", limit=1)
    if store.query_tool_calls(waiting):
        return _AT_WORK[SessionStatus.AWAITING]
    if reader is None:
        return ""
    status, _at = reader.live_status(
        info.agent_id, now_ms=now_ms, message_count=info.message_count, awaiting_count=None
    )
    return _AT_WORK.get(status, "")


def _ms(value: object) -> int | None:
    """Return a time that a calendar has, None for anything else."""
    if isinstance(value, str):
        return ms_from_iso(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if _EARLIEST_MS < value < _LATEST_MS else None
