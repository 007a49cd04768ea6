"""Copy sessions from one store to another, whatever the two live in.

Each session is read, written, read back and compared before it counts; one that changed while it
was copied is copied again. A copy that was broken off carries a mark and is begun anew by the next
run, so a migration can be stopped at any moment and run again.
"""

import fcntl
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, Final

from stores.errors import AgentLocked, SessionNotFound, StoreError, StoreUnavailable
from stores.kode.file_half import FilesBeside
from stores.kode.safe_writes import made_folder, store_errors
from stores.kode.store import ExtendedStore
from stores.tools.content import (
    Fingerprint,
    copy_session,
    file_fingerprint,
    fingerprint,
    is_unfinished,
)

__all__ = ["Migration", "Outcome", "Progress", "migrate"]

#: How often a session is copied that changes meanwhile.
MAX_TRIES: Final = 3
_LOCK_MS: Final = 600_000
_HALF: Final = "in the source it is a copy that was broken off; complete that migration first"

#: Called with how many are done, how many there are, and what is being done.
Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one session: copied, would-copy, same, skipped or failed, and why.

    ``problems`` are what the source's own check finds wrong with it. What cannot be read of its
    files, such as a torn line of a log, is not in the copy.
    """

    agent_id: str
    outcome: str
    reason: str = ""
    sha256: str = ""
    problems: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the line of the report."""
        shape: dict[str, Any] = {"agentId": self.agent_id, "outcome": self.outcome}
        if self.reason:
            shape["reason"] = self.reason
        if self.sha256:
            shape["sha256"] = self.sha256
        if self.problems:
            shape["problems"] = list(self.problems)
        return shape


@dataclass
class Migration:
    """What a run did; the sessions are in the order in which they were handled."""

    source: str
    target: str
    is_dry_run: bool = False
    seconds: float = 0.0
    outcomes: list[Outcome] = field(default_factory=list)

    @property
    def counts(self) -> dict[str, int]:
        """How many sessions ended how."""
        return dict(Counter(found.outcome for found in self.outcomes))

    @property
    def is_complete(self) -> bool:
        """Whether every session that was meant is in the target."""
        return not {"failed", "skipped"} & set(self.counts)

    def to_json(self) -> dict[str, Any]:
        """Give the whole report."""
        return {
            "source": self.source,
            "target": self.target,
            "dryRun": self.is_dry_run,
            "seconds": round(self.seconds, 3),
            "counts": self.counts,
            "complete": self.is_complete,
            "agents": [found.to_json() for found in self.outcomes],
        }


def migrate(
    source: ExtendedStore,
    target: ExtendedStore | None,
    *,
    pattern: str = "*",
    is_dry_run: bool = False,
    progress: Progress | None = None,
    labels: tuple[str, str] = ("source", "target"),
) -> Migration:
    """Copy the sessions whose id fits a pattern (``*``, ``?``, ``[a-z]``; case counts).

    Ancestors come before those that descend from them. ``target`` None means that there is no
    target yet, which only a dry run may have.

    Raises:
        StoreUnavailable: one of the stores can no longer be reached, and what was copied stays;
            or another run is copying into the target.
    """
    result = Migration(*labels, is_dry_run=is_dry_run)
    began = time.monotonic()
    wanted = [agent_id for agent_id in source.list() if fnmatchcase(agent_id, pattern)]
    ordered = _ancestors_first(source, reversed(wanted))
    is_writing = target is not None and not is_dry_run
    with _alone(target) if is_writing else nullcontext():
        for number, agent_id in enumerate(ordered):
            if progress is not None:
                progress(number, len(ordered), agent_id)
            if is_dry_run or target is None:
                result.outcomes.append(_foresee(source, target, agent_id))
            else:
                result.outcomes.append(_carry_over(source, target, agent_id))
    if progress is not None:
        progress(len(ordered), len(ordered), "")
    result.seconds = time.monotonic() - began
    return result


@contextmanager
def _alone(target: ExtendedStore | None) -> Iterator[None]:
    """Let one run at a time copy into a store: each would clear the other's unfinished copies.

    The kernel's lock on the folder of the files ends with the process, and leaves nothing there.

    Raises:
        StoreUnavailable: another run is at it.
    """
    if not isinstance(target, FilesBeside):
        yield
        return
    with store_errors(), made_folder(target.files.base_dir, ()) as folder:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            message = "Another migration into this store is under way. Wait until it is done."
            raise StoreUnavailable(message, reason="locked") from exc
        except OSError:
            pass  # a file system without locks
        yield


def _ancestors_first(source: ExtendedStore, agent_ids: Iterable[str]) -> list[str]:
    """Sort by the length of the lineage, otherwise leave the order as it is."""
    depths: dict[str, int] = {}
    for agent_id in agent_ids:
        try:
            info = source.load_info(agent_id)
        except StoreUnavailable:
            raise
        except StoreError:
            info = None  # said again, with its reason, when its turn comes
        depths[agent_id] = len(info.lineage or ()) if info is not None else 0
    return sorted(depths, key=lambda agent_id: (depths[agent_id], agent_id.count("/")))


def _carry_over(source: ExtendedStore, target: ExtendedStore, agent_id: str) -> Outcome:
    """Copy one session under the locks of both stores; a failure concerns it alone."""
    with ExitStack() as held:
        try:
            for store in (source, target):
                held.callback(store.acquire_agent_lock(agent_id, timeout_ms=_LOCK_MS))
            if is_unfinished(source.load_info(agent_id)):
                return Outcome(agent_id, "failed", _HALF)
            return _copy_verified(source, target, agent_id)
        except AgentLocked as exc:
            return Outcome(agent_id, "skipped", f"locked: {exc}")
        except SessionNotFound:
            return Outcome(agent_id, "skipped", "it was deleted meanwhile")
        except StoreUnavailable:
            raise
        except StoreError as exc:
            return Outcome(agent_id, "failed", str(exc))


def _copy_verified(source: ExtendedStore, target: ExtendedStore, agent_id: str) -> Outcome:
    before = fingerprint(source, agent_id)
    standing = _standing(target, agent_id, before)
    if standing is not None:
        return standing
    for _ in range(MAX_TRIES):
        try:
            copy_session(source, target, agent_id)
            written = fingerprint(target, agent_id)
            after = fingerprint(source, agent_id)
        except StoreUnavailable:
            raise  # nothing can be taken back now; the mark tells the next run
        except StoreError:
            target.delete(agent_id)
            raise
        if written.sha256 == after.sha256:
            problems = source.check_consistency(agent_id).issues
            return Outcome(agent_id, "copied", sha256=written.sha256, problems=tuple(problems))
        target.delete(agent_id)
        if after.sha256 == before.sha256:
            return Outcome(agent_id, "failed", _unlike("the target cannot hold", written, after))
        before = after
    return Outcome(agent_id, "skipped", f"its agent kept writing; copied {MAX_TRIES} times in vain")


def _standing(target: ExtendedStore, agent_id: str, wanted: Fingerprint) -> Outcome | None:
    """Return what stands at the place of the copy, None when the place is free.

    What an earlier run broke off is cleared away; nothing else is ever deleted.
    """
    info = target.load_info(agent_id)
    if is_unfinished(info):
        target.delete(agent_id)
        info = None
    if info is None:
        if _has_remains(target, agent_id):
            return Outcome(agent_id, "failed", "files of this id are in the target, without a row")
        return None
    found = fingerprint(target, agent_id)
    if found.sha256 == wanted.sha256:
        return Outcome(agent_id, "same", sha256=found.sha256)
    return Outcome(agent_id, "failed", _unlike("another one is in the target", found, wanted))


def _has_remains(target: ExtendedStore, agent_id: str) -> bool:
    """Tell whether there is anything of a session that the target does not know, broken or not."""
    if isinstance(target, FilesBeside) and target.files.has_content(agent_id):
        return True
    reads = (target.load_messages, target.load_tool_call_records, target.list_snapshots)
    return any(read(agent_id) for read in reads) or any(
        file_fingerprint(target, agent_id).counts.values()
    )


def _foresee(source: ExtendedStore, target: ExtendedStore | None, agent_id: str) -> Outcome:
    """Say what a run would do, writing nothing."""
    try:
        if is_unfinished(source.load_info(agent_id)):
            return Outcome(agent_id, "failed", _HALF)
        wanted = fingerprint(source, agent_id)
        if target is None or is_unfinished(target.load_info(agent_id)):
            return Outcome(agent_id, "would-copy", sha256=wanted.sha256)
        return _standing(target, agent_id, wanted) or Outcome(
            agent_id, "would-copy", sha256=wanted.sha256
        )
    except StoreUnavailable:
        raise
    except StoreError as exc:
        return Outcome(agent_id, "failed", str(exc))


def _unlike(claim: str, found: Fingerprint, wanted: Fingerprint) -> str:
    return f"{claim}: the {', '.join(wanted.differences(found))} differ"
