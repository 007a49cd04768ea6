"""Migration among left-overs: of sessions, of copies, of other runs."""

from dataclasses import replace
from pathlib import Path

import pytest

from stores.backends.jsondir.agent_store import JSONStore
from stores.errors import StoreUnavailable
from stores.tools.content import UNFINISHED
from stores.tools.migrate import migrate
from stores.tools.places import Place, open_source, open_target
from tests.stores.tools.conftest import NewPlace


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("runtime/messages.json", '[{"role":"user","content":[]}]'),
        ("runtime/todos.json", "{torn"),
        ("events/monitor.log", "torn"),
        ("history/windows/1.json", ""),
    ],
)
def test_what_is_left_of_a_session_without_its_meta_is_not_overwritten(
    small: Place, tmp_path: Path, name: str, text: str
) -> None:
    """Not even where nothing of it can be read."""
    base = tmp_path / "left"
    file = base / "agt-00003" / name
    file.parent.mkdir(parents=True)
    file.write_text(text, encoding="utf-8")
    with open_source(small) as source, JSONStore(base) as target:
        done = migrate(source, target, pattern="agt-00003")
    assert done.counts == {"failed": 1}
    assert file.read_text(encoding="utf-8") == text


@pytest.mark.parametrize("kind", ["sqlite", "json", "postgres"])
def test_two_runs_do_not_copy_into_one_store_at_once(
    small: Place, new_place: NewPlace, kind: str
) -> None:
    """Each would take the other's copy for one that was broken off, and delete it."""
    there = new_place(kind)
    seen: list[str] = []

    def meanwhile(done: int, total: int, _agent_id: str) -> None:
        if done == 1:
            with (
                open_source(small) as source,
                open_target(there) as target,
                pytest.raises(StoreUnavailable, match="under way") as refused,
            ):
                migrate(source, target)
            seen.append(refused.value.reason)

    with open_source(small) as source, open_target(there) as target:
        done = migrate(source, target, progress=meanwhile)
        assert done.is_complete
        assert seen == ["locked"]
        assert migrate(source, target).counts == {"same": len(done.outcomes)}


def test_a_half_copy_is_not_passed_on(small: Place, new_place: NewPlace) -> None:
    """It would count as verified and be half a session for good."""
    there = new_place("json")
    with open_source(small) as source, open_target(there) as target:
        info = source.load_info("agt-00003")
        assert info is not None
        source.save_info("agt-00003", replace(info, metadata={UNFINISHED: {}}))
        for is_dry_run in (True, False):
            done = migrate(source, target, pattern="agt-00003", is_dry_run=is_dry_run)
            assert done.counts == {"failed": 1}
            assert "broken off" in done.outcomes[0].reason
        assert not target.exists("agt-00003")
