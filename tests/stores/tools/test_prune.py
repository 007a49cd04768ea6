"""Pruning: what is old goes whole, everything else stays whole."""

import json
import stat
from dataclasses import replace
from pathlib import Path

import pytest

from stores.errors import InvalidQuery
from stores.tools.check import check_store
from stores.tools.places import Place, open_source, open_target
from stores.tools.prune import Candidate, Journal, Pruning, Rule, Spared, age_ms, find_old, prune
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import DAY_MS, NOW_MS, add_session, hashes, tree_hash

KINDS = ("sqlite", "json", "postgres")
NINETY = Rule(before_ms=NOW_MS - 90 * DAY_MS, now_ms=NOW_MS)


@pytest.fixture(params=KINDS)
def aged(request: pytest.FixtureRequest, new_place: NewPlace) -> Place:
    """Return a store with old and new sessions, an old fork and an old one that waits."""
    place = new_place(request.param)
    with open_target(place) as store:
        add_session(store, "new", days_old=10)
        add_session(store, "edge", days_old=90)
        add_session(store, "old", days_old=91)
        add_session(store, "old/fork-1", days_old=91, lineage=("old",))
        add_session(store, "oldest", days_old=400, template="other")
        add_session(store, "paused", days_old=200, state="PAUSED")
    return place


def _run(place: Place, rule: Rule, journal: Path | None = None) -> Pruning:
    with open_source(place) as store:
        found, _spared = find_old(store, place.files, rule)
        return prune(store, place.files, found, rule, journal=Journal(journal))


def test_what_is_old_goes_and_the_rest_stays_whole(aged: Place) -> None:
    """A parent's fork too, whose files lie within the parent's folder."""
    before = hashes(aged)
    assert _run(aged, NINETY).deleted == ["oldest", "old"]
    after = hashes(aged)
    assert set(after) == {"new", "edge", "old/fork-1", "paused"}
    assert all(before[agent_id] == found for agent_id, found in after.items())
    with open_source(aged) as store:
        assert check_store(store, aged.files).problem_count == 0


def test_looking_changes_nothing(aged: Place, tmp_path: Path) -> None:
    """A dry run is what finds, without what deletes."""
    before = hashes(aged), tree_hash(tmp_path)
    with open_source(aged) as store:
        found, spared = find_old(store, aged.files, NINETY)
    assert [row.agent_id for row in found] == ["oldest", "old"]
    assert {row.known_from for row in found} <= {"last save", "last event"}
    assert {row.agent_id: row.reason for row in spared} == {
        "old/fork-1": "it is a fork; --with-forks deletes old ones too",
        "paused": "it waits for an approval",
    }
    assert hashes(aged) == before[0]
    assert tree_hash(tmp_path) == before[1]


def test_forks_go_when_asked_for_and_a_young_one_stays(aged: Place) -> None:
    """Each is judged by its own age, never by its parent's."""
    with open_source(aged) as store:
        add_session(store, "old/fork-2", days_old=1, lineage=("old",))
    wanted = hashes(aged)["old/fork-2"]
    done = _run(aged, replace(NINETY, with_forks=True))
    assert sorted(done.deleted) == ["old", "old/fork-1", "oldest"]
    assert hashes(aged)["old/fork-2"] == wanted


def test_a_template_narrows(aged: Place) -> None:
    """Exactly this one."""
    assert _run(aged, replace(NINETY, template_id="other")).deleted == ["oldest"]
    assert _run(aged, replace(NINETY, template_id="othe_")).deleted == []


def test_a_session_that_woke_up_meanwhile_is_spared(aged: Place) -> None:
    """It is judged again right before it would be deleted."""
    with open_source(aged) as store:
        found, _ = find_old(store, aged.files, NINETY)
        add_session(store, "old", days_old=0)
        done = prune(store, aged.files, found, NINETY, journal=Journal(None))
    assert done.deleted == ["oldest"]
    assert done.spared == [Spared("old", "it was active meanwhile")]


def test_a_locked_session_is_spared(aged: Place) -> None:
    """Somebody else works on it."""
    with open_source(aged) as mine, open_source(aged) as store:
        release = mine.acquire_agent_lock("old")
        found, _ = find_old(store, aged.files, NINETY)
        done = prune(store, aged.files, found, NINETY, journal=Journal(None))
        release()
        assert done.deleted == ["oldest"]
        assert [row.agent_id for row in done.spared] == ["old"]
        assert store.exists("old")


def test_without_save_or_event_the_day_of_creation_counts(new_place: NewPlace) -> None:
    """And it is said that it does."""
    place = new_place("sqlite")
    with open_target(place) as store:
        add_session(store, "bare", days_old=100)
        info = store.load_info("bare")
        assert info is not None
        store.delete("bare")
        store.save_info("bare", replace(info, metadata={}))
        found, _ = find_old(store, place.files, NINETY)
    assert found == [Candidate("bare", "helper", NOW_MS - 100 * DAY_MS, "creation")]


def test_a_new_copy_of_an_old_session_is_young(aged: Place) -> None:
    """It keeps the metadata of the old one, with the time of its last save."""
    with open_source(aged) as store:
        [copy] = store.batch_fork("old", 1)
        info = store.load_info(copy)
    assert info is not None
    assert info.metadata is not None
    assert info.metadata["updatedAt"] < info.created_at
    assert copy not in _run(aged, NINETY).deleted


def test_messages_saved_lately_keep_a_session_without_a_save_time(aged: Place) -> None:
    """Whoever writes through the store interface need not know of the SDK's metadata."""
    with open_source(aged) as store:
        info = store.load_info("old")
        assert info is not None
        store.save_info("old", replace(info, metadata={"mine": 1}))
        found, _ = find_old(store, aged.files, NINETY)
    assert [row.agent_id for row in found] == ["oldest"]


@pytest.mark.parametrize("saved_at", ["yesterday", -(10**17), 10**300, 10**15, True, [1]])
def test_a_session_whose_last_save_cannot_be_read_is_spared(
    new_place: NewPlace, saved_at: object
) -> None:
    """The day of creation does not stand in for it."""
    place = new_place("json")
    with open_target(place) as store:
        add_session(store, "odd", days_old=200)
        info = store.load_info("odd")
        assert info is not None
        store.save_info("odd", replace(info, metadata={"updatedAt": saved_at}))
        found, spared = find_old(store, place.files, NINETY)
    assert found == []
    assert spared == [Spared("odd", "the time of its last save cannot be read")]


def test_an_event_that_is_newer_than_the_row_counts(new_place: NewPlace) -> None:
    """A row is saved more rarely than events are written."""
    place = new_place("json")
    with open_target(place) as store:
        add_session(store, "busy", days_old=1)
        info = store.load_info("busy")
        assert info is not None
        store.save_info("busy", replace(info, metadata={"updatedAt": "2020-01-01T00:00:00.000Z"}))
        assert find_old(store, place.files, NINETY) == ([], [])


def test_a_session_of_tomorrow_is_young(new_place: NewPlace) -> None:
    """A clock that was wrong costs nothing."""
    place = new_place("sqlite")
    with open_target(place) as store:
        add_session(store, "tomorrow", days_old=-1)
        assert find_old(store, place.files, NINETY) == ([], [])


def test_what_a_killed_run_left_is_finished(aged: Place, tmp_path: Path) -> None:
    """Files without rows that the journal names; what has its row is whole and stays."""
    path = tmp_path / "journal" / "prune.json"
    journal = Journal(path)
    journal.begin(["old", "edge"])
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert json.loads(path.read_text(encoding="ascii")) == ["old", "edge"]
    before = hashes(aged)
    with open_source(aged) as store:
        events = list(store.read_events("old"))
        store.delete("old")
        store.append_event("old", events[0])
        assert journal.finish(store) == ["old"]
        assert check_store(store, aged.files).problem_count == 0
    assert not path.exists()
    after = hashes(aged)
    assert after == {agent_id: before[agent_id] for agent_id in before if agent_id != "old"}


@pytest.mark.parametrize("text", ["", "90", "0d", "-1d", "1y", "90d; rm", "9999999d", "½d", "30m"])
def test_what_is_no_age_is_said(text: str) -> None:
    """Nothing is guessed where things are deleted."""
    with pytest.raises(InvalidQuery, match="90d"):
        age_ms(text)


def test_ages_are_hours_days_and_weeks() -> None:
    """In milliseconds."""
    assert [age_ms(text) for text in ("36h", "90d", " 2W ")] == [
        36 * 3_600_000,
        90 * DAY_MS,
        14 * DAY_MS,
    ]
