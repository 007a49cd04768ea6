"""What counts as a session, and what its files cost when they are odd, torn or broken."""

import json
from pathlib import Path

import pytest

from stores.backends.jsondir.index import Index
from stores.backends.jsondir.keeper import IndexKeeper
from tests.stores.jsondir.conftest import Folder, call, rows

IDS = "SELECT agent_id FROM agents ORDER BY agent_id"
TEXTS = "SELECT agent_id, content ->> '$[0].text' FROM messages ORDER BY agent_id, seq"
PROBLEMS = "SELECT agent_id, problems FROM kodeweb_folders WHERE problems != '' ORDER BY agent_id"


def test_only_sessions_are_sessions(folder: Folder, index: Index, keeper: IndexKeeper) -> None:
    """Nested forks are; the pool's record, stray files, links and half sessions are not."""
    folder.add("agt-a", "parent")
    folder.add("agt-a/fork-1", "child")
    folder.add("agt-a/fork-1/fork-2", "grandchild")
    folder.write(folder.base / "stray.json", {})
    (folder.base / "empty").mkdir()
    pool = folder.base / "__pool_meta__"
    pool.mkdir()
    folder.write(pool / "meta.json", {"agentId": "__pool_meta__", "runningAgents": {}})
    record = folder.base / "other-record"
    record.mkdir()
    folder.write(record / "meta.json", {"agentId": "other-record"})
    (folder.base / "link").symlink_to(folder.base / "agt-a", target_is_directory=True)
    (folder.base / "loop").symlink_to(folder.base, target_is_directory=True)
    (folder.base / "agt-a" / "runtime" / "agt-inner").mkdir()
    folder.write(
        folder.base / "agt-a" / "runtime" / "agt-inner" / "meta.json", {"metadata": {"a": 1}}
    )
    keeper.refresh()
    assert rows(index, IDS) == [("agt-a",), ("agt-a/fork-1",), ("agt-a/fork-1/fork-2",)]


def test_a_linked_meta_file_is_not_read(
    folder: Folder, index: Index, keeper: IndexKeeper, tmp_path: Path
) -> None:
    secret = tmp_path / "outside.json"
    folder.write(secret, {"metadata": {"a": 1}, "templateId": "outside"})
    bad = folder.base / "agt-bad"
    bad.mkdir()
    (bad / "meta.json").symlink_to(secret)
    good = folder.add("agt-good", "x")
    (good / "runtime" / "tool-calls.json").symlink_to(secret)
    keeper.refresh()
    assert rows(index, IDS) == [("agt-good",)]
    assert rows(index, "SELECT count(*) FROM tool_calls") == [(0,)]


def test_a_wal_that_parses_is_the_newest_state(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    path = folder.add("agt-a", "old") / "runtime"
    data = [{"role": "user", "content": [{"type": "text", "text": "newest"}]}]
    (path / "messages.wal").write_text(json.dumps({"data": data, "timestamp": 1_790_000_000_123}))
    keeper.refresh()
    assert rows(index, TEXTS) == [("agt-a", "newest")]
    assert rows(index, "SELECT created_at FROM messages") == [(1_790_000_000_123,)]
    (path / "messages.wal").write_text('{"data": [{"role": "us')
    keeper.refresh()
    assert rows(index, TEXTS) == [("agt-a", "old")]
    assert rows(index, PROBLEMS) == [("agt-a", "messages.wal: not valid JSON")]
    (path / "messages.wal").unlink()
    keeper.refresh()
    assert rows(index, PROBLEMS) == []


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b'{"a": "\xff', b"[" * 100_000, b"null"])
def test_a_broken_file_costs_one_marked_session(
    folder: Folder, index: Index, keeper: IndexKeeper, broken: bytes
) -> None:
    folder.add("agt-a", "good")
    (folder.add("agt-b") / "meta.json").write_bytes(broken)
    (folder.add("agt-c") / "runtime" / "messages.json").write_bytes(broken or b"{}")
    (folder.add("agt-d") / "runtime" / "tool-calls.json").write_bytes(broken or b"{}")
    (folder.add("agt-e") / "snapshots").mkdir()
    (folder.base / "agt-e" / "snapshots" / "sfp-1.json").write_bytes(broken)
    keeper.refresh()
    assert len(rows(index, IDS)) == 5
    marked = {name for (name, _) in rows(index, PROBLEMS)}
    expected = {"agt-b", "agt-e"} | ({"agt-c", "agt-d"} if broken != b"[]" else set())
    assert marked == expected
    assert rows(index, "SELECT snapshot_id FROM snapshots") == [("sfp-1",)]


@pytest.mark.parametrize(
    "value",
    [
        [1, None, "text", [], {"role": 5, "content": 7}, {"content": {"deep": [[[]]]}}],
        [{"role": "user", "content": [{"type": "text", "text": "\ud800 lone"}]}],
        [{"role": "user", "content": [{"type": "text", "text": "x" * 5000}] * 300}],
        [{"role": "user", "content": [{"text": 1e308, "n": 10**30}]}],
    ],
)
def test_odd_messages_are_rows_like_others(
    folder: Folder, index: Index, keeper: IndexKeeper, value: list[object]
) -> None:
    path = folder.add("agt-a") / "runtime" / "messages.json"
    path.write_text(json.dumps(value), encoding="utf-8")
    keeper.refresh()
    assert rows(index, "SELECT count(*) FROM messages") == [(len(value),)]
    assert rows(index, "SELECT max(length(content)) < 20000 FROM messages") == [(1,)]


def test_ids_of_calls_that_repeat_are_told_apart(
    folder: Folder, index: Index, keeper: IndexKeeper
) -> None:
    folder.add("agt-a")
    folder.add("agt-b")
    folder.call("agt-a", call("call_0"), call("call_0"), call("call_1"))
    folder.call("agt-b", call("call_0"), {"name": 5, "createdAt": "never"}, {"id": 7})
    keeper.refresh()
    assert rows(index, "SELECT id FROM tool_calls WHERE agent_id = 'agt-a' ORDER BY id") == [
        ("call_0",),
        ("call_0@1",),
        ("call_1",),
    ]
    found = rows(index, "SELECT id, local_id FROM tool_calls WHERE agent_id = 'agt-b'")
    assert found[0] == ("call_0@agt-b", "call_0")
    assert len(found) == 3
