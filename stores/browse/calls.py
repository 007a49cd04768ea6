"""Turn stored columns of a tool call into records; a wrong value costs a problem, not the row."""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from stores.browse.json_text import clean_text, cut_text, parse_json, to_text
from stores.browse.records import Approval, AuditEntry, ToolCall, ToolCallRow

__all__ = ["call_from_columns", "call_row_from_columns"]

_FINAL_STATES: Final = frozenset({"COMPLETED", "FAILED", "DENIED", "SEALED"})
_FIRST_MS: Final = -62_135_596_800_000
_LAST_MS: Final = 253_402_300_799_999
_MAX_AUDIT_ENTRIES: Final = 200
_MAX_NOTE: Final = 4_000
_ROW_ERROR: Final = 2_000
_NO_APPROVAL: Final = Approval()

JsonT = TypeVar("JsonT", dict[str, Any], list[Any])


class _Columns:
    """The columns of one row, with what was found wrong in them."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        self._columns = columns
        self.problems: list[str] = []

    def text(self, name: str) -> str:
        text, is_good = to_text(self._columns.get(name))
        if not is_good:
            self.problems.append(f"{name} is not UTF-8 text")
        return text

    def text_or_none(self, name: str) -> str | None:
        return None if self._columns.get(name) is None else self.text(name)

    def time(self, name: str) -> int | None:
        value = self._columns.get(name)
        if value is None or (type(value) is int and _FIRST_MS <= value <= _LAST_MS):
            return value
        self.problems.append(f"{name} is not a time in milliseconds")
        return None

    def duration(self) -> int | None:
        value = self._columns.get("duration_ms")
        if value is None or (type(value) is int and value >= 0):
            return value or None
        self.problems.append("duration_ms is not a duration")
        return None

    def size(self, name: str, fallback: int) -> int:
        value = self._columns.get(name)
        return value if type(value) is int and value > fallback else fallback

    def flag(self, name: str) -> bool:
        value = self._columns.get(name)
        if value is None or (isinstance(value, int) and value in (0, 1)):
            return bool(value)
        self.problems.append(f"{name} is neither 0 nor 1")
        return value not in ("", "0")

    def json(self, name: str, empty: JsonT) -> JsonT:
        value = self._columns.get(name)
        if not isinstance(value, dict | list):
            value, problem = parse_json(self.text(name))
            if problem:
                self.problems.append(f"{name}: {problem}")
                return empty
        if isinstance(value, type(empty)):
            return value
        self.problems.append(f"{name} has the wrong shape")
        return empty

    def state(self) -> str:
        state = self.text("state").strip().upper()
        if not state:
            self.problems.append("state is empty")
        return state

    def approval(self) -> Approval:
        if self._columns.get("approval") == '{"required":false}':
            return _NO_APPROVAL
        value = self.json("approval", {})
        meta = value.get("meta")
        reason = meta.get("reason") if isinstance(meta, dict) else None
        decision = _short_text(value.get("decision"))
        return Approval(
            is_required=value.get("required") is True,
            decision=decision.lower() if decision else None,
            decided_by=_short_text(value.get("decidedBy")),
            decided_at=_time_or_none(value.get("decidedAt")),
            note=_short_text(value.get("note")),
            reason=_short_text(reason),
        )

    def audit_trail(self) -> tuple[AuditEntry, ...]:
        entries = self.json("audit_trail", [])
        if len(entries) > _MAX_AUDIT_ENTRIES:
            self.problems.append(f"audit_trail: {len(entries) - _MAX_AUDIT_ENTRIES} steps left out")
            entries = entries[-_MAX_AUDIT_ENTRIES:]
        good = [entry for entry in entries if isinstance(entry, dict)]
        if len(good) < len(entries):
            self.problems.append("audit_trail has steps of the wrong shape")
        return tuple(
            AuditEntry(
                (_short_text(entry.get("state")) or "").upper(),
                _time_or_none(entry.get("timestamp")),
                _short_text(entry.get("note")),
            )
            for entry in good
        )


def call_row_from_columns(columns: Mapping[str, Any]) -> ToolCallRow:
    """Return one row of the tool-call list.

    Columns: id, agent_id, name, state, is_error, input and result (the start of the stored
    text), result_size, error, created_at, started_at, completed_at, duration_ms, approval,
    audit_trail. Absent columns count as NULL.
    """
    read = _Columns(columns)
    state, error = read.state(), read.text_or_none("error")
    result = read.text_or_none("result")
    duration_ms, is_derived = _duration(read, state, read.audit_trail())
    read.time("completed_at")
    return ToolCallRow(
        id=read.text("id"),
        agent_id=read.text("agent_id"),
        name=read.text("name"),
        state=state,
        is_error=read.flag("is_error"),
        input_preview=read.text("input"),
        result_preview=result or "",
        result_size_bytes=None if result is None else read.size("result_size", _size(result)),
        error=error if error is None else error[:_ROW_ERROR],
        created_at=read.time("created_at"),
        duration_ms=duration_ms,
        is_duration_derived=is_derived,
        approval=read.approval(),
        problems=tuple(dict.fromkeys(read.problems)),
    )


def call_from_columns(columns: Mapping[str, Any], *, limit_bytes: int = 1 << 18) -> ToolCall:
    """Return one call in full, input and result cut at ``limit_bytes`` each.

    Columns: those of the row, with whole texts (or the start of them beside ``input_size`` and
    ``result_size``), and updated_at.
    """
    read = _Columns(columns)
    state, audit_trail = read.state(), read.audit_trail()
    duration_ms, is_derived = _duration(read, state, audit_trail)
    input_text, input_size, is_input_cut, input_value = _payload(read, "input", limit_bytes)
    result_text, result_size, is_result_cut, result_value = _payload(read, "result", limit_bytes)
    return ToolCall(
        id=read.text("id"),
        agent_id=read.text("agent_id"),
        name=read.text("name"),
        state=state,
        is_error=read.flag("is_error"),
        input=input_value,
        input_text=input_text or "",
        input_size_bytes=input_size,
        result=result_value,
        result_text=result_text,
        result_size_bytes=result_size,
        error=read.text_or_none("error"),
        created_at=read.time("created_at"),
        updated_at=read.time("updated_at"),
        started_at=read.time("started_at"),
        completed_at=read.time("completed_at"),
        duration_ms=duration_ms,
        is_duration_derived=is_derived,
        is_input_cut=is_input_cut,
        is_result_cut=is_result_cut,
        approval=read.approval(),
        audit_trail=audit_trail,
        problems=tuple(dict.fromkeys(read.problems)),
    )


def _duration(
    read: _Columns, state: str, audit_trail: tuple[AuditEntry, ...]
) -> tuple[int | None, bool]:
    """Return the recorded duration, else last audit time minus start once the call has ended."""
    recorded, started_at = read.duration(), read.time("started_at")
    if recorded is not None:
        return recorded, False
    ended_at = audit_trail[-1].at if audit_trail else None
    if state not in _FINAL_STATES or started_at is None or ended_at is None:
        return None, False
    return (ended_at - started_at, True) if ended_at >= started_at else (None, False)


def _payload(read: _Columns, name: str, limit_bytes: int) -> tuple[str | None, int, bool, Any]:
    stored = read.text_or_none(name)
    if stored is None:
        return None, 0, False, None
    text, size, is_cut = cut_text(stored, limit_bytes)
    whole = read.size(f"{name}_size", size)
    if is_cut or whole > size:
        return text, whole, True, None
    value, problem = parse_json(text)
    if problem:
        read.problems.append(f"{name}: {problem}")
    return text, whole, False, value


def _size(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


def _short_text(value: object) -> str | None:
    return clean_text(value[:_MAX_NOTE]) if isinstance(value, str) else None


def _time_or_none(value: object) -> int | None:
    is_time = type(value) is int or (isinstance(value, float) and value.is_integer())
    if not is_time or not isinstance(value, int | float):
        return None
    return int(value) if _FIRST_MS <= value <= _LAST_MS else None
