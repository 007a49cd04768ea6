"""Processes that append events to one log, and writers that are killed while they do."""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from stores.conformance.samples import make_event
from stores.kode.files import FileStore
from stores.kode.records import Timeline
from tests.conftest import ROOT


def _start(base: Path, name: str, most: int = 0) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.stores.kode.event_writer", str(base), name, str(most)]
    writer = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "ready\n"
    return writer


def _output(writer: "subprocess.Popen[str]") -> str:
    assert writer.stdout is not None
    with writer:
        return writer.stdout.read()


def _kept(base: Path, name: str) -> list[int]:
    """Return the numbers of a writer's events in the order of the log."""
    texts = ((entry.event["delta"].split()[0], entry.cursor) for entry in _events(base))
    return [seq for writer, seq in texts if writer == name]


def _events(base: Path) -> list[Timeline]:
    return list(FileStore(base).read_events("agt-1"))


def _kill_while_appending(base: Path, times: int, seed: int) -> int:
    rng = random.Random(seed)  # noqa: S311 - only spreads the kills
    total = 0
    for turn in range(times):
        writer = _start(base, f"w{turn}")
        time.sleep(rng.uniform(0, 0.1))
        writer.kill()
        output = _output(writer)
        said = sum(line.isdigit() for line in output.split("\n")[:-1])
        kept = _kept(base, f"w{turn}")
        assert kept == list(range(len(kept))), "an event is lost, doubled or out of order"
        assert said <= len(kept) <= said + 1
        total += len(kept)
    before = len(_events(base))
    FileStore(base).append_event("agt-1", make_event(1, text="last"))
    assert [len(_events(base)), before] == [total + 1, total]
    return total


def test_a_killed_writer_loses_and_doubles_no_event(tmp_path: Path) -> None:
    _kill_while_appending(tmp_path, times=4, seed=3)


def test_two_processes_append_to_one_log_without_loss(tmp_path: Path) -> None:
    writers = [_start(tmp_path, name, 300) for name in ("a", "b")]
    for writer in writers:
        _output(writer)
    assert _kept(tmp_path, "a") == _kept(tmp_path, "b") == list(range(300))
    assert not list(tmp_path.rglob("*.wal"))


@pytest.mark.slow
def test_a_hundred_killed_writers_lose_and_double_no_event(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    events = _kill_while_appending(tmp_path, times=100, seed=4)
    record_property("figure", f"100 writers killed while appending: {events} events, all once")
