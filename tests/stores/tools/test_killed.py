"""kill -9 at random moments: every session is whole in exactly one place, or says that it is not.

A few moments in make test, 17 for each tool and kind, 204 in all, in make trust.
"""

import json
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stores.tools.archive import read_manifest, verify_archive
from stores.tools.check import check_store
from stores.tools.content import fingerprint, is_unfinished
from stores.tools.places import Place, exists, open_source
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import DAY_MS, NOW_MS, hashes, made_store
from tests.trust.figures import Say

SESSIONS = 12
FEW, MANY = 3, 17
TIMES = (FEW, pytest.param(MANY, marks=pytest.mark.slow))
KINDS = ("sqlite", "json", "postgres")


class Killer:
    """A process that runs the tools, and how long each takes when nobody kills it."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.stores.tools.killed"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._random = Random(20261122)  # noqa: S311 - moments, not secrets
        self.killed = 0

    def close(self) -> None:
        """End the process."""
        self._process.communicate(timeout=30)

    def run(self, job: str, **request: Any) -> float:
        """Run a tool to its end; return the seconds that it took."""
        code, seconds = self._ask({"job": job, "kill_after": None, **request})
        assert code == 0
        return seconds

    def run_and_kill(self, job: str, *, within: float, **request: Any) -> None:
        """Run a tool and kill it at a random moment of the time that it takes."""
        moment = self._random.uniform(0, within)
        code, _seconds = self._ask({"job": job, "kill_after": moment, **request})
        self.killed += code == -signal.SIGKILL

    def _ask(self, request: dict[str, Any]) -> tuple[int, float]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(request) + "\n")
        self._process.stdin.flush()
        code, seconds = json.loads(self._process.stdout.readline())
        return int(code), float(seconds)


@pytest.fixture
def killer() -> Iterator[Killer]:
    """Return what runs and kills."""
    process = Killer()
    yield process
    process.close()


def _named(name: str, place: Place) -> dict[str, str]:
    """Return how a request names a place."""
    if place.kind == "postgres":
        return {name: place.config["connection"], f"{name}_files": str(place.files)}
    if place.kind == "sqlite":
        return {name: str(place.path), f"{name}_files": str(place.files)}
    return {name: str(place.path)}


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_migration_leaves_whole_or_marked_sessions(
    killer: Killer, new_place: NewPlace, say: Say, kind: str, times: int
) -> None:
    """The source is as it was, and the next run ends what this one began."""
    here = made_store(new_place("sqlite"), SESSIONS)
    wanted = hashes(here)
    request = _named("source", here)
    within = killer.run("migrate", **request, **_named("target", new_place(kind)))
    marked = 0
    there = new_place(kind)
    for _ in range(times):
        if kind != "postgres":
            there = new_place(kind)
        killer.run_and_kill("migrate", within=within, **request, **_named("target", there))
        assert hashes(here) == wanted
        marked += _whole_or_marked(there, wanted)
        killer.run("migrate", **request, **_named("target", there))
        assert hashes(there) == wanted
        with open_source(there) as store:
            assert check_store(store, there.files).problem_count == 0
            if kind == "postgres":
                for agent_id in wanted:
                    store.delete(agent_id)
    say(f"migrate to {kind} killed {killer.killed} times: {marked} marked copies, no half one")


def _whole_or_marked(there: Place, wanted: dict[str, str]) -> int:
    """Hold each session of a target against its source; return how many are marked."""
    marked = 0
    if not exists(there):
        return 0
    with open_source(there) as store:
        for agent_id in store.list():
            if is_unfinished(store.load_info(agent_id)):
                marked += 1
            else:
                assert fingerprint(store, agent_id).sha256 == wanted[agent_id]
    return marked


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_prune_leaves_whole_sessions_or_none(
    killer: Killer, new_place: NewPlace, tmp_path: Path, say: Say, kind: str, times: int
) -> None:
    """What was not old is untouched, and the next run leaves nothing of what was."""
    here = made_store(new_place(kind), SESSIONS)
    wanted = hashes(here)
    old = {agent_id for agent_id in wanted if int(agent_id[4:9]) < SESSIONS // 2}
    rule = {"before_ms": NOW_MS - SESSIONS // 2 * DAY_MS, "now_ms": NOW_MS}
    request = {**_named("source", here), "journal": str(tmp_path / "journal.json"), **rule}
    within = killer.run("prune", **request)
    assert set(hashes(here)) == set(wanted) - old
    for _ in range(times):
        made_store(here, SESSIONS // 2, oldest=SESSIONS)
        wanted = hashes(here)
        killer.run_and_kill("prune", within=within, **request)
        with open_source(here) as store:
            for agent_id in store.list():
                assert fingerprint(store, agent_id).sha256 == wanted[agent_id]
        killer.run("prune", **request)
        assert hashes(here) == {name: wanted[name] for name in wanted if name not in old}
        with open_source(here) as store:
            assert check_store(store, here.files).problem_count == 0
    say(f"prune of {kind} killed {killer.killed} times: none half there after the next run")


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_backup_leaves_a_whole_archive_or_none(
    killer: Killer, new_place: NewPlace, tmp_path: Path, say: Say, kind: str, times: int
) -> None:
    """The store is as it was, and the same command succeeds afterwards."""
    here = made_store(new_place(kind), SESSIONS)
    wanted = hashes(here)
    request = _named("source", here)
    within = min(killer.run("backup", **request, archive=str(tmp_path / name)) for name in "abcd")
    for number in range(times):
        archive = tmp_path / f"archive{number}"
        killer.run_and_kill("backup", within=within, **request, archive=str(archive))
        if not archive.exists():
            killer.run("backup", **request, archive=str(archive))
        verify_archive(archive, read_manifest(archive))
        shutil.rmtree(archive)
        assert not list(tmp_path.glob(".*partial"))
    assert hashes(here) == wanted
    say(f"backup of {kind} killed {killer.killed} times: whole or absent each time")


@pytest.mark.parametrize("times", TIMES)
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_restore_leaves_a_whole_store_or_none(
    killer: Killer, new_place: NewPlace, tmp_path: Path, say: Say, kind: str, times: int
) -> None:
    """And the same command succeeds afterwards."""
    here = made_store(new_place(kind), SESSIONS)
    wanted = hashes(here)
    archive = str(tmp_path / "archive")
    killer.run("backup", **_named("source", here), archive=archive)
    within = killer.run("restore", archive=archive, **_named("target", new_place(kind)))
    for _ in range(times):
        there = new_place(kind)
        request = {"archive": archive, **_named("target", there)}
        killer.run_and_kill("restore", within=within, **request)
        if not _restored(there):
            killer.run("restore", **request)
        assert hashes(there) == wanted
    say(f"restore of {kind} killed {killer.killed} times: whole or absent each time")


def _restored(there: Place) -> bool:
    """Tell whether there is a store; one that is there without sessions is a new one."""
    if there.kind != "postgres":
        assert there.path is not None
        return there.path.exists()
    return exists(there) and bool(hashes(there))
