"""What only the reader of JSON folders has: broken files, ids that repeat, an index that builds."""

import json
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest

from stores.backends.jsondir.index import Index
from stores.backends.jsondir.reader import JsonReader
from stores.browse.queries import MessageQuery, SessionQuery, ToolCallQuery
from stores.errors import SessionNotFound, StoreUnavailable
from tests.stores.jsondir.conftest import KEY, Folder, call


@pytest.fixture
def reader(folder: Folder, tmp_path: Path) -> Iterator[JsonReader]:
    """Return a reader of the small store."""
    reader = JsonReader("store", folder.base, tmp_path / "own" / "id")
    yield reader
    reader.close()


@pytest.fixture(scope="session")
def sdk_answers(kode_data: Path) -> dict[str, Any]:
    """Return what the SDK itself says of its JSON store."""
    answers: dict[str, Any] = json.loads((kode_data / "expected.json").read_text())["json"]
    return answers


@pytest.fixture
def sdk_reader(kode_data: Path, tmp_path: Path) -> Iterator[JsonReader]:
    """Return a reader of the JSON store that the SDK wrote."""
    reader = JsonReader("store", kode_data / "json-store", tmp_path / "own" / "id")
    yield reader
    reader.close()


def _hash(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return sha256(text.encode()).hexdigest()[:16]


def test_the_sdk_s_own_store_is_all_there(
    sdk_reader: JsonReader, sdk_answers: dict[str, Any]
) -> None:
    """Sessions with their nested forks, messages, calls, snapshots and todos of expected.json."""
    rows = {row.agent_id: row for row in sdk_reader.list_sessions(SessionQuery()).rows}
    assert rows.keys() == sdk_answers["agents"].keys()
    for agent_id, answer in sdk_answers["agents"].items():
        row, detail = rows[agent_id], sdk_reader.get_session(agent_id, whole=True)
        info = answer["info"]
        assert (row.template_id, row.message_count) == (info["templateId"], info["messageCount"])
        assert detail.lineage == tuple(info["lineage"])
        assert not row.problems
        snapshots = {snapshot.snapshot_id for snapshot in detail.snapshots}
        assert len(snapshots) == len(answer["snapshots"])
        assert (sdk_reader.get_todos(agent_id) is not None) == bool(answer.get("todos"))
        calls = sdk_reader.list_tool_calls(ToolCallQuery(agent_id=agent_id, limit=200)).rows
        assert len(calls) == row.call_count == answer["toolCalls"]["count"]
        events = sdk_reader.list_events(agent_id, limit=10_000).events
        assert len(events) == sum(channel["count"] for channel in answer["events"].values())


def test_every_message_of_the_sdk_hashes_like_the_sdk_says(
    sdk_reader: JsonReader, sdk_answers: dict[str, Any], kode_data: Path
) -> None:
    """The text that a page gives out is the file's own content."""
    for agent_id, answer in sdk_answers["agents"].items():
        path = kode_data / "json-store" / agent_id / "runtime" / "messages.json"
        stored = json.loads(path.read_text())
        texts = [sdk_reader.get_message_text(agent_id, seq) for seq in range(len(stored))]
        shown = [
            message | {"content": json.loads(text)}
            for message, text in zip(stored, texts, strict=True)
        ]
        assert [_hash(message) for message in shown] == answer["messages"]["hashes"]


def test_no_page_shows_a_provider_key(folder: Folder, reader: JsonReader) -> None:
    folder.add("agt-a", "hello")
    answers = [
        reader.get_session("agt-a", whole=True),
        reader.list_sessions(SessionQuery()),
        reader.get_transcript("agt-a"),
        reader.overview(),
    ]
    assert KEY not in repr(answers)
    assert ("Model", "y") in reader.get_session("agt-a", whole=True).metadata


def test_a_broken_file_is_said_where_its_session_is(folder: Folder, reader: JsonReader) -> None:
    (folder.add("agt-a", "x") / "meta.json").write_text('{"agentId": "agt-a", "temp')
    (folder.add("agt-b", "x") / "runtime" / "messages.json").write_text('[{"role": "us')
    folder.add("agt-c", "fine")
    rows = {row.agent_id: row for row in reader.list_sessions(SessionQuery()).rows}
    assert "meta.json: not valid JSON" in rows["agt-a"].problems
    assert "messages.json: not valid JSON" in rows["agt-b"].problems
    assert rows["agt-c"].problems == ()
    assert len(reader.get_transcript("agt-a").turns) == 1
    (turn,) = reader.get_transcript("agt-b").turns
    assert turn.raw == '[{"role": "us'
    assert turn.problems
    (marked,) = reader.list_messages(MessageQuery(agent_id="agt-b")).rows
    assert marked.problems
    assert "meta.json: not valid JSON" in reader.get_session("agt-a").row.problems


def test_calls_that_share_an_id_have_pages_of_their_own(folder: Folder, reader: JsonReader) -> None:
    for name in ("agt-a", "agt-b"):
        use = {"type": "tool_use", "id": "call_0", "name": "bash_run", "input": {"cmd": "ls"}}
        folder.add(name)
        path = folder.base / name / "runtime" / "messages.json"
        folder.write(path, [{"role": "assistant", "content": [use]}])
        folder.call(name, call("call_0", result={"of": name}))
    rows = reader.list_tool_calls(ToolCallQuery()).rows
    assert len({row.id for row in rows}) == 2
    for row in rows:
        assert reader.get_tool_call(row.id).result == {"of": row.agent_id}
        assert reader.get_tool_call(row.id).id == row.id
        assert json.loads(reader.get_tool_call_text(row.id, "result")) == {"of": row.agent_id}
        assert reader.find_call_seq(row.agent_id, row.id) == 0
        (turn,) = reader.get_transcript(row.agent_id).turns
        assert turn.blocks[0].call is not None
        assert turn.blocks[0].call.id == row.id
        assert not turn.blocks[0].is_inherited


def test_a_search_goes_on_where_its_time_ended(
    folder: Folder, reader: JsonReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        folder.add(f"agt-{number:02}", *(["nothing"] * 40), "Needle" if number == 3 else "hay")
    monkeypatch.setattr("stores.browse.sql.walk.SEARCH_BUDGET_MS", 0)
    monkeypatch.setattr("stores.browse.sql.walk._FIRST_CHUNK", 100)
    query = MessageQuery(text="needle")
    pages, found = 0, []
    while True:
        page = reader.list_messages(query)
        found += [row.agent_id for row in page.rows]
        pages += 1
        if page.next is None:
            break
        query = replace(query, cursor=page.next)
    assert found == ["agt-03"]
    assert pages > 3


@pytest.mark.parametrize("text", ['say "hi"', "a\\b", "1,2", "über", "x\ny", "{", "Ü", "/", "NIL"])
def test_any_text_is_found_in_either_way_of_looking(
    folder: Folder, reader: JsonReader, text: str
) -> None:
    """By the bytes of the file where they say enough, else by its decoded messages."""
    folder.add("agt-a", f"before {text} after")
    folder.add("agt-b", "something else")
    folder.call("agt-b", call("c1", error=f"it said {text}"), call("c2", input={"x": text}))
    rows = reader.list_messages(MessageQuery(text=text)).rows
    assert "agt-a" in {row.agent_id for row in rows}
    calls = reader.list_tool_calls(ToolCallQuery(text=text)).rows
    assert {row.id for row in calls} >= {"c1", "c2"}


def test_a_session_that_changed_is_shown_as_it_is(folder: Folder, reader: JsonReader) -> None:
    folder.add("agt-a", "one")
    assert reader.get_session("agt-a").row.message_count == 1
    folder.say("agt-a", "one", "two")
    assert reader.get_session("agt-a").row.message_count == 2
    assert len(reader.get_transcript("agt-a").turns) == 2
    shutil.rmtree(folder.base / "agt-a")
    for read in _single_reads(reader):
        with pytest.raises(SessionNotFound):
            read()


def _single_reads(reader: JsonReader) -> list[Callable[[], object]]:
    return [
        lambda: reader.get_session("agt-a"),
        lambda: reader.get_transcript("agt-a"),
        lambda: reader.get_message_text("agt-a", 0),
        lambda: reader.get_transcript("../agt-a"),
        lambda: reader.get_session("/etc"),
        lambda: reader.get_block("a\x00", 0, 0),
    ]


@pytest.mark.parametrize("harm", ["deleted", "garbage", "half", "folder deleted"])
def test_pages_outlive_their_index(
    folder: Folder, reader: JsonReader, tmp_path: Path, harm: str
) -> None:
    for number in range(40):
        folder.add(f"agt-{number:02}", "text " * 200)
    assert len(reader.list_sessions(SessionQuery(limit=100)).rows) == 40
    path = tmp_path / "own" / "id" / "index.sqlite3"
    if harm == "folder deleted":
        shutil.rmtree(path.parent)
    elif harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(b"x" * 9000 if harm == "garbage" else path.read_bytes()[:20_000])
    for _ in range(3):
        try:
            rows = reader.list_sessions(SessionQuery(limit=100)).rows
        except StoreUnavailable as exc:
            assert exc.reason == "index"
    assert len(rows) == 40


def test_a_list_of_a_folder_that_is_being_indexed_says_so(
    folder: Folder, reader: JsonReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An export of it ends with an error: a file must not look whole when it is not."""
    folder.add("agt-a", "x")
    reader.overview()
    note = "This folder is being indexed: 1 of 5 sessions so far."
    monkeypatch.setattr("stores.backends.jsondir.reader.progress_text", lambda _: note)
    assert reader.list_sessions(SessionQuery()).notices == (note,)
    assert reader.list_messages(MessageQuery()).notices == (note,)
    assert reader.overview().message == note
    with pytest.raises(StoreUnavailable, match="being indexed"):
        list(reader.iter_messages(MessageQuery()))


def test_a_folder_that_is_gone_is_a_state(folder: Folder, reader: JsonReader) -> None:
    folder.add("agt-a", "x")
    assert reader.overview().state == "ok"
    shutil.rmtree(folder.base)
    assert reader.overview().state == "missing"
    with pytest.raises(StoreUnavailable, match="moved or deleted"):
        reader.list_sessions(SessionQuery())


def test_a_session_that_waits_for_its_turn_in_a_build_is_not_called_missing(
    folder: Folder, reader: JsonReader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("WAIT_S", "TURN_S"):
        monkeypatch.setattr(f"stores.backends.jsondir.keeper.{name}", 0.0)
    folder.add("agt-a", "x")
    with Index(folder.base, tmp_path / "own" / "id").writing() as builder:
        assert builder is not None
        with pytest.raises(StoreUnavailable, match="not in kodeweb's index yet") as caught:
            reader.get_session("agt-a")
        assert caught.value.reason == "index"
        with pytest.raises(SessionNotFound):
            reader.get_session("agt-b")


def test_an_index_that_cannot_be_made_is_not_said_to_be_the_store(
    folder: Folder, reader: JsonReader, tmp_path: Path
) -> None:
    """A folder stands where the index would be: kodeweb's own trouble, and no traceback."""
    folder.add("agt-a", "x")
    (tmp_path / "own" / "id" / "index.sqlite3").mkdir(parents=True)
    overview = reader.overview()
    assert (overview.state, "cannot write its index" in overview.message) == ("index", True)
    with pytest.raises(StoreUnavailable, match="cannot write its index"):
        reader.list_sessions(SessionQuery())
