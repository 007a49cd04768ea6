"""Migration: every session arrives whole, or is named with the reason why it did not."""

import json
import shutil
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest

from stores.errors import StoreUnavailable
from stores.kode.records import Message
from stores.tools.content import UNFINISHED
from stores.tools.migrate import MAX_TRIES, migrate
from stores.tools.places import Place, find_place, open_source, open_target
from tests.servers import load_dump
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import add_session, hashes, made_store, opened, tree_hash

# A message of the SDK's own data holds U+0000, which PostgreSQL cannot.
NUL_ID = "agt-01M36AC151HTC59WZ7X8SG8K1Y"


def test_sdk_data_comes_round_the_kinds_and_back_with_equal_hashes(
    sdk_store: Place, new_place: NewPlace
) -> None:
    """Each hop copies all sessions, and the last store equals the first."""
    with open_source(sdk_store) as store:
        store.delete(NUL_ID)
    _go_round(sdk_store, new_place, ("json", "postgres", "sqlite"))


def test_what_a_kind_cannot_hold_is_named_and_left_out_whole(
    sdk_store: Place, new_place: NewPlace
) -> None:
    """The character U+0000 in PostgreSQL: nothing of that session stays there."""
    with open_source(sdk_store) as source, open_target(new_place("postgres")) as target:
        done = migrate(source, target, pattern=NUL_ID[:9] + "*")
        assert not target.exists(NUL_ID)
    (failed,) = (row for row in done.outcomes if row.outcome == "failed")
    assert failed.agent_id == NUL_ID
    assert "U+0000" in failed.reason


def test_the_sdk_folder_of_json_comes_round_with_equal_hashes(
    kode_data: Path, new_place: NewPlace
) -> None:
    """Nested forks and files among them."""
    _go_round(find_place(str(kode_data / "json-store")), new_place, ("sqlite", "json"))


def test_the_sdk_postgres_store_comes_round_with_equal_hashes(
    kode_data: Path, new_place: NewPlace
) -> None:
    """Its rows were never written by us."""
    here = new_place("postgres")
    load_dump(here.config["connection"], kode_data / "postgres" / "agents.sql")
    assert here.files is not None
    shutil.copytree(kode_data / "postgres" / "store", here.files, copy_function=shutil.copyfile)
    _go_round(here, new_place, ("json", "postgres"))


def _go_round(first: Place, new_place: NewPlace, kinds: tuple[str, ...]) -> None:
    wanted = hashes(first)
    assert wanted
    here = first
    for kind in kinds:
        there = new_place(kind)
        with open_source(here) as source, open_target(there) as target:
            done = migrate(source, target)
        assert done.counts == {"copied": len(wanted)}
        here = there
    assert hashes(here) == wanted


@pytest.mark.parametrize("kind", ["sqlite", "json"])
def test_a_second_run_finds_everything_there(small: Place, new_place: NewPlace, kind: str) -> None:
    """The same content counts as done, and nothing is written."""
    there = new_place(kind)
    with open_source(small) as source, open_target(there) as target:
        migrate(source, target)
    assert there.files is not None
    before = tree_hash(there.files.parent)
    with open_source(small) as source, open_target(there) as target:
        assert migrate(source, target).counts == {"same": 8}
    assert tree_hash(there.files.parent) == before


def test_a_session_that_is_there_and_different_is_not_overwritten(
    small: Place, new_place: NewPlace
) -> None:
    """It is named with what differs, and the others are copied."""
    there = new_place("sqlite")
    with open_target(there) as target:
        add_session(target, "agt-00003", days_old=99)
    before = hashes(there)["agt-00003"]
    with open_source(small) as source, open_target(there) as target:
        done = migrate(source, target)
    assert done.counts == {"copied": 7, "failed": 1}
    assert not done.is_complete
    (failed,) = (found for found in done.outcomes if found.outcome == "failed")
    assert failed.agent_id == "agt-00003"
    assert "info" in failed.reason
    assert hashes(there)["agt-00003"] == before


def test_files_without_a_row_in_the_target_are_not_overwritten(
    small: Place, new_place: NewPlace
) -> None:
    """Nobody knows whose they are."""
    there = new_place("sqlite")
    with open_source(small) as source, open_target(there) as target:
        target.append_event("agt-00003", next(source.read_events("agt-00003")))
        done = migrate(source, target, pattern="agt-00003")
    assert done.counts == {"failed": 1}
    assert "without a row" in done.outcomes[0].reason


def test_a_dry_run_changes_nothing(small: Place, new_place: NewPlace, tmp_path: Path) -> None:
    """Neither a target that is there nor one that is not."""
    there = made_store(new_place("sqlite"), 2)
    before = tree_hash(tmp_path)
    with open_source(small) as source, open_source(there) as target:
        done = migrate(source, target, is_dry_run=True)
        assert done.counts == {"failed": 3, "would-copy": 5}
        assert migrate(source, None, is_dry_run=True).counts == {"would-copy": 8}
    assert tree_hash(tmp_path) == before


def test_a_pattern_chooses_by_id(small: Place, new_place: NewPlace) -> None:
    """Case counts, and a star also stands for the slash of a fork."""
    with open_source(small) as source, open_target(new_place("json")) as target:
        assert migrate(source, target, pattern="AGT-*").counts == {}
        assert migrate(source, target, pattern="agt-00000*").counts == {"copied": 2}
        assert sorted(target.list()) == ["agt-00000", "agt-00000/fork-1"]


def test_ancestors_come_first(new_place: NewPlace) -> None:
    """Even when they are younger than those who descend from them."""
    here = new_place("sqlite")
    with open_target(here) as source:
        add_session(source, "child", days_old=9, lineage=("root", "middle"))
        add_session(source, "middle", days_old=5, lineage=("root",))
        add_session(source, "root", days_old=1)
    with open_source(here) as source, open_target(new_place("json")) as target:
        done = migrate(source, target)
    assert [found.agent_id for found in done.outcomes] == ["root", "middle", "child"]


def test_a_broken_off_copy_is_begun_anew(small: Place, new_place: NewPlace) -> None:
    """It carries a mark, which nothing else has."""
    there = new_place("sqlite")
    with open_source(small) as source, open_target(there) as target:
        info = source.load_info("agt-00001")
        assert info is not None
        target.save_info(info.agent_id, replace(info, metadata={UNFINISHED: {}}))
        target.append_event("agt-00001", next(source.read_events("agt-00001")))
        assert migrate(source, target).counts == {"copied": 8}
    assert hashes(there) == hashes(small)


def test_a_session_that_changes_while_it_is_copied_is_copied_again(
    small: Place, new_place: NewPlace, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once is mended, always is said."""
    there = new_place("sqlite")
    with open_source(small) as source, open_target(there) as target:
        left = 1

        def save(agent_id: str, records: object, keep: object = target.save_media_cache) -> None:
            nonlocal left
            keep(agent_id, records)  # type: ignore[operator]
            if agent_id == "agt-00002" and left:
                left -= 1
                text = [{"type": "text", "text": f"more {left}"}]
                source.save_messages(agent_id, [Message(role="user", content=text)])

        monkeypatch.setattr(target, "save_media_cache", save)
        assert migrate(source, target, pattern="agt-00002").counts == {"copied": 1}
        target.delete("agt-00002")
        left = MAX_TRIES + 1
        done = migrate(source, target, pattern="agt-00002")
        assert done.counts == {"skipped": 1}
        assert "kept writing" in done.outcomes[0].reason
        assert not target.exists("agt-00002")


def test_a_locked_session_is_skipped(small: Place, new_place: NewPlace) -> None:
    """By anybody who holds the lock of the SDK's interface."""
    with open_source(small) as source, open_target(new_place("json")) as target:
        release = source.acquire_agent_lock("agt-00004")
        done = migrate(source, target)
        release()
    assert done.counts == {"copied": 7, "skipped": 1}
    assert next(row.agent_id for row in done.outcomes if row.outcome == "skipped") == "agt-00004"


def test_a_broken_row_stops_only_its_session(small: Place, new_place: NewPlace) -> None:
    """It is named; the others arrive."""
    assert small.path is not None
    with sqlite3.connect(small.path) as database:
        database.execute("UPDATE messages SET content = '{' WHERE agent_id = 'agt-00005'")
    database.close()
    with open_source(small) as source, open_target(new_place("json")) as target:
        done = migrate(source, target)
        assert not target.exists("agt-00005")
    assert done.counts == {"copied": 7, "failed": 1}


def test_what_cannot_be_read_of_a_source_is_named(small: Place, new_place: NewPlace) -> None:
    """A torn line of a log is not in the copy, and the report says so."""
    assert small.files is not None
    log = small.files / "agt-00005" / "events" / "monitor.log"
    log.write_text(log.read_text(encoding="utf-8") + "{torn\n", encoding="utf-8")
    with open_source(small) as source, open_target(new_place("json")) as target:
        done = migrate(source, target)
    assert done.counts == {"copied": 8}
    problems = {row.agent_id: row.problems for row in done.outcomes if row.problems}
    assert list(problems) == ["agt-00005"]
    assert "monitor.log" in problems["agt-00005"][0]


def test_the_report_says_what_became_of_each(small: Place, new_place: NewPlace) -> None:
    """It is JSON, with counts and hashes."""
    with open_source(small) as source, open_target(new_place("json")) as target:
        report = json.loads(json.dumps(migrate(source, target).to_json()))
    assert report["counts"] == {"copied": 8}
    assert report["complete"] is True
    wanted = hashes(small)
    assert {row["agentId"]: row["sha256"] for row in report["agents"]} == wanted


def test_sessions_are_not_strewn_among_other_things(
    small: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    """A folder with other files, or the file half of a database, is no folder of JSON."""
    assert small.files is not None
    for folder in (tmp_path / "canaries", small.files):
        with pytest.raises(StoreUnavailable, match=folder.name):
            open_target(find_place(str(folder)))
    begun = new_place("json")
    assert begun.path is not None
    (begun.path / "agt-1" / "runtime").mkdir(parents=True)
    open_target(begun).close()


def test_opening_a_source_makes_nothing(tmp_path: Path) -> None:
    """A store that is not there is an error, and no file afterwards."""
    before = tree_hash(tmp_path)
    for name in ("nothing.db", "nothing"):
        with pytest.raises(Exception, match="no store"), opened(tmp_path / name):
            pass
    assert tree_hash(tmp_path) == before
