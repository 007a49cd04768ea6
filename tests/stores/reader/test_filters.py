"""Every filter finds the rows that an independent reading of the same file finds."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from stores.browse.queries import (
    BLOCK_TYPES,
    TOOL_CALL_STATES,
    MessageQuery,
    Query,
    SessionQuery,
    ToolCallQuery,
)
from stores.browse.reader import Reader
from tests.stores.readers import Rows

Tables = dict[str, Rows]
Row = dict[str, Any]
REVIEW = "agt-01M3FGZN42CSJXFZZGW278CCHM"
FORK = "agt-01M5N24E9KN4CQJTJ3Z7T0G25W/fork-1792782065566"


def _ms(iso: str) -> int:
    return round(datetime.fromisoformat(iso).timestamp() * 1000)


def _duration(row: Row) -> int | None:
    if row["duration_ms"]:
        return int(row["duration_ms"])
    if not row["started_at"] or row["state"] not in ("COMPLETED", "FAILED", "DENIED", "SEALED"):
        return None
    return int(row["audit_trail"][-1]["timestamp"] - row["started_at"])


def _says(text: str) -> Callable[[Row], bool]:
    def test(row: Row) -> bool:
        sought = json.dumps(text, ensure_ascii=False)[1:-1].lower()
        stored = (row["input"] + "\n" + (row["result"] or "")).lower()
        return sought in stored or text.lower() in (row["error"] or "").lower()

    return test


def _decision(row: Row) -> Any:
    return row["approval"].get("decision")


def _is_pending(row: Row) -> bool:
    return bool(row["approval"]["required"]) and not _decision(row)


def _name(case: object) -> str:
    return str(case.filters()) if isinstance(case, Query) else ""


CALL_CASES: list[tuple[ToolCallQuery, Callable[[Row], bool]]] = [
    *(
        (ToolCallQuery(state=(state,)), lambda row, state=state: row["state"] == state)
        for state in TOOL_CALL_STATES
    ),
    (ToolCallQuery(state=("failed", "DENIED")), lambda row: row["state"] in ("FAILED", "DENIED")),
    (ToolCallQuery(agent_id=REVIEW), lambda row: row["agent_id"] == REVIEW),
    (ToolCallQuery(agent_id="none"), lambda row: False),
    (ToolCallQuery(name=("db_query",)), lambda row: row["name"] == "db_query"),
    (
        ToolCallQuery(name=("db_query", "kv_get"), state=("FAILED",)),
        lambda row: row["name"] in ("db_query", "kv_get") and row["state"] == "FAILED",
    ),
    (ToolCallQuery(is_error=True), lambda row: row["is_error"] == 1),
    (ToolCallQuery(is_error=False), lambda row: row["is_error"] == 0),
    (ToolCallQuery(approval=("asked",)), lambda row: row["approval"]["required"]),
    (ToolCallQuery(approval=("allow",)), lambda row: _decision(row) == "allow"),
    (ToolCallQuery(approval=("deny",)), lambda row: _decision(row) == "deny"),
    (ToolCallQuery(approval=("pending",)), _is_pending),
    (
        ToolCallQuery(approval=("allow", "pending")),
        lambda row: _decision(row) == "allow" or _is_pending(row),
    ),
    (ToolCallQuery(decided_by=("api",)), lambda row: row["approval"].get("decidedBy") == "api"),
    (
        ToolCallQuery(approval=("deny",), decided_by=("policy", "hook")),
        lambda row: row["approval"].get("decidedBy") in ("policy", "hook"),
    ),
    (ToolCallQuery(min_duration_ms=1000), lambda row: (_duration(row) or 0) >= 1000),
    (ToolCallQuery(min_duration_ms=60_000), lambda row: (_duration(row) or 0) >= 60_000),
    (
        ToolCallQuery(created_from=1_791_000_000_000, created_to=1_792_000_000_000),
        lambda row: 1_791_000_000_000 <= row["created_at"] <= 1_792_000_000_000,
    ),
    *((ToolCallQuery(text=text), _says(text)) for text in ("deploy", "ENOENT", "100%", "_", '"')),
    *((ToolCallQuery(text=text), _says(text)) for text in ("测试", "old_string not found", "\n")),
]

MESSAGE_CASES: list[tuple[MessageQuery, Callable[[Row], bool]]] = [
    *(
        (
            MessageQuery(type=(kind,)),
            lambda row, kind=kind: any(block["type"] == kind for block in row["blocks"]),
        )
        for kind in BLOCK_TYPES
    ),
    (
        MessageQuery(type=("image", "file")),
        lambda row: any(block["type"] in ("image", "file") for block in row["blocks"]),
    ),
    *(
        (MessageQuery(role=(role,)), lambda row, role=role: row["role"] == role)
        for role in ("user", "assistant", "system", "nobody")
    ),
    (MessageQuery(role=("user", "system")), lambda row: row["role"] in ("user", "system")),
    (MessageQuery(agent_id=FORK), lambda row: row["agent_id"] == FORK),
    (
        MessageQuery(agent_id=REVIEW, type=("tool_use",)),
        lambda row: (
            row["agent_id"] == REVIEW
            and any(block["type"] == "tool_use" for block in row["blocks"])
        ),
    ),
    *(
        (
            MessageQuery(text=text),
            lambda row, text=text: (
                json.dumps(text, ensure_ascii=False)[1:-1].lower() in row["content"].lower()
            ),
        )
        for text in ("boss", "REVIEW", "<b>", "写测试", 'say "', "%", "tool_use", "\\")
    ),
]


@pytest.mark.parametrize(("query", "test"), CALL_CASES, ids=_name)
def test_tool_call_filters_equal_an_independent_count(
    reader: Reader, plain: Tables, query: ToolCallQuery, test: Callable[[Row], bool]
) -> None:
    expected = {row["id"] for row in plain["tool_calls"] if test(row)}
    page = reader.list_tool_calls(replace(query, limit=200))
    assert {row.id for row in page.rows} == expected
    assert page.next is None
    count = reader.count_tool_calls(query)
    assert (count.value, count.is_exact) == (len(expected), True)


@pytest.mark.parametrize(("query", "test"), MESSAGE_CASES, ids=_name)
def test_message_filters_equal_an_independent_count(
    reader: Reader, plain: Tables, query: MessageQuery, test: Callable[[Row], bool]
) -> None:
    expected = {(row["agent_id"], row["seq"]) for row in plain["messages"] if test(row)}
    found = {(row.agent_id, row.seq) for rows in reader.iter_messages(query) for row in rows}
    assert found == expected
    count = reader.count_messages(query)
    assert (count.value, count.is_exact) == (len(expected), True)


def test_a_text_with_a_nul_is_sought_whole(reader: Reader) -> None:
    assert reader.list_tool_calls(ToolCallQuery(text="a\x00b")).rows == ()
    assert reader.list_tool_calls(ToolCallQuery(text="\x00")).rows == ()
    assert reader.list_sessions(SessionQuery(agent_id="agt\x00")).rows == ()


def test_saved_range_is_inclusive_on_both_ends(reader: Reader, plain: Tables) -> None:
    times = sorted(row["created_at"] for row in plain["messages"])
    low, high = times[100], times[300]
    query = MessageQuery(saved_from=low, saved_to=high)
    count = reader.count_messages(query)
    assert count.value == sum(low <= time <= high for time in times)


@pytest.mark.parametrize("template", ["ops-bot", "chat-assistant", "researcher", "none"])
def test_template_filters_sessions_and_calls(reader: Reader, plain: Tables, template: str) -> None:
    ids = {row["agent_id"] for row in plain["agents"] if row["template_id"] == template}
    page = reader.list_sessions(SessionQuery(template=(template,), limit=100))
    assert {row.agent_id for row in page.rows} == ids
    calls = reader.list_tool_calls(ToolCallQuery(template=(template,), limit=200))
    expected = {row["id"] for row in plain["tool_calls"] if row["agent_id"] in ids}
    assert {row.id for row in calls.rows} == expected


def test_created_range_of_sessions_equals_an_independent_count(
    reader: Reader, plain: Tables
) -> None:
    times = sorted(_ms(row["created_at"]) for row in plain["agents"])
    for low, high in ((times[5], times[30]), (times[0], times[0]), (times[-1] + 1, None)):
        query = SessionQuery(created_from=low, created_to=high)
        expected = sum(low <= time and (high is None or time <= high) for time in times)
        assert reader.count_sessions(query).value == expected


@pytest.mark.parametrize("part", ["agt-01M5", "AGT-01m5n24", "fork-", "%", "_", "mwenpo"])
def test_id_filter_finds_a_part_in_either_case(reader: Reader, plain: Tables, part: str) -> None:
    expected = {
        row["agent_id"] for row in plain["agents"] if part.lower() in row["agent_id"].lower()
    }
    page = reader.list_sessions(SessionQuery(agent_id=part, limit=100))
    assert {row.agent_id for row in page.rows} == expected


def _has(tables: Tables, name: str, agent_id: str) -> bool:
    states = {row["state"] for row in tables["tool_calls"] if row["agent_id"] == agent_id}
    return {
        "failures": "FAILED" in states,
        "denials": "DENIED" in states,
        "sealed": "SEALED" in states,
        "approvals": "APPROVAL_REQUIRED" in states,
        "calls": bool(states),
        "forks": any(row["agent_id"].startswith(f"{agent_id}/") for row in tables["agents"]),
        "snapshots": any(row["agent_id"] == agent_id for row in tables["snapshots"]),
    }[name]


@pytest.mark.parametrize(
    "names",
    [
        ("failures",),
        ("denials",),
        ("sealed",),
        ("approvals",),
        ("calls",),
        ("forks",),
        ("snapshots",),
        ("failures", "denials"),
        ("calls", "snapshots"),
    ],
)
def test_has_filters_equal_an_independent_count(
    reader: Reader, plain: Tables, names: tuple[str, ...]
) -> None:
    expected = {
        row["agent_id"]
        for row in plain["agents"]
        if all(_has(plain, name, row["agent_id"]) for name in names)
    }
    page = reader.list_sessions(SessionQuery(has=names, limit=100))
    assert {row.agent_id for row in page.rows} == expected
    assert reader.count_sessions(SessionQuery(has=names)).value == len(expected)


def test_status_filter_parts_the_sessions(reader: Reader, plain: Tables) -> None:
    parts = {
        status: {
            row.agent_id
            for row in reader.list_sessions(SessionQuery(status=(status,), limit=100)).rows
        }
        for status in ("running", "awaiting", "stuck", "idle", "empty", "unknown")
    }
    assert sum(map(len, parts.values())) == len(plain["agents"])
    waiting = {r["agent_id"] for r in plain["tool_calls"] if r["state"] == "APPROVAL_REQUIRED"}
    assert parts["awaiting"] == waiting


def test_counts_of_a_row_equal_its_calls(reader: Reader, plain: Tables) -> None:
    for row in reader.list_sessions(SessionQuery(limit=100)).rows:
        states = [r["state"] for r in plain["tool_calls"] if r["agent_id"] == row.agent_id]
        expected = (len(states), *(states.count(name) for name in ("FAILED", "DENIED", "SEALED")))
        counts = (row.call_count, row.failed_count, row.denied_count, row.sealed_count)
        assert counts == expected


def test_first_text_is_what_a_person_wrote(reader: Reader) -> None:
    query = SessionQuery(agent_id=REVIEW)
    (row,) = reader.list_sessions(query).rows
    assert row.first_text == "Review src/app.ts and fix what is wrong."
