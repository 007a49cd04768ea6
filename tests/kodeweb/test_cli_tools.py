"""The commands over whole stores: what they print, how they end, and that they ask first."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kodeweb.cli.progress import ProgressLine
from stores.backends.postgres.connection import PostgresTarget
from stores.interface import open_source, open_target, register_postgres_store, register_store
from stores.named_places import resolve_place
from stores.tools.places import find_place
from tests.stores.tools.support import hashes, made_store

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = (sys.executable, "-c", "import sys; from kodeweb.cli import main; sys.exit(main())")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory that the first command makes."""
    return tmp_path_factory.mktemp("tools") / "home"


@pytest.fixture
def run(home: Path, tmp_path: Path) -> Run:
    """Return a runner of ``kodeweb`` in the folder of the test."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}

    def call(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env={**kept, "KODEWEB_HOME": str(home), "HOME": str(home.parent)},
            input="",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            cwd=tmp_path,
        )

    return call


@pytest.fixture
def store(tmp_path: Path) -> str:
    """Return the path of a SQLite store of four old sessions."""
    made_store(find_place(str(tmp_path / "a.db")), 3)
    return "./a.db"


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check the shape of every mistake."""
    assert done.returncode == 2, done
    (line,) = done.stderr.strip().splitlines()
    assert line.startswith("kodeweb: ")
    assert line.endswith(".")
    for word in words:
        assert word in line


def test_a_store_is_copied_checked_backed_up_restored_and_pruned(
    run: Run, store: str, tmp_path: Path
) -> None:
    """The way of one store through all five commands, without a word on standard error."""
    steps = [
        (("migrate", store, "./b", "--report", "report.json"), "4 sessions: 4 copied"),
        (("check", "./b"), "4 sessions checked, 0 problems."),
        (("backup", "./b", "archive"), "4 agents"),
        (("restore", "archive", "./c"), "verified"),
        (("migrate", store, "./c"), "4 sessions: 4 same"),
        (("prune", "./c", "--older-than", "1d", "--yes"), "3 sessions deleted."),
    ]
    for arguments, words in steps:
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, ""), (arguments, done)
        assert words in done.stdout
    report = json.loads((tmp_path / "report.json").read_text(encoding="ascii"))
    assert report["counts"] == {"copied": 4}
    assert set(hashes(find_place(str(tmp_path / "c")))) == {"agt-00000/fork-1"}


def test_a_dry_run_makes_no_target(run: Run, store: str, tmp_path: Path) -> None:
    """It says what it would copy."""
    done = run("migrate", store, "./new/n.db", "--dry-run", "--agents", "agt-00001")
    assert done.returncode == 0
    assert "would copy: agt-00001" in done.stdout
    assert not (tmp_path / "new").exists()


def test_what_was_not_copied_ends_in_one(run: Run, store: str, tmp_path: Path) -> None:
    """With the reason on its line."""
    made_store(find_place(str(tmp_path / "d.db"), tmp_path / "d-files"), 2)
    done = run("migrate", store, "./d.db", "--target-files", "d-files")
    assert done.returncode == 1
    assert "failed: agt-00001: another one is in the target" in done.stdout


def test_pruning_without_a_terminal_needs_yes(run: Run, store: str, tmp_path: Path) -> None:
    """And nothing is deleted without."""
    before = hashes(find_place(str(tmp_path / "a.db")))
    assert_one_sentence(run("prune", store, "--older-than", "1d"), "--yes")
    done = run("prune", store, "--older-than", "1d", "--dry-run")
    assert done.returncode == 0
    assert "(last " in done.stdout
    assert hashes(find_place(str(tmp_path / "a.db"))) == before


def test_a_check_with_problems_ends_in_one(run: Run, store: str, tmp_path: Path) -> None:
    """Also as JSON."""
    (tmp_path / "store" / "agt-00001" / "runtime" / "todos.json").write_text("{", encoding="ascii")
    done = run("check", store, "--json")
    assert done.returncode == 1
    assert json.loads(done.stdout)["problems"] == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("check", "nowhere"), ("nowhere", "registered")),
        (("check", "./nowhere.db"), ("no store",)),
        (("check", "canary.txt"), ("canary.txt",)),
        (("check", "postgres://u:hunter22@127.0.0.1:1/x"), ("files",)),
        (("check", "postgres://u:hunter22@127.0.0.1:1/x", "--files", "."), ("127.0.0.1",)),
        (("migrate", "./a.db", "./a.db"), ("same store",)),
        (("migrate", "./a.db", "./x.db"), ("share", "--target-files")),
        (("migrate", "./a.db", "./new", "--report", "a.db"), ("a.db", "--report")),
        (("migrate", "./a.db", "./new", "--report", "no/r.json"), ("no folder",)),
        (("backup", "./a.db", "canary.txt"), ("canary.txt", "already")),
        (("restore", "store", "./y.db"), ("no backup",)),
        (("prune", "./a.db", "--older-than", "soon"), ("soon", "90d")),
    ],
)
def test_every_mistake_is_one_sentence(
    run: Run, store: str, tmp_path: Path, arguments: tuple[str, ...], words: tuple[str, ...]
) -> None:
    """And never shows a password, and leaves nothing behind."""
    (tmp_path / "canary.txt").write_text("not a database, a letter", encoding="ascii")
    before = sorted(tmp_path.rglob("*"))
    done = run(*arguments)
    assert_one_sentence(done, *words)
    assert "hunter22" not in done.stderr + done.stdout
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.django_db
def test_a_registered_name_is_a_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By its name or its slug, before a path of the same spelling."""
    path = tmp_path / "some.db"
    open_target(find_place(str(path))).close()
    files = tmp_path / "elsewhere"
    files.mkdir()
    register_store(path, files=files, name="My Store")
    monkeypatch.chdir(tmp_path)
    for word in ("My Store", "my-store"):
        place = resolve_place(word)
        assert (place.path, place.files) == (path, files)
    assert resolve_place("./my-store").kind == "json"


@pytest.mark.django_db
def test_a_registered_database_is_a_store(tmp_path: Path, postgres_database: str) -> None:
    """With the password that is kept sealed on its record."""
    made_store(find_place(postgres_database, tmp_path), 1)
    target = PostgresTarget.from_url(postgres_database)
    record = register_postgres_store(target, files=tmp_path, name="Served")
    with open_source(resolve_place(record.slug)) as store:
        assert len(store.list()) == 2


class _Terminal:
    """A stream that says whether it is a terminal and keeps what is written."""

    def __init__(self, *, is_terminal: bool) -> None:
        self.text = ""
        self.is_terminal = is_terminal

    def isatty(self) -> bool:
        return self.is_terminal

    def write(self, text: str) -> int:
        self.text += text
        return len(text)

    def flush(self) -> None:
        pass


def test_progress_is_for_terminals_only() -> None:
    """One line, drawn over, wiped at the end, and no escape of an agent's reaches it."""
    silent, shown = _Terminal(is_terminal=False), _Terminal(is_terminal=True)
    for stream in (silent, shown):
        with ProgressLine(stream) as line:  # type: ignore[arg-type]
            line(5, 10, "agt-\x1b]52;c;x\x07")
    assert silent.text == ""
    assert " 50 % " in shown.text
    assert "\n" not in shown.text
    assert "\x1b]" not in shown.text
    assert shown.text.endswith("\r\x1b[K")
