"""A store that cannot be read is a page that says why, and since when; soon, and every time."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.test import Client

from stores.interface import close_readers, register_store
from tests.trust.small import agent_id, call_id, make_small_store

PAGES = (
    "sessions/",
    "messages/?text=fox",
    "tool-calls/?state=FAILED",
    f"sessions/{agent_id(0)}/",
    f"tool-calls/{call_id(0, 0)}/",
    "messages.csv",
)
Act = Callable[[Path], object]
CRASH = """
import os, signal, sqlite3, sys
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA cache_size = 1")
db.execute("BEGIN IMMEDIATE")
db.execute("UPDATE messages SET content = content || hex(randomblob(3000))")
os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.fixture
def store(tmp_path: Path, db: None) -> Iterator[Path]:
    """Return a store that was read a moment ago."""
    yield make_small_store(tmp_path / "agents.db")
    close_readers()


def _look(viewer: Client, db: Path) -> str:
    """Register and read once, so that kodeweb knows when it last could; return the base."""
    base = f"/browse/{register_store(db).slug}/"
    assert viewer.get(f"{base}sessions/").status_code == 200
    return base


def _expect_503(viewer: Client, base: str, *words: str, pages: tuple[str, ...] = PAGES) -> None:
    for page in pages:
        began = time.monotonic()
        response = viewer.get(base + page)
        took_s = time.monotonic() - began
        text = response.content.decode()
        assert response.status_code == 503, page
        assert took_s < 5, page
        assert "last readable on" in text, page
        assert response.headers["Retry-After"] == "5"
        for word in words:
            assert word in text, page
    assert viewer.get("/").status_code == 200


def _remove(db: Path) -> None:
    db.unlink()


def _empty(db: Path) -> None:
    os.truncate(db, 0)


def _cut(db: Path) -> None:
    os.truncate(db, db.stat().st_size // 2)


def _make_folder(db: Path) -> None:
    db.unlink()
    db.mkdir()


def _make_text(db: Path) -> None:
    db.unlink()
    db.write_text("This is not a database, and long enough to be taken for one." * 20)


def _make_foreign(db: Path) -> None:
    db.unlink()
    other = sqlite3.connect(db)
    other.execute("CREATE TABLE invoices (id)")
    other.close()


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (_remove, ("There is no file at", "moved or deleted")),
        (_empty, ("empty",)),
        (_make_folder, ("is not a file",)),
        (_make_text, ("is not a SQLite database",)),
        (_make_foreign, ("not written by the KODE SDK", "invoices")),
    ],
    ids=["gone", "emptied", "a folder", "text", "another program's"],
)
def test_a_lost_store_says_so(
    store: Path, viewer: Client, act: Act, words: tuple[str, ...]
) -> None:
    base = _look(viewer, store)
    act(store)
    _expect_503(viewer, base, *words)


def test_a_cut_store_never_ends_in_500(store: Path, viewer: Client) -> None:
    base = _look(viewer, store)
    _cut(store)
    answers = {page: viewer.get(base + page) for page in PAGES}
    assert {answer.status_code for answer in answers.values()} <= {200, 404, 503}
    broken = [answer for answer in answers.values() if answer.status_code == 503]
    assert broken
    assert all(b"damaged" in answer.content for answer in broken)


def test_another_store_in_its_place_is_read(store: Path, viewer: Client) -> None:
    base = _look(viewer, store)
    spare = make_small_store(store.with_name("spare"))
    db = sqlite3.connect(spare)
    db.execute("DELETE FROM agents WHERE agent_id <> ?", (agent_id(2),))
    db.commit()
    db.close()
    spare.replace(store)
    page = viewer.get(f"{base}sessions/").content.decode()
    assert agent_id(2) in page
    assert agent_id(3) not in page
    assert viewer.get(f"{base}sessions/{agent_id(3)}/").status_code == 404


def test_a_locked_store_says_so_in_time_and_is_back_afterwards(store: Path, viewer: Client) -> None:
    base = _look(viewer, store)
    script = (
        "import sqlite3, sys; db = sqlite3.connect(sys.argv[1], isolation_level=None);"
        "db.execute('BEGIN EXCLUSIVE'); print('held', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", script, str(store)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        assert agent.stdout is not None
        assert agent.stdout.readline() == b"held\n"
        _expect_503(viewer, base, "An agent is writing to this store", pages=PAGES[::2])
        agent.communicate()
    assert viewer.get(f"{base}sessions/").status_code == 200


def test_the_journal_of_a_dead_writer_is_left_to_the_agent(store: Path, viewer: Client) -> None:
    base = _look(viewer, store)
    done = subprocess.run([sys.executable, "-c", CRASH, str(store)], check=False)
    assert done.returncode == -signal.SIGKILL
    journal = store.with_name("agents.db-journal")
    before = store.read_bytes(), journal.read_bytes()
    assert before[1].strip(b"\x00"), "the journal is not hot; the test proves nothing"
    _expect_503(viewer, base, "A writer died and left its journal")
    assert (store.read_bytes(), journal.read_bytes()) == before
    agent = sqlite3.connect(store)
    assert agent.execute("SELECT count(*) FROM messages").fetchone()[0] == 96
    agent.close()
    assert viewer.get(f"{base}sessions/").status_code == 200
