"""Between the SDK's records and the rows of its PostgreSQL tables, both ways.

JSON travels as text and is read by the functions that SQLite rows are read with. What JSONB or an
integer column cannot hold is found here, so that the refusal names its message or call.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from stores.errors import StoreError
from stores.kode import rows
from stores.kode.js_text import js_text
from stores.kode.records import AgentInfo, Message, Snapshot, ToolCallRecord
from stores.kode.row_values import column_text, is_truthy, stored_form

__all__ = [
    "CALL_COLUMNS",
    "INFO_COLUMNS",
    "MESSAGE_COLUMNS",
    "SESSION_COLUMNS",
    "SNAPSHOT_COLUMNS",
    "call_of",
    "call_row",
    "info_of",
    "info_row",
    "message_of",
    "message_row",
    "session_of",
    "snapshot_of",
    "snapshot_row",
]

Row = tuple[Any, ...]
_ISO: Final = """to_char(created_at, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')"""

INFO_COLUMNS: Final = (
    f"agent_id, template_id, {_ISO}, config_version, lineage::text, message_count, last_sfp_index,"
    " last_bookmark::text, breakpoint, metadata::text"
)
SESSION_COLUMNS: Final = f"agent_id, template_id, {_ISO}, message_count, last_sfp_index, breakpoint"
MESSAGE_COLUMNS: Final = "agent_id, seq, role, content::text, metadata::text"
CALL_COLUMNS: Final = (
    "id, name, input::text, state, approval::text, result::text, error, is_error, started_at,"
    " completed_at, duration_ms, created_at, updated_at, audit_trail::text"
)
SNAPSHOT_COLUMNS: Final = (
    f"agent_id, snapshot_id, messages::text, last_sfp_index, last_bookmark::text, {_ISO},"
    " metadata::text"
)

_ROLES: Final = frozenset({"user", "assistant", "system"})
_INTEGER: Final = 1 << 31
_BIGINT: Final = 1 << 63
#: An escape of U+0000 or of half a surrogate pair; an even number of backslashes before is none.
_UNSTORABLE: Final = re.compile(r"(?<!\\)(?:\\\\)*\\u(?:0000|d[89a-f][0-9a-f]{2})")
_IS_ERROR: Final = 7

message_of = rows.message_of


def info_row(info: AgentInfo) -> dict[str, Any]:
    """Return the columns of an agent; an absent breakpoint and "" are both NULL."""
    what = f"session {info.agent_id}"
    with stored_form():
        bookmark = info.last_bookmark.to_json() if info.last_bookmark else None
        return {
            "agent_id": info.agent_id,
            "template_id": _text(what, "template_id", info.template_id),
            "created_at": _timestamp(what, info.created_at),
            "config_version": _text(what, "config_version", info.config_version),
            "lineage": _json(what, "lineage", info.lineage),
            "message_count": _whole(what, "message_count", info.message_count, _INTEGER),
            "last_sfp_index": _whole(what, "last_sfp_index", info.last_sfp_index, _INTEGER),
            "last_bookmark": _json(what, "last_bookmark", bookmark),
            "breakpoint": _text(what, "breakpoint", info.breakpoint or None),
            "metadata": _json(what, "metadata", info.metadata),
        }


def info_of(row: Sequence[Any]) -> AgentInfo:
    """Read INFO_COLUMNS."""
    return rows.info_of((*row[:2], _iso(row[2]), *row[3:]))


def session_of(row: Sequence[Any]) -> Any:
    """Read SESSION_COLUMNS."""
    return rows.session_of((*row[:2], _iso(row[2]), *row[3:]))


def message_row(agent_id: str, seq: int, message: Message) -> dict[str, Any]:
    """Return the columns of a message."""
    what = f"message {seq} of session {agent_id}"
    with stored_form():
        if message.role not in _ROLES:
            roles = ", ".join(sorted(_ROLES))
            raise StoreError(f"The role of {what} is none of {roles}. Nothing was kept.")
        return {
            "seq": seq,
            "role": message.role,
            "content": _json(what, "content", message.content),
            "metadata": _json(what, "metadata", message.metadata),
        }


def call_row(record: ToolCallRecord) -> dict[str, Any]:
    """Return the columns of a tool call; 0, "" and false become NULL, as in the SDK."""
    what = f"tool call {record.id}"
    with stored_form():
        times = {
            name: _whole(what, name, getattr(record, name) or None, limit)
            for name, limit in (
                ("started_at", _BIGINT),
                ("completed_at", _BIGINT),
                ("duration_ms", _INTEGER),
            )
        }
        return {
            "id": _text(what, "id", record.id),
            "name": _text(what, "name", record.name),
            "input": _json(what, "input", record.input, null="null"),
            "state": _text(what, "state", record.state),
            "approval": _json(what, "approval", record.approval.to_json()),
            "result": _json(what, "result", record.result) if is_truthy(record.result) else None,
            "error": _text(what, "error", record.error or None),
            "is_error": None if record.is_error is None else bool(record.is_error),
            **times,
            "created_at": _whole(what, "created_at", record.created_at, _BIGINT),
            "updated_at": _whole(what, "updated_at", record.updated_at, _BIGINT),
            "audit_trail": _json(
                what, "audit_trail", [entry.to_json() for entry in record.audit_trail]
            ),
        }


def call_of(row: Sequence[Any]) -> ToolCallRecord:
    """Read CALL_COLUMNS; ``is_error`` is None where the SDK's record had none."""
    record = rows.call_of(tuple(row))
    return record if row[_IS_ERROR] is not None else replace(record, is_error=None)


def snapshot_row(agent_id: str, snapshot: Snapshot) -> dict[str, Any]:
    """Return the columns of a snapshot."""
    what = f"snapshot {snapshot.id} of session {agent_id}"
    with stored_form():
        messages = [message.to_json() for message in snapshot.messages]
        return {
            "agent_id": agent_id,
            "snapshot_id": _text(what, "id", snapshot.id),
            "messages": _json(what, "messages", messages),
            "last_sfp_index": _whole(what, "last_sfp_index", snapshot.last_sfp_index, _INTEGER),
            "last_bookmark": _json(what, "last_bookmark", snapshot.last_bookmark.to_json()),
            "created_at": _timestamp(what, snapshot.created_at),
            "metadata": _json(what, "metadata", snapshot.metadata),
        }


def snapshot_of(row: Sequence[Any]) -> Snapshot:
    """Read SNAPSHOT_COLUMNS."""
    return rows.snapshot_of((*row[:5], _iso(row[5]), *row[6:]))


def _iso(text: str | None) -> str | None:
    """Write a time as the SDK does: milliseconds, unless the row has finer ones."""
    return f"{text[:-4]}Z" if text and text.endswith("000Z") else text


def _json(what: str, column: str, value: Any, *, null: str | None = None) -> str | None:
    """Return JSON text that JSONB can hold.

    Raises:
        StoreError: it has U+0000 or half a surrogate pair.
    """
    if value is None:
        return null
    text = js_text(value)
    if ("\\u0000" in text or "\\ud" in text) and _UNSTORABLE.search(text):
        raise _unstorable(what, column)
    return text


def _text(what: str, column: str, text: str | None) -> str | None:
    if text is None:
        return None
    if "\0" in text:
        raise _unstorable(what, column)
    return column_text(text)


def _unstorable(what: str, column: str) -> StoreError:
    return StoreError(
        f"PostgreSQL cannot hold the {column} of {what}: it has the character U+0000 or half a "
        "surrogate pair. Take it out or replace it, or keep this session in a SQLite or JSON "
        "store. Nothing of this was kept."
    )


def _whole(what: str, column: str, number: Any, limit: int) -> int | None:
    if number is None:
        return None
    if isinstance(number, float) and number.is_integer():
        number = int(number)
    if isinstance(number, bool) or not isinstance(number, int) or not -limit <= number < limit:
        raise StoreError(
            f"The {column} of {what} is no whole number of {limit.bit_length()} bits, which "
            "PostgreSQL needs there. Nothing of this was kept."
        )
    return number


def _timestamp(what: str, text: Any) -> datetime:
    """Return UTC without a zone, which is what the column holds.

    The SDK leaves the offset out unread, which shifts a time that is not in UTC.
    """
    try:
        moment = datetime.fromisoformat(text)
        return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
    except (TypeError, ValueError, OverflowError) as exc:
        raise StoreError(
            f"The created_at of {what} is no time of ISO 8601 that PostgreSQL can hold. "
            "Nothing of this was kept."
        ) from exc
