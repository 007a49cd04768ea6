"""The SDK's answers to queries, as checks for any SQL store of ours; see ``expected``.

The SDK ignores an offset without a limit, a limit of 0 and every filter of its own guide. For
those the right answer is worked out from its unfiltered one and from what the records hold.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest

from stores.errors import InvalidQuery
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.store import ExtendedStore
from tests.conftest import KODE_DATA
from tests.stores.kode.expected import Check, answers, canonical_call, checks, digest

__all__ = ["query_checks"]

Filters = dict[str, Any]
Key = Callable[[str], Any]
_REFUSED = (("userId", "user-1"), ("sortBy", "updated_at"), ("role", "tool"))


def query_checks(kind: str) -> list[Any]:
    """Return the checks of ``query_*`` as parameters."""
    if not (KODE_DATA / "expected.json").is_file():
        return checks(kind)
    found = []
    for method, check in (
        ("querySessions", _sessions),
        ("queryMessages", _messages),
        ("queryToolCalls", _tool_calls),
    ):
        for known in answers(kind)[method]:
            name = f"{method}-{json.dumps(known['filter'], separators=(',', ':'))}"
            found.append(pytest.param(Check(name, partial(check, kind, known)), id=name))
    return found


def _ours(filters: Mapping[str, Any]) -> Filters:
    """Return the filters as the SDK meant them: without a limit it returns everything."""
    return {**filters, "limit": filters.get("limit") or None}


def _is_refused(filters: Mapping[str, Any]) -> bool:
    return any(filters.get(name) == value for name, value in _REFUSED)


def _known(kind: str, method: str, filters: Filters) -> dict[str, Any]:
    """Return the SDK's own answer to other filters."""
    found: dict[str, Any] = next(
        known for known in answers(kind)[method] if known["filter"] == filters
    )
    return found


def _page(ids: list[str], filters: Mapping[str, Any]) -> list[str]:
    start = filters.get("offset", 0)
    return ids[start:][: filters.get("limit") or None]


def _same(kind: str, got: list[str], want: list[str], key: Key) -> None:
    """Compare in order; PostgreSQL may order ties as it likes, at the ends of a page too."""
    if kind == "sqlite":
        assert got == want
        return
    keys = [key(item) for item in want]
    assert [key(item) for item in got] == keys
    assert len(set(got)) == len(got)
    if keys:
        inner = set(keys) - {keys[0], keys[-1]}
        assert {item for item in got if key(item) in inner} == {
            item for item in want if key(item) in inner
        }


def _sessions(kind: str, known: Mapping[str, Any], store: ExtendedStore) -> None:
    filters = known["filter"]
    if _is_refused(filters):
        with pytest.raises(InvalidQuery):
            SessionFilter.from_json(filters)
        return
    got = store.query_sessions(SessionFilter.from_json(_ours(filters)))
    if "createdAfter" in filters:
        assert got == []  # after 2030 and before 2000; the SDK returned every agent
        return
    infos = answers(kind)["agents"]
    name = "messageCount" if filters.get("sortBy") == "message_count" else "createdAt"
    want = known["agentIds"]
    if "offset" in filters and "limit" not in filters:
        want = want[filters["offset"] :]
    _same(kind, [row.agent_id for row in got], want, lambda agent_id: infos[agent_id]["info"][name])
    if kind == "sqlite" and want == known["agentIds"]:
        rows = [{"breakpoint": None, **row.to_json()} for row in got]
        assert digest(rows) == known["hash"]


def _messages(kind: str, known: Mapping[str, Any], store: ExtendedStore) -> None:
    filters = known["filter"]
    if _is_refused(filters):
        with pytest.raises(InvalidQuery):
            MessageFilter.from_json(filters)
        return
    found = store.query_messages(MessageFilter.from_json(_ours(filters)))
    got = [digest(message.to_json()) for message in found]
    unpaged = {name: value for name, value in filters.items() if name not in ("limit", "offset")}
    want = known["hashes"]
    if "contentType" in filters:
        having = _hashes_with(kind, store, unpaged.pop("contentType"))
        everything = _known(kind, "queryMessages", {})["hashes"]
        want = _page([item for item in everything if item in having], filters)
    elif "offset" in filters and "limit" not in filters:
        want = want[filters["offset"] :]
    if kind == "sqlite":
        assert got == want
        return
    # Times of messages are in no answer, so pages can only be compared as parts of the whole.
    assert len(got) == len(want)
    if not {"limit", "offset"} & set(filters):
        assert Counter(got) == Counter(want)
    else:
        assert set(got) <= set(_known(kind, "queryMessages", {})["hashes"])


def _hashes_with(kind: str, store: ExtendedStore, block_type: str) -> set[str]:
    return {
        digest(message.to_json())
        for agent_id in answers(kind)["agents"]
        for message in store.load_messages(agent_id)
        if any(block.get("type") == block_type for block in message.content)
    }


def _tool_calls(kind: str, known: Mapping[str, Any], store: ExtendedStore) -> None:
    filters = known["filter"]
    got = store.query_tool_calls(ToolCallFilter.from_json(_ours(filters)))
    calls = {
        call.id: call
        for agent_id in answers(kind)["agents"]
        for call in store.load_tool_call_records(agent_id)
    }
    everything = _known(kind, "queryToolCalls", {})["ids"]
    want = known["ids"]
    if "isError" in filters:
        want = _page([call_id for call_id in everything if calls[call_id].is_error], filters)
    elif "hasApproval" in filters:
        asked = [call_id for call_id in everything if calls[call_id].approval.required]
        want = _page(asked, filters)
    elif filters.get("state") == "failed":
        want = _known(kind, "queryToolCalls", {"state": "FAILED"})["ids"]
    elif "offset" in filters and "limit" not in filters:
        want = want[filters["offset"] :]
    _same(kind, [call.id for call in got], want, lambda call_id: calls[call_id].created_at)
    if want == known["ids"] == [call.id for call in got]:
        assert digest([canonical_call(call) for call in got]) == known["hash"]
