"""The calls of one session that did not succeed: the steps of "next failure"."""

from collections.abc import Sequence
from typing import Any, Final

from stores.backends.sqlite.shape import Schema
from stores.backends.sqlite.statement import Reading
from stores.backends.sqlite.tool_calls import call_order
from stores.backends.sqlite.walk import Source, walk
from stores.backends.sqlite.where import Where
from stores.browse.json_text import to_text
from stores.browse.records import ToolCallRow

__all__ = ["failures_of"]

FAILURES: Final = 500
_FAILURE_COLUMNS: Final = ("id", "agent_id", "name", "state", "is_error", "created_at")


def failures_of(reading: Reading, schema: Schema, agent_id: str) -> tuple[ToolCallRow, ...]:
    """Return the calls of a session that did not succeed, oldest first."""
    if not schema.has("tool_calls", "state"):
        return ()
    where = Where()
    where.one_session("tool_calls", agent_id)
    where.add("+tool_calls.state IN ('FAILED', 'DENIED', 'SEALED', 'failed', 'denied', 'sealed')")
    order = call_order(schema, "created")
    columns = tuple(schema.column("tool_calls", name) for name in _FAILURE_COLUMNS)
    source = Source("tool_calls", columns, columns)
    found = walk(reading, source, where, order, start=None, limit=FAILURES, budget_ms=50)
    return tuple(_failure(row) for row in found.rows)


def _failure(row: Sequence[Any]) -> ToolCallRow:
    """Return a call without payloads; there may be hundreds on a page, so nothing is decoded."""
    call_id, agent_id, name, state, is_error, created_at = row[: len(_FAILURE_COLUMNS)]
    return ToolCallRow(
        id=to_text(call_id)[0],
        agent_id=to_text(agent_id)[0],
        name=to_text(name)[0],
        state=to_text(state)[0].upper(),
        is_error=is_error == 1,
        input_preview="",
        result_preview="",
        result_size_bytes=None,
        error=None,
        created_at=created_at if isinstance(created_at, int) else None,
        duration_ms=None,
    )
