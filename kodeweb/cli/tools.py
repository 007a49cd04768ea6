"""The commands that work on whole stores. Each is thin: the work is in ``stores.tools``.

Exit codes: 0 all done or clean, 1 done but not all of it or not clean, 2 not done.
"""

import argparse
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from kodeweb.cli.progress import ProgressLine
from kodeweb.cli.target import UserError
from kodeweb.home import home_path
from kodeweb.logs import escape_control
from stores.interface import (
    Candidate,
    Journal,
    Place,
    Pruning,
    Rule,
    StoreCheck,
    StoreError,
    age_ms,
    back_up,
    check_same_store,
    check_store,
    exists,
    find_old,
    migrate,
    open_source,
    open_target,
    prune,
    resolve_place,
    restore,
)

__all__ = ["run"]

_MOST_SHOWN: Final = 20


def run(arguments: argparse.Namespace) -> int:
    """Run one of the commands.

    Raises:
        UserError: it could not be done; the sentence says why.
    """
    try:
        return _COMMANDS[arguments.command](arguments)
    except StoreError as exc:
        raise UserError(_sentence(str(exc))) from exc


def _migrate(arguments: argparse.Namespace) -> int:
    """Copy sessions and say what became of them."""
    source = resolve_place(arguments.source, arguments.source_files)
    target = resolve_place(arguments.target, arguments.target_files)
    check_same_store(source, target)
    report = _report_file(arguments.report)
    labels = (source.label, target.label)
    common: dict[str, Any] = {"pattern": arguments.agents, "labels": labels}
    with open_source(source) as origin, ProgressLine() as line:
        if arguments.dry_run and not exists(target):
            done = migrate(origin, None, is_dry_run=True, progress=line, **common)
        else:
            with open_source(target) if arguments.dry_run else open_target(target) as store:
                done = migrate(origin, store, is_dry_run=arguments.dry_run, progress=line, **common)
    for outcome in done.outcomes:
        for problem in outcome.problems:
            _say(f"note: {outcome.agent_id}: in the source: {problem}")
        if outcome.outcome in ("failed", "skipped"):
            _say(f"{outcome.outcome}: {outcome.agent_id}: {outcome.reason}")
        if outcome.outcome == "would-copy":
            _say(f"would copy: {outcome.agent_id}")
    counts = ", ".join(f"{count} {name}" for name, count in done.counts.items())
    _say(f"{len(done.outcomes)} sessions: {counts or 'none'}. {done.seconds:.1f} s.")
    if report is not None:
        _write_report(report, done.to_json())
    return 0 if done.is_complete else 1


def _backup(arguments: argparse.Namespace) -> int:
    """Write an archive."""
    place = resolve_place(arguments.store, arguments.files)
    with ProgressLine() as line:
        manifest = back_up(place, arguments.destination, progress=line)
    counts = ", ".join(f"{count} {name}" for name, count in manifest.counts.items())
    _say(f"Backup of {place.label} ({manifest.method}), verified: {counts}.")
    for name in (*manifest.left_out, *manifest.unsettled)[:_MOST_SHOWN]:
        kind = "not a file, left out" if name in manifest.left_out else "kept changing"
        _say(f"{kind}: {name}")
    return 1 if manifest.unsettled else 0


def _restore(arguments: argparse.Namespace) -> int:
    """Make a new store of an archive."""
    place = resolve_place(arguments.target, arguments.files)
    with ProgressLine() as line:
        manifest = restore(arguments.archive, place, progress=line)
    counts = ", ".join(f"{count} {name}" for name, count in manifest.counts.items())
    _say(f"Restored to {place.label}, verified: {counts}.")
    return 0


def _prune(arguments: argparse.Namespace) -> int:
    """List what is old, ask, and delete it."""
    now = time.time_ns() // 1_000_000
    rule = Rule(
        before_ms=now - age_ms(arguments.older_than),
        now_ms=now,
        template_id=arguments.template,
        with_forks=arguments.with_forks,
    )
    place = resolve_place(arguments.store, arguments.files)
    journal = _journal(place)
    with open_source(place) as store:
        if not arguments.dry_run:
            for agent_id in journal.finish(store):
                _say(f"finished what was broken off: {agent_id}")
        with ProgressLine() as line:
            candidates, spared = find_old(store, place.files, rule, progress=line)
        _list_candidates(candidates)
        for found in spared:
            _say(f"spared: {found.agent_id}: {found.reason}")
        _say(f"{len(candidates)} sessions to delete, {len(spared)} old ones spared.")
        if arguments.dry_run or not candidates:
            return 0
        if not arguments.yes and not _is_confirmed(len(candidates), place):
            _say("Nothing was deleted.")
            return 1
        with ProgressLine() as line:
            done = prune(store, place.files, candidates, rule, journal=journal, progress=line)
    return _tell_pruned(done)


def _list_candidates(candidates: list[Candidate]) -> None:
    for found in candidates:
        at = datetime.fromtimestamp(found.active_at / 1000, UTC).isoformat(timespec="seconds")
        _say(f"{found.agent_id}  {found.template_id}  {at}  ({found.known_from})")


def _tell_pruned(done: Pruning) -> int:
    for found in done.spared:
        _say(f"spared: {found.agent_id}: {found.reason}")
    for found in done.failed:
        _say(f"failed: {found.agent_id}: {found.reason}")
    _say(f"{len(done.deleted)} sessions deleted.")
    return 1 if done.failed else 0


def _is_confirmed(count: int, place: Place) -> bool:
    """Ask on a terminal; elsewhere only ``--yes`` confirms.

    Raises:
        UserError: there is nobody to ask.
    """
    if not sys.stdin.isatty():
        raise UserError(f"{count} sessions would be deleted; confirm with --yes.")
    answer = input(f"Delete these {count} sessions of {escape_control(place.label)}? Type yes: ")
    return answer.strip().lower() == "yes"


def _check(arguments: argparse.Namespace) -> int:
    """Print what does not fit."""
    place = resolve_place(arguments.store, arguments.files)
    with open_source(place) as store, ProgressLine() as line:
        found = check_store(store, place.files, progress=line)
    if arguments.json:
        print(json.dumps({"store": place.label, **found.to_json()}, indent=2))
    else:
        _tell_check(found)
    return 1 if found.problem_count else 0


def _tell_check(found: StoreCheck) -> None:
    for session in found.findings:
        for problem in session.problems:
            _say(f"problem: {session.agent_id}: {problem}")
        for note in session.notes:
            _say(f"note: {session.agent_id}: {note}")
    _say(f"{found.sessions} sessions checked, {found.problem_count} problems.")


_COMMANDS: Final[dict[str, Callable[[argparse.Namespace], int]]] = {
    "migrate": _migrate,
    "backup": _backup,
    "restore": _restore,
    "prune": _prune,
    "check": _check,
}


def _journal(place: Place) -> Journal:
    """Return the journal of a store, in kodeweb's own folder and never in the store."""
    name = sha256(f"{place.kind} {place.label} {place.files}".encode()).hexdigest()[:32]
    return Journal(home_path() / "prune" / f"{name}.json")


def _report_file(path: Path | None) -> Path | None:
    """Refuse a report that cannot be written before the work begins.

    Raises:
        UserError: something is there already, or its folder is not.
    """
    if path is not None and path.exists():
        raise UserError(f"There is something at {path}; name a new file with --report.")
    if path is not None and not path.absolute().parent.is_dir():
        raise UserError(f"There is no folder {path.absolute().parent} for the report.")
    return path


def _write_report(path: Path, report: dict[str, Any]) -> None:
    try:
        with path.open("x", encoding="ascii") as file:
            json.dump(report, file, indent=2)
            file.write("\n")
    except OSError as exc:
        raise UserError(f"The report {path} cannot be written: {exc.strerror}.") from exc


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:].rstrip('.')}."


def _say(text: str) -> None:
    print(escape_control(text))
