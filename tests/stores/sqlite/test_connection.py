"""Opening a file never harms its writer: no file made, no lock kept, no write possible."""

import shutil
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from stores.backends.sqlite.connection import SqliteFile
from stores.browse.sql.reading import RowTooLarge, StatementTimeout
from stores.errors import StoreUnavailable

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (item.name, item.stat().st_size, item.stat().st_mtime_ns) for item in folder.iterdir()
    )


def _make(folder: Path, *, wal: bool = False) -> sqlite3.Connection:
    folder.mkdir(parents=True)
    connection = sqlite3.connect(folder / "a.db", isolation_level=None)
    if wal:
        connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("CREATE TABLE t (x)")
    connection.execute("CREATE INDEX i ON t (x)")
    connection.execute("INSERT INTO t VALUES (1)")
    return connection


@pytest.fixture
def opened() -> Iterator[Callable[[Path], SqliteFile]]:
    """Return an opener of files that are closed after the test."""
    files: list[SqliteFile] = []

    def open_(path: Path) -> SqliteFile:
        files.append(SqliteFile(path))
        return files[-1]

    yield open_
    for file in files:
        file.close()


def _count(file: SqliteFile) -> int:
    with file.read() as reading:
        return int(reading.fetch("SELECT count(*) FROM t")[0][0])


@pytest.mark.parametrize("wal", [False, True], ids=["rollback", "wal"])
def test_reading_an_idle_file_touches_nothing(
    tmp_path: Path, opened: Callable[[Path], SqliteFile], *, wal: bool
) -> None:
    _make(tmp_path / "s", wal=wal).close()
    before = _listing(tmp_path / "s")
    assert _count(opened(tmp_path / "s" / "a.db")) == 1
    assert _listing(tmp_path / "s") == before


def test_a_live_wal_writer_is_read_at_its_newest_commit(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    writer = _make(tmp_path / "s", wal=True)
    file = opened(tmp_path / "s" / "a.db")
    names = {item.name for item in (tmp_path / "s").iterdir()}
    for number in range(2, 6):
        writer.execute("INSERT INTO t VALUES (?)", (number,))
        assert _count(file) == number
    assert {item.name for item in (tmp_path / "s").iterdir()} == names
    writer.close()
    assert _count(file) == 5


def test_a_wal_writer_can_clean_up_after_it_was_read(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    writer = _make(tmp_path / "s", wal=True)
    assert _count(opened(tmp_path / "s" / "a.db")) == 1
    writer.execute("PRAGMA journal_mode = DELETE")
    writer.close()
    assert [item.name for item in (tmp_path / "s").iterdir()] == ["a.db"]


def test_a_quiet_wal_file_is_read_anew_after_each_change(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    _make(tmp_path / "s", wal=True).close()
    file = opened(tmp_path / "s" / "a.db")
    assert _count(file) == 1
    for number in range(2, 5):
        writer = sqlite3.connect(tmp_path / "s" / "a.db", isolation_level=None)
        writer.execute("INSERT INTO t VALUES (0)")
        writer.close()
        assert _count(file) == number


def test_a_writer_that_turns_up_during_an_immutable_read_ends_it(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    _make(tmp_path / "s", wal=True).close()
    file = opened(tmp_path / "s" / "a.db")
    message = "opened this store while it was read"
    with pytest.raises(StoreUnavailable, match=message), file.read() as reading:
        reading.fetch("SELECT * FROM t")
        writer = sqlite3.connect(tmp_path / "s" / "a.db", isolation_level=None)
        writer.execute("INSERT INTO t VALUES (0)")
    assert _count(file) == 2
    writer.close()


def test_a_copied_wal_without_its_index_is_explained_and_left_alone(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    writer = _make(tmp_path / "s", wal=True)
    (tmp_path / "copy").mkdir()
    for suffix in ("", "-wal"):
        shutil.copy(tmp_path / "s" / f"a.db{suffix}", tmp_path / "copy" / f"a.db{suffix}")
    writer.close()
    before = _listing(tmp_path / "copy")
    with pytest.raises(StoreUnavailable) as caught:
        _count(opened(tmp_path / "copy" / "a.db"))
    assert caught.value.reason == "journal"
    assert _listing(tmp_path / "copy") == before


def test_a_file_that_is_replaced_is_read_anew(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    _make(tmp_path / "s").close()
    other = _make(tmp_path / "other")
    other.execute("INSERT INTO t VALUES (2)")
    other.close()
    file = opened(tmp_path / "s" / "a.db")
    assert _count(file) == 1
    (tmp_path / "other" / "a.db").replace(tmp_path / "s" / "a.db")
    assert _count(file) == 2


def test_looking_at_a_file_does_not_free_the_lock_of_a_running_read(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    """POSIX frees every lock of a process when it closes any descriptor of the file."""
    _make(tmp_path / "s").close()
    path = tmp_path / "s" / "a.db"
    first, second = opened(path), SqliteFile(path)
    holder = sqlite3.connect(f"file:{path}?mode=ro", uri=True, isolation_level=None)
    holder.execute("BEGIN")
    holder.execute("SELECT * FROM t").fetchall()  # holds the shared lock until COMMIT
    assert _count(first) == 1
    assert _count(second) == 1
    second.close()
    script = (
        "import sqlite3, sys; c = sqlite3.connect(sys.argv[1], timeout=0);\n"
        "try: c.execute('BEGIN EXCLUSIVE'); print('got it')\n"
        "except sqlite3.OperationalError as e: print(e)"
    )
    assert _run(script, path) == "database is locked"
    holder.execute("COMMIT")
    holder.close()
    assert _run(script, path) == "got it"


def _run(script: str, path: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script, str(path)], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def test_a_statement_is_stopped_at_the_limit_and_the_connection_stays_good(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    _make(tmp_path / "s").close()
    file = opened(tmp_path / "s" / "a.db")
    with file.read() as reading:
        assert reading.limit_ms <= 50
        with pytest.raises(StatementTimeout):
            reading.fetch(ENDLESS)
        assert reading.fetch("SELECT count(*) FROM t") == [(1,)]


def test_a_wal_file_has_the_longer_limit(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    _make(tmp_path / "s", wal=True).close()
    with opened(tmp_path / "s" / "a.db").read() as reading:
        assert reading.limit_ms == 250


def test_an_oversized_cell_is_reported_and_not_loaded(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    writer = _make(tmp_path / "s")
    writer.execute("INSERT INTO t VALUES (zeroblob(70000000))")
    writer.close()
    with opened(tmp_path / "s" / "a.db").read() as reading, pytest.raises(RowTooLarge):
        reading.fetch("SELECT x FROM t")


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO t VALUES (2)",
        "DELETE FROM t",
        "DROP TABLE t",
        "CREATE TABLE u (x)",
        "CREATE TEMP TABLE u (x)",
        "PRAGMA query_only = 0",
        "PRAGMA journal_mode = DELETE",
        "PRAGMA schema_version = 7",
        "PRAGMA wal_checkpoint",
        "PRAGMA writable_schema = 1",
        "ATTACH 'new.db' AS other",
        "VACUUM INTO 'new.db'",
        "BEGIN EXCLUSIVE",
        "SELECT load_extension('x')",
        "SELECT fts3_tokenizer('simple')",
        "REINDEX",
        "ANALYZE",
    ],
)
def test_nothing_but_reading_is_possible(
    tmp_path: Path,
    opened: Callable[[Path], SqliteFile],
    monkeypatch: pytest.MonkeyPatch,
    statement: str,
) -> None:
    _make(tmp_path / "s").close()
    monkeypatch.chdir(tmp_path / "s")
    before, data = _listing(tmp_path / "s"), (tmp_path / "s" / "a.db").read_bytes()
    with pytest.raises(StoreUnavailable), opened(tmp_path / "s" / "a.db").read() as reading:
        reading.fetch(statement)
    assert (_listing(tmp_path / "s"), (tmp_path / "s" / "a.db").read_bytes()) == (before, data)


def test_a_writer_commits_beside_many_readers(
    tmp_path: Path, opened: Callable[[Path], SqliteFile]
) -> None:
    writer = _make(tmp_path / "s")
    writer.execute("PRAGMA busy_timeout = 5000")
    file, stop = opened(tmp_path / "s" / "a.db"), threading.Event()

    def read() -> None:
        while not stop.is_set():
            _count(file)

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    try:
        for number in range(50):
            writer.execute("INSERT INTO t VALUES (?)", (number,))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    assert _count(file) == 51
    writer.close()


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda path: None, "missing"),
        (lambda path: path.mkdir(), "not-sqlite"),
        (
            lambda path: path.write_bytes(b"not a database, but long enough to be one" * 9),
            "not-sqlite",
        ),
        (lambda path: path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 4096), "not-sqlite"),
    ],
    ids=["missing", "folder", "text", "garbage"],
)
def test_what_is_no_database_is_named(
    tmp_path: Path,
    opened: Callable[[Path], SqliteFile],
    make: Callable[[Path], object],
    reason: str,
) -> None:
    path = tmp_path / "x.db"
    make(path)
    with pytest.raises(StoreUnavailable) as caught:
        _count(opened(path))
    assert caught.value.reason == reason
