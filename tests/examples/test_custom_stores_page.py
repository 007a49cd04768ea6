"""The page on stores of one's own tells the truth: each of its code blocks runs as it stands."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "custom-stores.md"


def _blocks() -> dict[str, str]:
    """Return the code blocks by the file name in their first line."""
    text = PAGE.read_text(encoding="utf-8")
    found = re.findall(r"```(?:python|toml)\n# (\S+)\n(.*?)```", text, re.S)
    assert len(found) == len(re.findall(r"```(?:python|toml)\n", text)), "a block has no name"
    return dict(found)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the page's files, and the package's entry points as pip leaves them."""
    folder = tmp_path_factory.mktemp("page")
    for name, text in _blocks().items():
        (folder / name).write_text(text, encoding="utf-8")
    points = _blocks()["pyproject.toml"].partition("\n")[2]
    dist = folder / "documents-1.0.dist-info"
    dist.mkdir()
    (dist / "METADATA").write_text("Metadata-Version: 2.1\nName: documents\nVersion: 1.0\n")
    (dist / "entry_points.txt").write_text("[kodeweb.stores]\n" + points.replace('"', ""))
    (folder / "pytest.ini").write_text("[pytest]\n")
    return folder


def _run(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={"PYTHONPATH": f"{folder}:{ROOT}", "PATH": "/usr/bin:/bin", "TMPDIR": str(folder)},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_smallest_store_passes_its_contract(folder: Path) -> None:
    """The suite over the page's store, and over one that says what it cannot hold."""
    quiet = ("-q", "-rs", "-p", "no:django", "-p", "no:cacheprovider", "-p", "no:xdist")
    said = _run(folder, "-m", "pytest", *quiet, ".")
    passed = re.search(r"(\d+) passed, 1 skipped", said)
    assert passed and int(passed[1]) > 150, said
    assert "as declared: this database has no U+0000" in said


def test_the_registered_store_opens_through_the_factory(folder: Path) -> None:
    """The entry point is found and loaded, and the store works."""
    assert _run(folder, "use_it.py") == "[]\n"


def test_the_files_that_the_page_names_exist() -> None:
    """A page that points nowhere is worse than none."""
    text = PAGE.read_text(encoding="utf-8")
    for path in set(re.findall(r"`((?:tests|examples)/[\w/.]+)`", text)):
        assert (ROOT / path).exists(), path
