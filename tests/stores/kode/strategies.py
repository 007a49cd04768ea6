"""Hypothesis strategies for records whose texts are hostile, and what a row makes of a record."""

import json
from typing import Any

from hypothesis import strategies as st

from stores.kode.js_text import js_text
from stores.kode.records import (
    AgentInfo,
    Approval,
    AuditEntry,
    Bookmark,
    Message,
    Record,
    Snapshot,
    ToolCallRecord,
)
from stores.kode.row_values import column_text, is_truthy

__all__ = ["as_stored", "calls", "infos", "messages", "snapshots"]

_SAFE = 2**53 - 1
_NUMBERS = st.integers(-_SAFE, _SAFE) | st.floats(allow_nan=False, allow_infinity=False)
_ANY_TEXT = st.text(st.characters(codec=None), max_size=30)
_TIMES = st.integers(0, 4_000_000_000_000)
_ISO = st.just("2026-11-01T00:00:00.000Z")


def _values(texts: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    leaves = st.none() | st.booleans() | _NUMBERS | texts
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
        max_leaves=8,
    )


def _objects(texts: st.SearchStrategy[str]) -> st.SearchStrategy[dict[str, Any]]:
    return st.dictionaries(texts, _values(texts), max_size=4)


def _bookmarks() -> st.SearchStrategy[Bookmark]:
    return st.builds(Bookmark, extra=st.just({}), seq=st.integers(-1, 2**31 - 1), timestamp=_TIMES)


def messages(texts: st.SearchStrategy[str] = _ANY_TEXT) -> st.SearchStrategy[Message]:
    """Return messages of any blocks; ``texts`` are what the store is able to hold."""
    return st.builds(
        Message,
        extra=st.just({}),
        role=st.sampled_from(("user", "assistant", "system")),
        content=st.lists(_objects(texts), max_size=4),
        metadata=st.none() | _objects(texts),
    )


def calls(
    call_ids: st.SearchStrategy[str], texts: st.SearchStrategy[str] = _ANY_TEXT
) -> st.SearchStrategy[ToolCallRecord]:
    """Return tool calls with any input and result."""
    notes = st.none() | texts
    return st.builds(
        ToolCallRecord,
        extra=st.just({}),
        id=call_ids,
        name=texts,
        input=_values(texts),
        state=st.sampled_from(("PENDING", "COMPLETED", "FAILED", "DENIED", "SEALED")),
        approval=st.builds(
            Approval,
            extra=st.just({}),
            required=st.booleans(),
            decision=st.none() | st.sampled_from(("allow", "deny")),
            decided_by=notes,
            decided_at=st.none() | _TIMES,
            note=notes,
            meta=st.none() | _objects(texts),
        ),
        result=_values(texts),
        error=notes,
        is_error=st.none() | st.booleans(),
        started_at=st.none() | _TIMES,
        completed_at=st.none() | _TIMES,
        duration_ms=st.none() | st.integers(0, 2**31 - 1),
        created_at=_TIMES,
        updated_at=_TIMES,
        audit_trail=st.lists(
            st.builds(AuditEntry, extra=st.just({}), state=texts, timestamp=_TIMES, note=notes),
            max_size=3,
        ).map(tuple),
    )


def infos(agent_id: str, texts: st.SearchStrategy[str] = _ANY_TEXT) -> st.SearchStrategy[AgentInfo]:
    """Return what may be known of one session."""
    return st.builds(
        AgentInfo,
        extra=st.just({}),
        agent_id=st.just(agent_id),
        template_id=texts,
        created_at=_ISO,
        lineage=st.lists(texts, max_size=3),
        config_version=texts,
        message_count=st.integers(0, 2**31 - 1),
        last_sfp_index=st.integers(-1, 2**31 - 1),
        last_bookmark=st.none() | _bookmarks(),
        breakpoint=st.none() | texts,
        metadata=_objects(texts),
    )


def snapshots(texts: st.SearchStrategy[str] = _ANY_TEXT) -> st.SearchStrategy[Snapshot]:
    """Return snapshots of any messages."""
    return st.builds(
        Snapshot,
        extra=st.just({}),
        id=st.just("sfp-1"),
        messages=st.lists(messages(texts), max_size=3).map(tuple),
        last_sfp_index=st.integers(-1, 2**31 - 1),
        last_bookmark=_bookmarks(),
        created_at=_ISO,
        metadata=st.none() | _objects(texts),
    )


def as_stored(record: Record) -> Any:
    """Return the JSON of a record as every SQL store gives it back.

    Numbers are JavaScript's. 0, "", false and null are absent results; other empty values of
    columns are absent too; half a surrogate pair in a text column became U+FFFD.
    """
    shape = json.loads(js_text(record.to_json()))
    if isinstance(record, ToolCallRecord):
        shape["isError"] = bool(shape.get("isError"))
        for key in ("error", "startedAt", "completedAt", "durationMs"):
            shape = {name: item for name, item in shape.items() if name != key or item}
        if not is_truthy(shape.get("result")):
            shape.pop("result", None)
    if isinstance(record, AgentInfo) and not shape.get("breakpoint"):
        shape.pop("breakpoint", None)
    for key in ("error", "name", "templateId", "configVersion", "breakpoint"):
        if isinstance(shape.get(key), str):
            shape[key] = column_text(shape[key])
    return shape
