"""Ids of agents: none leads out of a store, new ones have the SDK's two forms."""

import re
from pathlib import Path
from random import Random

import pytest

from stores.errors import InvalidAgentId
from stores.kode.agent_ids import check_agent_id, copy_id, id_parts, new_agent_id
from stores.kode.files import FileStore

HOSTILE = [
    "",
    ".",
    "..",
    "../x",
    "../../x",
    "a/../../b",
    "a/..",
    "/etc",
    "a//b",
    "a/",
    "./a",
    "a\0b",
    "\0",
    "..\\x",
    "a\nb",
    "a\x1b[31m",
    "a\x7f",
    "x" * 300,
    "é" * 200,
    "/".join("a" * 70),
    "\ud800",
    "a/events",
    "a/runtime/b",
    "a/meta.json",
]


@pytest.mark.parametrize("agent_id", HOSTILE)
def test_an_id_that_could_lead_elsewhere_is_refused(agent_id: str) -> None:
    with pytest.raises(InvalidAgentId):
        check_agent_id(agent_id)
    assert id_parts(agent_id) is None


def test_an_id_that_is_no_text_is_refused() -> None:
    with pytest.raises(InvalidAgentId):
        check_agent_id(None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "agent_id", ["agt-1", "a/fork-1/fork-2", "…", "%2e%2e", "．．", "a b", "x" * 255, "events"]
)
def test_an_id_that_is_only_odd_is_a_folder(agent_id: str) -> None:
    check_agent_id(agent_id)
    assert id_parts(agent_id) == tuple(agent_id.split("/"))


def test_new_ids_have_the_forms_of_the_sdk_and_tell_their_time() -> None:
    rng = Random(1)  # noqa: S311 - ids only have to differ
    made = [new_agent_id(1_763_000_000_000 + at, rng) for at in range(50)]
    assert len(set(made)) == 50
    assert all(re.fullmatch(r"agt-[0-9A-HJKMNP-TV-Z]{26}", agent_id) for agent_id in made)
    assert [agent_id[:14] for agent_id in made] == sorted(agent_id[:14] for agent_id in made)
    copied = copy_id(1_763_000_000_000, rng)
    assert re.fullmatch(r"agt-[0-9a-z]{24}", copied)
    assert int(copied[4:12], 36) == 1_763_000_000_000


def test_the_name_of_the_database_is_no_agent(tmp_path: Path) -> None:
    store = FileStore(tmp_path, reserved_names=("agents.db", "agents.db-journal"))
    (tmp_path / "agents.db").write_bytes(b"rows")
    for agent_id in ("agents.db", "agents.db-journal", "agents.db/x"):
        with pytest.raises(InvalidAgentId, match="database"):
            store.load_todos(agent_id)
        with pytest.raises(InvalidAgentId, match="database"):
            store.delete_agent(agent_id, with_forks=True)
    assert [path.name for path in tmp_path.iterdir()] == ["agents.db"]
