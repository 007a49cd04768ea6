"""Broken SQLite files: each page answers in time, says what is wrong and changes nothing."""

from collections import Counter
from hashlib import sha256
from pathlib import Path
from random import Random

import pytest

from tests.trust.figures import Say
from tests.trust.mutate import KINDS, mutate
from tests.trust.site import Site, Visit
from tests.trust.small import agent_id, call_id, make_small_store

PAGE_LIMIT_MS = 5000
ANSWERS = {200, 400, 404, 422, 503}
PATHS = [
    "/",
    "sessions/",
    "sessions/?status=idle&sort=messages",
    "sessions/?has=failures&has=snapshots",
    "messages/",
    "messages/?text=fox&type=tool_use&sort=session",
    "tool-calls/",
    "tool-calls/?state=FAILED&sort=name",
    "tool-calls/?text=nothing-has-this&count=1",
    f"sessions/{agent_id(0)}/",
    f"sessions/{agent_id(3)}/?seq=6",
    f"sessions/{agent_id(0)}/?tab=snapshots",
    f"tool-calls/{call_id(1, 1)}/",
    f"call-text/result/{call_id(2, 0)}/",
    f"message-text/3/{agent_id(2)}/",
    f"blocks/3/1/{agent_id(2)}/",
    "messages.csv",
    "tool-calls.jsonl",
    "sessions.csv",
]


def _state(db: Path) -> tuple[str, list[tuple[str, int, int]]]:
    """Return the hash of the file and the listing of its folder."""
    listing = [
        (item.name, item.stat().st_size, item.stat().st_mtime_ns) for item in db.parent.iterdir()
    ]
    return sha256(db.read_bytes()).hexdigest(), sorted(listing)


def _faults(name: str, visits: list[Visit]) -> list[str]:
    found = []
    for visit in visits:
        if visit.status not in ANSWERS:
            found.append(f"{name}: {visit.url} answered {visit.status}: {visit.error}")
        elif visit.ms > PAGE_LIMIT_MS:
            found.append(f"{name}: {visit.url} took {visit.ms:.0f} ms")
        elif visit.status == 503 and "cannot be read" not in visit.text:
            found.append(f"{name}: {visit.url} does not say what is wrong: {visit.text[:200]}")
    return found


def test_the_whole_file_answers_every_page(tmp_path: Path) -> None:
    """Without this, a store that no page could read would pass the tests below."""
    db = make_small_store(tmp_path / "agents.db")
    with Site(tmp_path / "site") as site:
        visits = site.visit(db, PATHS, limit_s=len(PATHS) * PAGE_LIMIT_MS / 1000)
    assert [(visit.url, visit.status) for visit in visits if visit.status != 200] == []
    assert len(visits) == len(PATHS)


@pytest.mark.parametrize(
    "count", [60, pytest.param(1000, marks=pytest.mark.slow)], ids=["small", "full"]
)
def test_broken_files_never_break_a_page(tmp_path: Path, say: Say, count: int) -> None:
    whole = make_small_store(tmp_path / "whole.db").read_bytes()
    db = tmp_path / "store" / "agents.db"
    db.parent.mkdir()
    faults: list[str] = []
    statuses: Counter[int] = Counter()
    slowest = 0.0
    with Site(tmp_path / "site") as site:
        for number in range(count):
            kind = list(KINDS)[number % len(KINDS)]
            name = f"{kind} {number}"
            spare = db.with_name("spare")
            spare.write_bytes(mutate(whole, kind, Random(number)))  # noqa: S311 - repeatable
            spare.replace(db)
            before = _state(db)
            visits = site.visit(db, PATHS, limit_s=len(PATHS) * PAGE_LIMIT_MS / 1000)
            if not visits:
                faults.append(f"{name}: the process {site.deaths[-1]}")
            if _state(db) != before:
                faults.append(f"{name}: the file or its folder changed")
            faults += _faults(name, visits)
            statuses.update(visit.status for visit in visits)
            slowest = max([slowest, *(visit.ms for visit in visits)])
    say(
        f"{count} broken files x {len(PATHS)} pages: {statuses[500]} answers of 500, "
        f"{len(site.deaths)} dead or hung processes, slowest page {slowest:.0f} ms, "
        f"all files unchanged; answers {dict(sorted(statuses.items()))}"
    )
    assert not faults, "\n".join(faults[:8]) + f"\n{len(faults)} faults"
