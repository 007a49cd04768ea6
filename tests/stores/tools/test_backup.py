"""Backups: of one moment, verified, private, restored only to where nothing is."""

import json
import sqlite3
import stat
import threading
from pathlib import Path

import psycopg
import pytest

from stores.backends.postgres.table_copy import count_rows, reading
from stores.backends.sqlite import online_copy
from stores.backends.sqlite.online_copy import copy_database
from stores.errors import StoreError, StoreUnavailable
from stores.kode.records import Message
from stores.tools.archive import FILES, read_manifest, verify_archive
from stores.tools.backup import back_up
from stores.tools.check import check_store
from stores.tools.places import Place, open_source
from stores.tools.restore import restore
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import add_session, hashes, made_store, tree_hash

KINDS = ("sqlite", "json", "postgres")


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_restored_equals_what_was_backed_up(
    new_place: NewPlace, tmp_path: Path, kind: str
) -> None:
    """Rows and files of every session, by fingerprint, and the store has no problem."""
    here = made_store(new_place(kind), 7)
    archive = tmp_path / "archive"
    manifest = back_up(here, archive)
    assert manifest.counts["agents"] == 8
    there = new_place(kind)
    restore(archive, there)
    assert hashes(there) == hashes(here)
    with open_source(there) as store:
        assert check_store(store, there.files).problem_count == 0


def test_the_store_of_the_sdk_comes_back_byte_by_byte(
    sdk_store: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Also the texts of its rows, which a copy by the interface writes anew."""
    archive = tmp_path / "archive"
    back_up(sdk_store, archive)
    there = new_place("sqlite")
    restore(archive, there)
    assert sdk_store.path is not None
    assert there.path is not None
    dumps = []
    for path in (sdk_store.path, there.path):
        with sqlite3.connect(path) as database:
            dumps.append("\n".join(database.iterdump()))
        database.close()
    assert dumps[0] == dumps[1]
    assert hashes(there) == hashes(sdk_store)


@pytest.mark.parametrize("kind", KINDS)
def test_only_the_owner_may_read_an_archive(new_place: NewPlace, tmp_path: Path, kind: str) -> None:
    """The keys of providers are in it: 0600 for files, 0700 for folders."""
    archive = tmp_path / "archive"
    back_up(made_store(new_place(kind), 1), archive)
    for path in (archive, *archive.rglob("*")):
        wanted = 0o700 if path.is_dir() else 0o600
        assert stat.S_IMODE(path.stat().st_mode) == wanted, path


def test_a_backup_goes_over_nothing(small: Place, tmp_path: Path) -> None:
    """A file, a folder with something in it, an older backup."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    before = tree_hash(tmp_path)
    for path in (archive, tmp_path / "canary.txt", tmp_path / "canaries"):
        with pytest.raises(StoreError, match="already"):
            back_up(small, path)
    assert tree_hash(tmp_path) == before


@pytest.mark.parametrize("kind", KINDS)
def test_a_restore_goes_over_nothing(new_place: NewPlace, tmp_path: Path, kind: str) -> None:
    """Neither a store nor anything else that has the name."""
    here = made_store(new_place(kind), 1)
    there = made_store(new_place(kind), 2)
    archive = tmp_path / "archive"
    back_up(here, archive)
    before = hashes(there)
    with pytest.raises(StoreError, match="new"):
        restore(archive, there)
    assert hashes(there) == before


def test_a_restore_does_not_meet_the_journal_of_another_database(
    small: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """SQLite would play it into the new one."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    there = new_place("sqlite")
    assert there.path is not None
    there.path.parent.mkdir()
    Path(f"{there.path}-wal").write_bytes(b"old")
    with pytest.raises(StoreError, match="-wal"):
        restore(archive, there)
    assert not there.path.exists()


def test_another_kind_is_said(small: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """With the command that copies between kinds."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    with pytest.raises(StoreError, match="kodeweb migrate"):
        restore(archive, new_place("json"))


def test_any_changed_byte_of_an_archive_is_found(
    small: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """In every part, and nothing is restored of it."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    there = new_place("sqlite")
    parts = [path for path in archive.rglob("*") if path.is_file() and path.stat().st_size]
    for path in parts:
        good = path.read_bytes()
        path.write_bytes(good[:-1] + bytes([good[-1] ^ 1]))
        if path.name != "manifest.json":
            with pytest.raises(StoreError, match="damaged"):
                restore(archive, there)
        path.write_bytes(good)
    assert there.path is not None
    assert not there.path.exists()
    restore(archive, there)


def test_a_path_in_the_list_never_leads_out(
    small: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """Whoever made the archive."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    lines = archive / "files.jsonl"
    row = json.loads(lines.read_text(encoding="ascii").splitlines()[0])
    lines.write_text(json.dumps({**row, "path": "../../evil"}) + "\n", encoding="ascii")
    with pytest.raises(StoreError, match="damaged"):
        restore(archive, new_place("sqlite"))
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "[" * 200_000, '{"format": "kodeweb-backup", "version": 9}']
)
def test_a_manifest_that_is_none_is_said(new_place: NewPlace, tmp_path: Path, text: str) -> None:
    """Damaged, foreign, or of a later version."""
    (tmp_path / "archive").mkdir()
    (tmp_path / "archive" / "manifest.json").write_text(text, encoding="ascii")
    with pytest.raises(StoreError):
        restore(tmp_path / "archive", new_place("sqlite"))


def test_links_are_left_out_and_named(small: Place, tmp_path: Path) -> None:
    """What they point to is in no backup."""
    assert small.files is not None
    (small.files / "agt-00001" / "events" / "x.log").symlink_to(tmp_path / "canary.txt")
    manifest = back_up(small, tmp_path / "archive")
    assert manifest.left_out == ("agt-00001/events/x.log",)
    assert not list((tmp_path / "archive" / FILES).rglob("x.log"))


@pytest.mark.parametrize("journal", ["delete", "wal"])
def test_a_backup_beside_a_writer_is_of_one_moment(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, journal: str
) -> None:
    """In steps, too: messages are as many as the session says, and no save fails."""
    assert small.path is not None
    with sqlite3.connect(small.path) as database:
        database.execute(f"PRAGMA journal_mode = {journal}")
    database.close()
    monkeypatch.setattr(online_copy, "ONE_STEP_BYTES", 0)
    monkeypatch.setattr(online_copy, "STEP_PAGES", 5)
    ended = threading.Event()
    errors: list[Exception] = []

    def write() -> None:
        text = [{"type": "text", "text": "x" * 2000}]
        with open_source(small) as store:
            for number in range(1, 60):
                if ended.wait(0.02):
                    return
                try:
                    store.save_messages("agt-00002", [Message(role="user", content=text)] * number)
                except StoreError as exc:
                    errors.append(exc)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        method = copy_database(small.path, tmp_path / "copy.db")
    finally:
        ended.set()
        writer.join()
    assert method == ("one snapshot" if journal == "wal" else "steps")
    assert not errors
    online_copy.verify_database(tmp_path / "copy.db")
    with sqlite3.connect(f"file:{tmp_path / 'copy.db'}?immutable=1", uri=True) as copy:
        said, found = copy.execute(
            "SELECT message_count, (SELECT count(*) FROM messages m WHERE m.agent_id = a.agent_id)"
            " FROM agents a WHERE agent_id = 'agt-00002'"
        ).fetchone()
    copy.close()
    assert said == found


def test_a_writer_that_never_rests_ends_a_stepped_backup_in_time(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One sentence instead of beginning anew for ever."""
    assert small.path is not None
    monkeypatch.setattr(online_copy, "ONE_STEP_BYTES", 0)
    monkeypatch.setattr(online_copy, "STEP_PAGES", 1)
    monkeypatch.setattr(online_copy, "LIMIT_S", 0.0)
    with pytest.raises(StoreUnavailable, match="all the time"):
        copy_database(small.path, tmp_path / "copy.db")


def test_the_tables_of_a_postgres_backup_are_of_one_moment(new_place: NewPlace) -> None:
    """What is committed between two of them is in neither."""
    here = made_store(new_place("postgres"), 2)
    with reading(here.target) as connection:
        before = [count_rows(connection, table) for table in ("agents", "messages")]
        with open_source(here) as store:
            add_session(store, "late")
        assert [count_rows(connection, table) for table in ("agents", "messages")] == before
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), connection.transaction():
            connection.execute("DELETE FROM agents")


def test_an_archive_can_be_verified_by_itself(small: Place, tmp_path: Path) -> None:
    """The manifest says how it was made, of what and how much."""
    archive = tmp_path / "archive"
    back_up(small, archive)
    manifest = read_manifest(archive)
    assert (manifest.kind, manifest.method) == ("sqlite", "one step")
    assert manifest.counts["messages"] == 16
    verify_archive(archive, manifest)
