"""Look at every session of a store for what does not fit: rows, files, and the two together.

A *problem* is something that a store should not have. A *note* is something that agents leave
behind in normal life, such as a tool call that never got its result.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stores.errors import StoreError, StoreUnavailable
from stores.kode.agent_walk import walk_agents
from stores.kode.records import Message
from stores.kode.store import ExtendedStore
from stores.tools.content import is_unfinished

__all__ = ["SessionCheck", "StoreCheck", "check_store"]

Progress = Callable[[int, int, str], None]
_READERS: Final = (
    "load_tool_call_records",
    "list_snapshots",
    "load_todos",
    "load_history_windows",
    "load_compression_records",
    "load_recovered_files",
    "load_media_cache",
)


@dataclass(frozen=True, slots=True)
class SessionCheck:
    """What was found about one session."""

    agent_id: str
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the line of the report."""
        return {
            "agentId": self.agent_id,
            "problems": list(self.problems),
            "notes": list(self.notes),
        }


@dataclass
class StoreCheck:
    """What was found in a store; sessions without a finding are only counted."""

    sessions: int = 0
    findings: list[SessionCheck] = field(default_factory=list)

    @property
    def problem_count(self) -> int:
        """How many problems there are; notes do not count."""
        return sum(len(found.problems) for found in self.findings)

    def to_json(self) -> dict[str, Any]:
        """Give the whole report."""
        return {
            "consistent": not self.problem_count,
            "sessions": self.sessions,
            "problems": self.problem_count,
            "notes": sum(len(found.notes) for found in self.findings),
            "findings": [found.to_json() for found in self.findings],
        }


def check_store(
    store: ExtendedStore, files: Path | None, *, progress: Progress | None = None
) -> StoreCheck:
    """Check all sessions, one at a time, and the folders that belong to none; change nothing.

    ``files`` is the folder of the file half, None when the store has none.

    Raises:
        StoreUnavailable: the store can no longer be read.
    """
    result = StoreCheck()
    agent_ids = store.list()
    known = set(agent_ids)
    for number, agent_id in enumerate(agent_ids):
        if progress is not None:
            progress(number, len(agent_ids), agent_id)
        found = _check_session(store, agent_id, known)
        result.sessions += 1
        if found.problems or found.notes:
            result.findings.append(found)
    if progress is not None:
        progress(len(agent_ids), len(agent_ids), "")
    result.findings.extend(_orphans(files, known))
    return result


def _check_session(store: ExtendedStore, agent_id: str, known: set[str]) -> SessionCheck:
    try:
        problems = list(store.check_consistency(agent_id).issues)
        info = store.load_info(agent_id)
        if info is None:
            return SessionCheck(agent_id, notes=("It was deleted while the store was checked.",))
        if is_unfinished(info):
            problems = ["Its copying was broken off; run the migration again to complete it."]
            return SessionCheck(agent_id, tuple(problems))
        lost = [ancestor for ancestor in info.lineage or () if ancestor not in known]
        notes = [f"Its ancestor {ancestor} is not in the store." for ancestor in lost]
        notes += _open_calls(store.load_messages(agent_id))
        problems += _unreadable(store, agent_id)
    except StoreUnavailable:
        raise
    except StoreError as exc:
        return SessionCheck(agent_id, (f"It cannot be read: {exc}",))
    return SessionCheck(agent_id, tuple(problems), tuple(notes))


def _unreadable(store: ExtendedStore, agent_id: str) -> Iterator[str]:
    """Read what else there is of a session, and name what cannot be read."""
    for name in _READERS:
        try:
            getattr(store, name)(agent_id)
        except StoreUnavailable:
            raise
        except StoreError as exc:
            yield str(exc)


def _open_calls(messages: list[Message]) -> Iterator[str]:
    """Count the calls without a result and the results without a call.

    A compression may separate the two, so neither is a problem by itself.
    """
    blocks = [block for message in messages for block in message.content if isinstance(block, dict)]
    calls = {str(block.get("id")) for block in blocks if block.get("type") == "tool_use"}
    results = {
        str(block.get("tool_use_id")) for block in blocks if block.get("type") == "tool_result"
    }
    if count := len(calls - results):
        yield f"Calls without a result in the messages: {count}."
    if count := len(results - calls):
        yield f"Results without a call in the messages: {count}."


def _orphans(files: Path | None, known: set[str]) -> Iterator[SessionCheck]:
    if files is None:
        return
    try:
        for agent_id in walk_agents(files):
            if agent_id not in known:
                yield SessionCheck(agent_id, ("Its folder has files, and no row names it.",))
    except OSError as exc:
        message = "The folder of the file half cannot be read."
        raise StoreUnavailable(message, reason="permission") from exc
