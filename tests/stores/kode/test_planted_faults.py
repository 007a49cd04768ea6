"""The conformance suite is worth something: it goes red for every planted fault."""

import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.stores.kode.faulty_stores import FAULTS
from tests.trust.figures import KEY

ROOT = Path(__file__).resolve().parents[3]
MODULE = Path(__file__).with_name("faulty_stores.py")


def _run(folder: Path, tests: Iterable[str]) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Run tests of the faulty stores in a process of their own; return (red, green)."""
    settings, report = folder / "pytest.ini", folder / "report.xml"
    settings.write_text("[pytest]\n")
    # Without the project's plug-ins and fixtures: whoever writes a store has none of them.
    ended = subprocess.run(
        [
            sys.executable, "-m", "pytest", "-c", str(settings), "--rootdir", str(ROOT),
            "--noconftest", "-q", "-W", "error", "-p", "no:django", "-p", "no:cacheprovider",
            "-p", "no:xdist", "--basetemp", str(folder / "stores"), f"--junitxml={report}",
            *(f"{MODULE}{test}" for test in tests),
        ],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip
    assert report.is_file(), ended.stdout + ended.stderr
    red, green = set[tuple[str, str]](), set[tuple[str, str]]()
    for case in ElementTree.parse(report).getroot().iter("testcase"):  # noqa: S314 - our own
        store = case.attrib["classname"].rpartition(".Test")[2]
        name = case.attrib["name"].partition("[")[0]
        is_red = any(case.find(kind) is not None for kind in ("failure", "error"))
        (red if is_red else green).add((store, name))
    return red, green


def test_every_planted_fault_is_named_by_its_test(tmp_path: Path) -> None:
    """Each fault turns the test red that claims its absence; without a fault all are green."""
    named = [f"::Test{kind.__name__}::{test}" for kind, test in FAULTS.items()]
    control = [f"::TestGood::{test}" for test in FAULTS.values()]
    red, green = _run(tmp_path, [*named, *control])
    assert {(kind.__name__, test) for kind, test in FAULTS.items()} == red
    assert {("Good", test) for test in FAULTS.values()} <= green
    assert len(FAULTS) >= 10


@pytest.mark.slow
def test_the_whole_suite_tells_each_faulty_store_from_the_good_one(
    tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    """The whole suite over every store: green for the good one, red for each of the others."""
    red, green = _run(tmp_path, [""])
    reds = {kind.__name__: sum(store == kind.__name__ for store, _ in red) for kind in FAULTS}
    assert not [test for store, test in red if store == "Good"]
    assert len([test for store, test in green if store == "Good"]) > 90
    assert all(reds.values())
    found = ", ".join(f"{name} {count}" for name, count in reds.items())
    record_property(KEY, f"conformance: tests red by planted fault: {found}; without one: 0")
