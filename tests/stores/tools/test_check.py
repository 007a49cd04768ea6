"""The check: nothing about a good store, and every planted fault by name."""

import json
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from stores.tools.check import StoreCheck, check_store
from stores.tools.content import UNFINISHED
from stores.tools.places import Place, find_place, open_source
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import made_store, tree_hash

KINDS = ("sqlite", "json", "postgres")


def _check(place: Place) -> StoreCheck:
    with open_source(place) as store:
        return check_store(store, place.files)


def _problems(place: Place) -> dict[str, str]:
    return {row.agent_id: " ".join(row.problems) for row in _check(place).findings if row.problems}


@pytest.mark.parametrize("kind", KINDS)
def test_a_good_store_has_no_problem_and_is_left_alone(
    new_place: NewPlace, tmp_path: Path, kind: str
) -> None:
    """A call without a result is a note."""
    place = made_store(new_place(kind), 3)
    before = tree_hash(tmp_path)
    found = _check(place)
    assert found.sessions == 4
    assert found.problem_count == 0
    assert {row.notes for row in found.findings} == {
        ("Calls without a result in the messages: 1.",)
    }
    assert tree_hash(tmp_path) == before


def test_the_stores_of_the_sdk_have_no_problem(sdk_store: Place, kode_data: Path) -> None:
    """Neither the database nor the folder."""
    assert _problems(sdk_store) == {}
    assert _problems(find_place(str(kode_data / "json-store"))) == {}


@pytest.mark.parametrize("kind", KINDS)
def test_planted_faults_are_found_where_they_are(new_place: NewPlace, kind: str) -> None:
    """In files of three sorts, and a folder that nobody owns; nothing stops the rest."""
    place = made_store(new_place(kind), 6)
    assert place.files is not None
    (place.files / "agt-00001" / "runtime" / "todos.json").write_text("{", encoding="ascii")
    (place.files / "agt-00002" / "events" / "monitor.log").write_text("{torn\nx\n")
    windows = place.files / "agt-00003" / "history" / "windows"
    windows.mkdir(parents=True)
    (windows / "1.json").write_text("no", encoding="ascii")
    (place.files / "stray" / "events").mkdir(parents=True)
    (place.files / "stray" / "events" / "progress.log").write_text("", encoding="ascii")
    found = _problems(place)
    assert "todos.json" in found["agt-00001"]
    assert "monitor.log" in found["agt-00002"]
    assert "windows/1.json" in found["agt-00003"]
    wanted = {"agt-00001", "agt-00002", "agt-00003"}
    # A folder without its meta.json is no session of a folder of JSON, but left-over files.
    assert set(found) == wanted | {"stray"}


def test_broken_rows_are_found(small: Place) -> None:
    """Counts, texts that are no JSON, and rows of nobody."""
    assert small.path is not None
    with sqlite3.connect(small.path) as database:
        database.execute("UPDATE agents SET message_count = 9 WHERE agent_id = 'agt-00001'")
        database.execute("UPDATE messages SET content = '{' WHERE agent_id = 'agt-00002'")
        database.execute("UPDATE tool_calls SET name = '' WHERE agent_id = 'agt-00003'")
        database.execute("UPDATE agents SET metadata = '' WHERE agent_id = 'agt-00004'")
    database.close()
    found = _problems(small)
    assert set(found) == {f"agt-0000{number}" for number in range(1, 5)}
    assert "9 messages" in found["agt-00001"]


def test_a_lost_ancestor_is_a_note(small: Place) -> None:
    """Deleting a parent is allowed."""
    with open_source(small) as store:
        store.delete("agt-00000")
    found = _check(small)
    assert found.problem_count == 0
    notes = {row.agent_id: row.notes for row in found.findings}
    assert "Its ancestor agt-00000 is not in the store." in notes["agt-00000/fork-1"]


def test_a_broken_off_copy_is_a_problem(small: Place) -> None:
    """With the way out."""
    with open_source(small) as store:
        info = store.load_info("agt-00001")
        assert info is not None
        store.save_info("agt-00001", replace(info, metadata={UNFINISHED: {}}))
    assert "run the migration again" in _problems(small)["agt-00001"]


def test_the_report_is_json(small: Place) -> None:
    """With counts first."""
    report = json.loads(json.dumps(_check(small).to_json()))
    assert report["consistent"] is True
    assert report["sessions"] == 8
    assert report["notes"] == 8
