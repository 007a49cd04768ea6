"""The sample store shows everything that the SDK can write: one claim, one test."""

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.stores.sample.reading import Sample


def _notes(call: dict[str, Any]) -> list[str]:
    return [entry.get("note", "") for entry in call["audit_trail"]]


def _ends(call: dict[str, Any], state: str, note: str) -> bool:
    return bool(call["state"] == state and _notes(call)[-1] == note)


def _ran_ms(call: dict[str, Any]) -> int:
    return int(call["audit_trail"][-1]["timestamp"] - (call["started_at"] or 0))


Check = Callable[[dict[str, Any]], bool]


def _has_state(state: str) -> Check:
    return lambda call: bool(call["state"] == state)


CALL_CLAIMS: list[tuple[str, Check]] = [
    *(
        (f"state {state}", _has_state(state))
        for state in (
            "PENDING",
            "APPROVAL_REQUIRED",
            "APPROVED",
            "EXECUTING",
            "COMPLETED",
            "FAILED",
            "DENIED",
            "SEALED",
        )
    ),
    ("the tool reported failure", lambda c: _ends(c, "FAILED", "tool reported failure")),
    (
        "a built-in tool threw",
        lambda c: isinstance(c["result"], dict) and bool(c["result"].get("_thrownError")),
    ),
    ("a custom tool threw", lambda c: _ends(c, "FAILED", "execution failed") and not c["result"]),
    (
        "a time-out at 60 s",
        lambda c: _ends(c, "FAILED", "tool aborted") and abs(_ran_ms(c) - 60_000) < 500,
    ),
    (
        "cut off by a person",
        lambda c: _ends(c, "FAILED", "tool aborted") and "sealed due to interrupt" in _notes(c),
    ),
    ("bad arguments", lambda c: _ends(c, "FAILED", "input schema invalid")),
    ("unknown tool", lambda c: _ends(c, "FAILED", "tool missing")),
    ("denied by policy", lambda c: _ends(c, "DENIED", "policy deny")),
    ("denied by a hook", lambda c: _ends(c, "DENIED", "hook deny")),
    (
        "denied by a person, with a note",
        lambda c: _ends(c, "DENIED", "approval denied") and bool(c["approval"]["note"]),
    ),
    ("answered by a hook", lambda c: _ends(c, "COMPLETED", "hook provided result")),
    ("sealed by an interrupt", lambda c: _ends(c, "SEALED", "sealed due to interrupt")),
    ("sealed by a crash while waiting", lambda c: "awaiting approval" in (c["error"] or "")),
    ("sealed by a crash while running", lambda c: "during execution" in (c["error"] or "")),
    ("sealed by a crash before it ran", lambda c: "just before" in (c["error"] or "")),
    (
        "a soft failure by exit code",
        lambda c: c["state"] == "COMPLETED" and not c["is_error"] and _code(c) > 0,
    ),
    (
        "a soft failure by an error key",
        lambda c: c["state"] == "COMPLETED" and '"error"' in json.dumps(c["result"]),
    ),
    (
        "allowed by a person, with a note",
        lambda c: c["approval"].get("decision") == "allow" and bool(c["approval"].get("note")),
    ),
    (
        "a person took over a minute",
        lambda c: c["approval"].get("decidedAt", 0) - c["created_at"] > 60_000,
    ),
    ("a result of 200 KB", lambda c: len(json.dumps(c["result"])) > 200_000),
    ("ANSI colours", lambda c: "\\u001b[31m" in json.dumps(c["result"])),
    ("a picture in a result", lambda c: "png_base64" in str(c["result"])),
]


def _code(call: dict[str, Any]) -> int:
    return int(call["result"].get("code", 0)) if isinstance(call["result"], dict) else 0


@pytest.mark.parametrize(("claim", "check"), CALL_CLAIMS, ids=[c for c, _ in CALL_CLAIMS])
def test_a_tool_call_shows(sample: Sample, claim: str, check: Check) -> None:
    assert any(check(call) for call in sample.calls), claim


@pytest.mark.parametrize("kind", ["text", "reasoning", "tool_use", "tool_result", "image", "file"])
def test_a_message_holds_a_block_of_type(sample: Sample, kind: str) -> None:
    assert any(block["type"] == kind for block in sample.blocks)


@pytest.mark.parametrize(
    ("claim", "pattern"),
    [
        ("a table", r"^\|---"),
        ("a code block", r"^```"),
        ("a script", "<script>"),
        ("markup", "<b>"),
        ("Chinese", "[\u4e00-\u9fff]"),
        ("Hebrew", "[\u0590-\u05ff]"),
        ("Arabic", "[\u0600-\u06ff]"),
        ("an emoji", "[\U0001f300-\U0001faff]"),
        ("a reminder of the SDK", "^<system-reminder>"),
        ("the summary of a compression", '^<context-summary timestamp="'),
    ],
)
def test_texts_hold(sample: Sample, claim: str, pattern: str) -> None:
    assert re.search(pattern, sample.texts, re.MULTILINE), claim


@pytest.mark.parametrize(
    "kind",
    [
        "think_chunk_start", "think_chunk", "think_chunk_end", "text_chunk_start", "text_chunk",
        "text_chunk_end", "tool:start", "tool:error", "tool:end", "done", "permission_required",
        "permission_decided", "state_changed", "breakpoint_changed", "step_complete",
        "token_usage", "tool_executed", "error", "agent_resumed", "todo_changed",
        "todo_reminder", "reminder_sent", "context_compression", "tool_custom_event",
        "tool_manual_updated",
    ],
)  # fmt: skip
def test_the_logs_hold_an_event_of_type(sample: Sample, kind: str) -> None:
    assert any(event["type"] == kind for event in sample.all_events)


@pytest.mark.parametrize(
    "pattern",
    [
        "*/runtime/todos.json",
        "*/runtime/media-cache.json",
        "*/history/windows/*.json",
        "*/history/compressions/*.json",
        "*/history/recovered/*.txt",
        "*/events/*.wal",
        "*/fork-*/fork-*/events/progress.log",
    ],
)
def test_the_files_hold(sample: Sample, pattern: str) -> None:
    assert sample.files(pattern)
