"""Backups in odd places, and of stores that are not as they should be."""

import sqlite3
import stat
from pathlib import Path

import pytest

from stores.errors import StoreError
from stores.tools.archive import read_manifest
from stores.tools.backup import back_up
from stores.tools.places import Place
from stores.tools.restore import restore
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import hashes, made_store


def test_rows_without_a_session_are_backed_up_as_they_are(
    small: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """SQLite's own shell leaves them when it deletes a session."""
    there = new_place("sqlite")
    dumps = []
    with sqlite3.connect(str(small.path)) as database:
        database.execute("DELETE FROM agents WHERE agent_id = 'agt-00001'")
        dumps.append(list(database.iterdump()))
    database.close()
    back_up(small, tmp_path / "archive")
    restore(tmp_path / "archive", there)
    with sqlite3.connect(str(there.path)) as database:
        dumps.append(list(database.iterdump()))
    database.close()
    assert dumps[0] == dumps[1]


def test_a_backup_does_not_go_among_the_files_of_its_store(
    new_place: NewPlace, tmp_path: Path
) -> None:
    """Its copies would be sessions there, and in the next backup."""
    place = made_store(new_place("json"), 1)
    assert place.files is not None
    link = tmp_path / "link"
    link.symlink_to(place.files)
    before = hashes(place)
    for path in (place.files / "backup", link / "deep" / "backup"):
        with pytest.raises(StoreError, match="another folder"):
            back_up(place, path)
    assert hashes(place) == before


def test_a_backup_into_the_current_folder_needs_it_empty(
    small: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A dot is a name like any other."""
    (tmp_path / "here").mkdir()
    monkeypatch.chdir(tmp_path / "here")
    back_up(small, Path())
    assert read_manifest(tmp_path / "here").counts["agents"]
    monkeypatch.chdir(tmp_path / "here")
    with pytest.raises(StoreError, match="already"):
        back_up(small, Path())


def test_a_folder_that_others_may_read_is_not_filled_as_it_is(small: Place, tmp_path: Path) -> None:
    """Such as one that somebody has made under the name of the unfinished archive."""
    partial = tmp_path / ".archive.kodeweb-partial"
    partial.mkdir()
    partial.chmod(0o777)
    back_up(small, tmp_path / "archive")
    assert stat.S_IMODE((tmp_path / "archive").stat().st_mode) == 0o700
