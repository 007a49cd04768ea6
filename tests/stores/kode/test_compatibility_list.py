"""The list of mended defects names tests and files that exist."""

import re
from fnmatch import fnmatch

from tests.conftest import ROOT

TEXT = (ROOT / "docs" / "kode-compatibility.md").read_text("utf-8")


def test_every_named_test_exists() -> None:
    paths = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "stores" / "conformance").rglob("*.py")]
    defined = {
        name for path in paths for name in re.findall(r"def (test_\w+)", path.read_text("utf-8"))
    }
    files = {path.name for path in paths}
    named = set(re.findall(r"`(test_[\w*]+)`", TEXT))
    assert len(named) > 15
    assert not [name for name in named if not any(fnmatch(one, name) for one in defined)]
    assert not set(re.findall(r"`(?:[\w./]*/)?(\w+\.py)`", TEXT)) - files


def test_every_defect_is_shown_by_something() -> None:
    rows = [line for line in TEXT.splitlines() if line.startswith("| ") and "---" not in line]
    shown = [row.rstrip("| ").rpartition("| ")[2] for row in rows]
    assert len(rows) > 15
    assert not [
        row for row, by in zip(rows, shown, strict=True) if by != "shown by" and "`" not in by
    ]
