"""What the SDK itself answered about its sample stores, as checks for any store of ours.

A test module parametrises over ``checks(kind)`` and calls each check with its opened store::

    @pytest.mark.parametrize("check", checks("sqlite"))
    def test_the_sdk_answered_the_same(store: ExtendedStore, check: Check) -> None:
        check(store)

Every answer about every agent is one check. Where a mended defect makes ours differ, the check
computes what is right from the data; ``docs/kode-compatibility.md`` lists those.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any

import pytest

from stores.kode.records import Bookmark, Record, ToolCallRecord
from stores.kode.store import ExtendedStore
from tests.conftest import KODE_DATA

__all__ = ["Check", "answers", "canonical_call", "checks", "digest"]

Answer = Mapping[str, Any]
_CHANNELS = ("progress", "control", "monitor")


@dataclass(frozen=True)
class Check:
    """One answer of the SDK; calling it with a store asserts that ours is the same."""

    name: str
    run: Callable[[ExtendedStore], None]

    def __call__(self, store: ExtendedStore) -> None:
        self.run(store)


def digest(value: Any) -> str:
    """Return the hash that expected.json is made of."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@lru_cache(maxsize=1)
def _all_answers() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((KODE_DATA / "expected.json").read_text("utf-8"))
    return found


def answers(kind: str) -> dict[str, Any]:
    """Return what the SDK answered about the sample store ``sqlite``, ``postgres`` or ``json``."""
    found: dict[str, Any] = _all_answers()[kind]
    return found


def checks(kind: str) -> list[Any]:
    """Return the checks of agents and lists as parameters; one that skips without the data."""
    if not (KODE_DATA / "expected.json").is_file():
        return [pytest.param(Check("absent", _skip), id="the-sample-data")]
    found = [Check("list", partial(_list, kind))]
    found += [
        Check(f"list-{prefix}", partial(_list_prefix, kind, prefix))
        for prefix in answers(kind)["listPrefix"]
    ]
    if kind != "json":
        found += [
            Check("metrics", partial(_metrics, answers(kind)["metrics"])),
            Check("missing", partial(_missing, answers(kind)["missingAgent"])),
            Check("health", partial(_health, answers(kind)["health"])),
        ]
    for agent_id, known in answers(kind)["agents"].items():
        found += [
            Check(f"{agent_id}-{name}", partial(check, agent_id, known))
            for name, check in _AGENT_CHECKS.items()
            if name in known
        ]
    return [pytest.param(check, id=check.name) for check in found]


def canonical_call(record: ToolCallRecord) -> dict[str, Any]:
    """Return a call as expected.json hashes it: ``isError`` is always there."""
    return {**record.to_json(), "isError": bool(record.is_error)}


def _skip(_store: ExtendedStore) -> None:
    pytest.skip("the folder ../shared/kode-data is not beside the repository")


def _list(kind: str, store: ExtendedStore) -> None:
    expected = answers(kind)
    got = store.list()
    if kind == "sqlite":
        assert got == expected["list"]
        return
    # The SDK's order is undefined here, and its JSON list has no forks but any stray folder.
    agents = expected["agents"]
    assert sorted(got) == sorted(agents)
    times = [agents[agent_id]["info"]["createdAt"] for agent_id in got]
    assert times == sorted(times, reverse=True)


def _list_prefix(kind: str, prefix: str, store: ExtendedStore) -> None:
    # LIKE made the SDK's prefix a pattern of either case on SQLite; it is exact here.
    assert sorted(store.list(prefix)) == sorted(
        agent_id for agent_id in answers(kind)["agents"] if agent_id.startswith(prefix)
    )
    if kind != "json" and not prefix.startswith("AGT"):
        assert sorted(store.list(prefix)) == sorted(answers(kind)["listPrefix"][prefix])


def _metrics(known: Answer, store: ExtendedStore) -> None:
    storage = store.get_metrics().storage.to_json()
    assert storage.pop("dbSizeBytes") > 0
    assert storage == known["storage"]


def _missing(known: Answer, store: ExtendedStore) -> None:
    assert store.aggregate_stats("missing").to_json() == known["aggregateStats"]
    assert store.exists("missing") is known["exists"]
    found = store.check_consistency("missing")
    assert not found.consistent
    assert len(found.issues) == len(known["checkConsistency"])
    assert "missing" in found.issues[0]


def _health(known: Answer, store: ExtendedStore) -> None:
    health = store.health_check()
    assert health.healthy is known["healthy"]
    assert health.database.connected is known["connected"]
    assert health.file_system.writable is known["writable"]


def _exists(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    assert store.exists(agent_id) is known["exists"]


def _info(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    info = store.load_info(agent_id)
    assert info is not None
    shape = info.to_json()
    expected = known["info"]
    for name in ("templateId", "createdAt", "messageCount", "lineage", "lastSfpIndex"):
        assert shape[name] == expected[name], name
    assert shape.get("lastBookmark") == expected.get("lastBookmark")
    assert shape["metadata"].get("breakpoint") == expected.get("metadataBreakpoint")
    assert digest(shape) == expected["hash"]


def _messages(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    messages = store.load_messages(agent_id)
    assert "".join(message.role[0] for message in messages) == known["messages"]["roles"]
    assert [digest(message.to_json()) for message in messages] == known["messages"]["hashes"]


def _tool_calls(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    calls = store.load_tool_call_records(agent_id)
    expected = known["toolCalls"]
    assert [call.created_at for call in calls] == sorted(call.created_at for call in calls)
    assert Counter(call.id for call in calls) == Counter(expected["ids"])
    # The SDK breaks no ties here, and PostgreSQL does as it likes with them.
    calls.sort(key=lambda call: expected["ids"].index(call.id))
    assert digest([canonical_call(call) for call in calls]) == expected["hash"]


def _snapshots(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    found = store.list_snapshots(agent_id)
    times = [snapshot.created_at for snapshot in found]
    assert times == sorted(times, reverse=True)
    by_id = {snapshot.id: snapshot for snapshot in found}
    assert len(found) == len(known["snapshots"]) == len(by_id)
    for expected in known["snapshots"]:
        snapshot = by_id[expected["id"]]
        assert snapshot == store.load_snapshot(agent_id, expected["id"])
        assert snapshot.created_at == expected["createdAt"]
        assert len(snapshot.messages) == expected["messages"]
        assert digest(snapshot.to_json()) == expected["hash"]


def _stats(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    assert store.aggregate_stats(agent_id).to_json() == known["aggregateStats"]


def _consistency(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    found = store.check_consistency(agent_id)
    assert (found.consistent, list(found.issues)) == (
        known["checkConsistency"]["consistent"],
        known["checkConsistency"]["issues"],
    )


def _todos(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    todos = store.load_todos(agent_id)
    assert (todos and todos.to_json()) == known["todos"]


def _events(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    for channel in _CHANNELS:
        lines = [event.to_json() for event in store.read_events(agent_id, channel=channel)]
        expected = known["events"].get(channel)
        assert len(lines) == (expected["count"] if expected else 0)
        if expected:
            text = "".join(
                json.dumps(line, sort_keys=True, separators=(",", ":")) + "\n" for line in lines
            )
            assert hashlib.sha256(text.encode()).hexdigest()[:16] == expected["hash"]
            assert Counter(line["event"]["type"] for line in lines) == expected["types"]
            assert (lines[0]["bookmark"], lines[-1]["bookmark"]) == (
                expected["first"],
                expected["last"],
            )


def _events_since(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    since = Bookmark(seq=10, timestamp=0)
    assert len(list(store.read_events(agent_id, since=since))) == known["eventsSinceSeq10"]


def _token_usage(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    events = [event.event for event in store.read_events(agent_id, channel="monitor")]
    used = [event for event in events if event["type"] == "token_usage"]
    names = ("inputTokens", "outputTokens", "totalTokens")
    sums = {name: sum(event[name] for event in used) for name in names}
    assert {"events": len(used), **sums} == known["tokenUsage"]


def _history(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    found = store.load_history_windows(agent_id)
    assert [
        {name: window.to_json()[name] for name in ("id", "timestamp", "stats")}
        | {"hash": digest(window.to_json())}
        for window in found
    ] == known["historyWindows"]


def _shapes(records: Iterable[Record]) -> list[dict[str, Any]]:
    return [record.to_json() for record in records]


def _compressions(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    assert _shapes(store.load_compression_records(agent_id)) == known["compressions"]


def _recovered(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    got: list[Answer] = [
        {
            "path": file.path,
            "timestamp": file.timestamp,
            "mtime": file.mtime,
            "length": len(file.content),
            "hash": digest(file.content),
        }
        for file in store.load_recovered_files(agent_id)
    ]

    def in_order(files: Iterable[Answer]) -> list[Answer]:
        return sorted(files, key=lambda file: (file["timestamp"], file["path"]))

    assert [file["timestamp"] for file in got] == sorted(file["timestamp"] for file in got)
    assert in_order(got) == in_order(known["recoveredFiles"])


def _media(agent_id: str, known: Answer, store: ExtendedStore) -> None:
    assert _shapes(store.load_media_cache(agent_id)) == known["mediaCache"]


_AGENT_CHECKS: dict[str, Callable[[str, Answer, ExtendedStore], None]] = {
    "exists": _exists,
    "info": _info,
    "messages": _messages,
    "toolCalls": _tool_calls,
    "snapshots": _snapshots,
    "aggregateStats": _stats,
    "checkConsistency": _consistency,
    "todos": _todos,
    "events": _events,
    "eventsSinceSeq10": _events_since,
    "tokenUsage": _token_usage,
    "historyWindows": _history,
    "compressions": _compressions,
    "recoveredFiles": _recovered,
    "mediaCache": _media,
}
