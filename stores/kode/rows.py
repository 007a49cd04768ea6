"""Between the SDK's records and the rows of its tables, both ways, JSON columns as text."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from stores.browse.sql.reading import RawText
from stores.kode.js_text import js_text
from stores.kode.js_value import js_value
from stores.kode.records import (
    AgentInfo,
    Approval,
    AuditEntry,
    Message,
    Record,
    Snapshot,
    ToolCallRecord,
)
from stores.kode.results import SessionInfo
from stores.kode.row_values import BrokenRow, column_text, is_truthy

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
    "session_of",
    "snapshot_of",
    "snapshot_row",
]

Row = tuple[Any, ...]
_Record = TypeVar("_Record", bound=Record)

INFO_COLUMNS: Final = (
    "agent_id, template_id, created_at, config_version, lineage, message_count, last_sfp_index,"
    " last_bookmark, breakpoint, metadata"
)
SESSION_COLUMNS: Final = (
    "agent_id, template_id, created_at, message_count, last_sfp_index, breakpoint"
)
MESSAGE_COLUMNS: Final = "agent_id, seq, role, content, metadata"
CALL_COLUMNS: Final = (
    "id, name, input, state, approval, result, error, is_error, started_at, completed_at,"
    " duration_ms, created_at, updated_at, audit_trail"
)
SNAPSHOT_COLUMNS: Final = (
    "agent_id, snapshot_id, messages, last_sfp_index, last_bookmark, created_at, metadata"
)


def info_row(info: AgentInfo) -> Row:
    """Return the values of INFO_COLUMNS; an absent breakpoint and "" are both NULL."""
    return (
        info.agent_id,
        column_text(info.template_id),
        column_text(info.created_at),
        column_text(info.config_version),
        _json_or_null(info.lineage),
        info.message_count,
        info.last_sfp_index,
        _json_or_null(info.last_bookmark.to_json() if info.last_bookmark else None),
        column_text(info.breakpoint) if info.breakpoint else None,
        _json_or_null(info.metadata),
    )


def info_of(row: Row) -> AgentInfo:
    """Read INFO_COLUMNS."""
    agent_id, template_id, created_at, version, lineage, count, sfp, *rest = row
    bookmark, breakpoint, metadata = rest
    what = f"session {agent_id}"
    _check_texts(what, agent_id, template_id, created_at, version)
    _check_numbers(what, count, sfp)
    parse = _parser(what)
    shape = {
        "agentId": agent_id,
        "templateId": template_id,
        "createdAt": created_at,
        "lineage": parse("lineage", lineage, list),
        "configVersion": version,
        "messageCount": count,
        "lastSfpIndex": sfp,
        "lastBookmark": parse("last_bookmark", bookmark, dict) if bookmark else None,
        "breakpoint": breakpoint or None,
        "metadata": parse("metadata", metadata, dict),
    }
    return _built(what, lambda: AgentInfo.from_json(shape))


def session_of(row: Row) -> SessionInfo:
    """Read SESSION_COLUMNS."""
    agent_id, template_id, created_at, message_count, last_sfp_index, breakpoint = row
    _check_texts(f"session {agent_id}", agent_id, template_id, created_at)
    _check_numbers(f"session {agent_id}", message_count, last_sfp_index)
    return SessionInfo(
        agent_id=agent_id,
        template_id=template_id,
        created_at=created_at,
        message_count=message_count,
        last_sfp_index=last_sfp_index,
        breakpoint=breakpoint or None,
    )


def message_of(row: Row) -> Message:
    """Read MESSAGE_COLUMNS."""
    agent_id, seq, role, content, metadata = row
    what = f"message {seq} of session {agent_id}"
    _check_texts(what, role)
    parse = _parser(what)
    return Message(
        role=role,
        content=parse("content", content, list),
        metadata=parse("metadata", metadata, dict) if metadata else None,
    )


def call_row(agent_id: str, record: ToolCallRecord) -> Row:
    """Return the values of CALL_COLUMNS and the agent; 0, "" and false become NULL."""
    return (
        column_text(record.id),
        column_text(record.name),
        js_text(record.input),
        column_text(record.state),
        js_text(record.approval.to_json()),
        js_text(record.result) if is_truthy(record.result) else None,
        column_text(record.error) if record.error else None,
        1 if record.is_error else 0,
        record.started_at or None,
        record.completed_at or None,
        record.duration_ms or None,
        record.created_at,
        record.updated_at,
        js_text([entry.to_json() for entry in record.audit_trail]),
        agent_id,
    )


def call_of(row: Row) -> ToolCallRecord:
    """Read CALL_COLUMNS; what the SDK reads back as undefined is None here."""
    (call_id, name, given, state, approval, result, error, is_error, *times, audit) = row
    started, completed, duration, created, updated = times
    what = f"tool call {call_id}"
    _check_texts(what, call_id, name, state)
    _check_numbers(what, created, updated)
    parse = _parser(what)
    given, approval = parse("input", given), parse("approval", approval, dict)
    result = parse("result", result) if result else None
    audit = parse("audit_trail", audit, list)
    # Built field by field: queries read thousands, and from_json takes twice as long.
    return _built(
        what,
        lambda: ToolCallRecord(
            id=call_id,
            name=name,
            input=given,
            state=state.upper(),
            approval=Approval.from_json(approval),
            result=result,
            error=error or None,
            is_error=is_error == 1,
            started_at=started or None,
            completed_at=completed or None,
            duration_ms=duration or None,
            created_at=created,
            updated_at=updated,
            audit_trail=tuple(map(AuditEntry.from_json, audit)),
        ),
    )


def snapshot_row(agent_id: str, snapshot: Snapshot) -> Row:
    """Return the values of SNAPSHOT_COLUMNS."""
    return (
        agent_id,
        column_text(snapshot.id),
        js_text([message.to_json() for message in snapshot.messages]),
        snapshot.last_sfp_index,
        js_text(snapshot.last_bookmark.to_json()),
        column_text(snapshot.created_at),
        _json_or_null(snapshot.metadata),
    )


def snapshot_of(row: Row) -> Snapshot:
    """Read SNAPSHOT_COLUMNS."""
    agent_id, snapshot_id, messages, last_sfp_index, bookmark, created_at, metadata = row
    what = f"snapshot {snapshot_id} of session {agent_id}"
    _check_texts(what, snapshot_id, created_at)
    _check_numbers(what, last_sfp_index)
    parse = _parser(what)
    shape = {
        "id": snapshot_id,
        "messages": parse("messages", messages, list),
        "lastSfpIndex": last_sfp_index,
        "lastBookmark": parse("last_bookmark", bookmark, dict),
        "createdAt": created_at,
        "metadata": parse("metadata", metadata, dict) if metadata else None,
    }
    return _built(what, lambda: Snapshot.from_json(shape))


def _json_or_null(value: Any) -> str | None:
    return None if value is None else js_text(value)


def _check_texts(what: str, *values: Any) -> None:
    """Refuse a blob or a number where SQLite let one in."""
    if not all(isinstance(value, str) for value in values):
        raise BrokenRow(f"The {what} cannot be read: one of its columns holds no text.")


def _check_numbers(what: str, *values: Any) -> None:
    if not all(isinstance(value, int | float) for value in values):
        raise BrokenRow(f"The {what} cannot be read: one of its columns holds no number.")


def _parser(what: str) -> Callable[..., Any]:
    """Return what parses one column of a row, and names both when it cannot."""

    def parse(column: str, text: Any, kind: type = object) -> Any:
        try:
            if not isinstance(text, str) or isinstance(text, RawText):
                raise ValueError(column)
            value = js_value(text)
        except ValueError as exc:
            raise BrokenRow(f"The {what} cannot be read: its {column} holds no JSON.") from exc
        if not isinstance(value, kind):
            raise BrokenRow(f"The {what} cannot be read: its {column} has the wrong shape.")
        return value

    return parse


def _built(what: str, build: Callable[[], _Record]) -> _Record:
    try:
        return build()
    except (ValueError, TypeError) as exc:
        raise BrokenRow(f"The {what} cannot be read: a field is missing or misshapen.") from exc
