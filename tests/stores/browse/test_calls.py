"""Tool-call rows: the SDK's own and broken ones."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.browse.calls import call_from_columns, call_row_from_columns
from stores.browse.records import Approval, AuditEntry

SQL_VALUES = (
    st.none()
    | st.integers(min_value=-(2**63), max_value=2**63 - 1)
    | st.floats()
    | st.text(max_size=60)
    | st.binary(max_size=60)
)
NAMES = [
    *("id", "agent_id", "name", "state", "is_error", "input", "result", "result_size", "error"),
    *("created_at", "updated_at", "started_at", "completed_at", "duration_ms"),
    *("approval", "audit_trail"),
]


def make_columns(**changes: Any) -> dict[str, Any]:
    """Return the columns of a completed call, with changes."""
    columns: dict[str, Any] = {
        "id": "toolu_1",
        "agent_id": "agt-1",
        "name": "fs_read",
        "state": "COMPLETED",
        "is_error": 0,
        "input": '{"path":"a.ts"}',
        "result": '{"ok":true}',
        "error": None,
        "created_at": 1000,
        "updated_at": 1600,
        "started_at": 1100,
        "completed_at": 1600,
        "duration_ms": 500,
        "approval": '{"required":false}',
        "audit_trail": json.dumps(
            [
                {"state": "EXECUTING", "timestamp": 1100, "note": "execution start"},
                {"state": "COMPLETED", "timestamp": 1600, "note": "execution complete"},
            ]
        ),
    }
    return columns | changes


def test_a_good_row_has_no_problems() -> None:
    row = call_row_from_columns(make_columns())
    assert (row.id, row.state, row.is_error, row.duration_ms) == (
        "toolu_1",
        "COMPLETED",
        False,
        500,
    )
    assert (row.problems, row.is_duration_derived, row.result_size_bytes) == ((), False, 11)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"duration_ms": None}, (500, True)),
        ({"duration_ms": 0}, (500, True)),
        ({"duration_ms": None, "started_at": None}, (None, False)),
        ({"duration_ms": None, "started_at": 9999}, (None, False)),
        ({"duration_ms": None, "audit_trail": "[]"}, (None, False)),
        ({"duration_ms": None, "state": "EXECUTING"}, (None, False)),
        ({"duration_ms": None, "state": "failed"}, (500, True)),
    ],
)
def test_a_missing_duration_is_last_audit_time_minus_start(
    changes: dict[str, Any], expected: tuple[int | None, bool]
) -> None:
    row = call_row_from_columns(make_columns(**changes))
    assert (row.duration_ms, row.is_duration_derived) == expected


def test_states_are_upper_case_in_row_and_audit_trail() -> None:
    trail = '[{"state":"pending","timestamp":5}]'
    call = call_from_columns(make_columns(state="denied", audit_trail=trail))
    assert call.state == "DENIED"
    assert call.audit_trail == (AuditEntry("PENDING", 5, None),)


def test_the_approval_carries_note_and_reason() -> None:
    asked = '{"required":true,"meta":{"reason":"Policy requires approval"}}'
    denied = (
        '{"required":true,"decision":"deny","decidedBy":"api","decidedAt":7,"note":"<b>no</b>"}'
    )
    assert call_row_from_columns(make_columns(approval=asked)).approval == Approval(
        is_required=True, reason="Policy requires approval"
    )
    assert call_row_from_columns(make_columns(approval=denied)).approval == Approval(
        is_required=True, decision="deny", decided_by="api", decided_at=7, note="<b>no</b>"
    )


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"approval": "{"}, "approval: not valid JSON"),
        ({"approval": "[]"}, "approval has the wrong shape"),
        ({"audit_trail": "{}"}, "audit_trail has the wrong shape"),
        ({"audit_trail": "[1]"}, "audit_trail has steps of the wrong shape"),
        ({"created_at": "yesterday"}, "created_at is not a time in milliseconds"),
        ({"created_at": 2**62}, "created_at is not a time in milliseconds"),
        ({"duration_ms": -1}, "duration_ms is not a duration"),
        ({"is_error": 7}, "is_error is neither 0 nor 1"),
        ({"name": b"\xff"}, "name is not UTF-8 text"),
        ({"state": ""}, "state is empty"),
    ],
)
def test_a_wrong_value_is_a_problem_in_words(changes: dict[str, Any], problem: str) -> None:
    assert problem in call_row_from_columns(make_columns(**changes)).problems


def test_texts_over_the_limit_are_cut_and_not_decoded() -> None:
    result = json.dumps("é" * 5_000, ensure_ascii=False)
    call = call_from_columns(make_columns(result=result), limit_bytes=100)
    assert call.is_result_cut
    assert call.result is None
    assert call.result_text is not None
    assert len(call.result_text.encode()) <= 100
    assert call.result_size_bytes == len(result.encode())
    assert (call.is_input_cut, call.input) == (False, {"path": "a.ts"})


def test_a_text_that_the_database_cut_is_known_by_its_size() -> None:
    call = call_from_columns(make_columns(result='{"ok":tr', result_size=70_000))
    assert (call.is_result_cut, call.result_size_bytes, call.problems) == (True, 70_000, ())


def test_no_result_is_none_and_not_an_empty_text() -> None:
    call = call_from_columns(make_columns(result=None))
    assert (call.result_text, call.result, call.result_size_bytes) == (None, None, 0)


def test_a_null_error_flag_is_no_error() -> None:
    assert call_row_from_columns(make_columns(is_error=None)).is_error is False


@given(st.dictionaries(st.sampled_from(NAMES), SQL_VALUES))
def test_no_row_stops_a_page(columns: dict[str, Any]) -> None:
    row = call_row_from_columns(columns)
    call = call_from_columns(columns, limit_bytes=32)
    "".join((row.id, row.name, row.state, row.input_preview, *row.problems)).encode()
    assert len(call.input_text.encode()) <= 32
    assert call.result_text is None or len(call.result_text.encode()) <= 32


@pytest.fixture
def stored(kode_data: Path) -> Iterator[sqlite3.Connection]:
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as connection:
        connection.row_factory = sqlite3.Row
        yield connection


def test_every_row_of_the_sdk_is_read_without_a_problem(stored: sqlite3.Connection) -> None:
    rows = [dict(row) for row in stored.execute("SELECT * FROM tool_calls")]
    calls = [call_from_columns(row, limit_bytes=1 << 20) for row in rows]
    assert len(calls) == 164
    assert [call.problems for call in calls if call.problems] == []
    for row, call in zip(rows, calls, strict=True):
        assert call.input == json.loads(row["input"])
        assert call.result == (json.loads(row["result"]) if row["result"] else None)
        assert len(call.audit_trail) == len(json.loads(row["audit_trail"]))
    counted = dict(stored.execute("SELECT state, count(*) FROM tool_calls GROUP BY state"))
    assert Counter(call.state for call in calls) == counted


def test_every_denial_of_the_sdk_names_who_decided(stored: sqlite3.Connection) -> None:
    rows = stored.execute("SELECT * FROM tool_calls WHERE state = 'DENIED'")
    calls = [call_row_from_columns(dict(row)) for row in rows]
    assert {call.approval.decided_by for call in calls} == {"api", "policy", "hook"}
    assert all(call.approval.decision == "deny" for call in calls)
