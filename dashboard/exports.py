"""Lists as files: the columns of the screen plus ids, as CSV or JSON Lines, streamed by chunk.

CSV is written for spreadsheets, which run cells that look like formulas: text that begins like one
gets a leading quote (ASVS 1.2.10). JSON Lines carries every text as it is.
"""

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import StringIO
from typing import Any, Final

from dashboard.formats import iso
from stores.interface import MessageRow, SessionRow, StoreError, ToolCallRow

__all__ = [
    "MESSAGE_FIELDS",
    "SESSION_FIELDS",
    "TOOL_CALL_FIELDS",
    "ExportField",
    "csv_lines",
    "formula_safe",
    "jsonl_lines",
]

# Blanks and invisible marks, then what starts a formula somewhere: full-width forms included.
_FORMULA: Final = re.compile(
    "[\\s\\ufeff\\u200b]*[\\t\\r\\n=+\\-@\\0\u2212\ufe62\ufe63\ufe66\ufe6b\uff0b\uff0d\uff1d\uff20]"
)


@dataclass(frozen=True)
class ExportField:
    """One column of an export: its name and how a record gives it."""

    name: str
    get: Callable[[Any], Any]


def _field(name: str) -> ExportField:
    return ExportField(name, lambda record: getattr(record, name))


def _time(name: str) -> ExportField:
    """Return the readable twin of a time in milliseconds: ``created`` of ``created_at``."""

    def read(record: Any) -> str | None:
        at_ms = getattr(record, name)
        return None if at_ms is None else iso(at_ms)

    return ExportField(name.removesuffix("_at"), read)


def _approval(name: str) -> ExportField:
    return ExportField(f"approval_{name}", lambda call: getattr(call.approval, name))


SESSION_FIELDS: Final[tuple[ExportField, ...]] = (
    _field("agent_id"),
    ExportField("status", lambda row: row.status.value),
    *map(_field, ("first_text", "template_id")),
    *(_time("created_at"), _field("created_at"), _time("active_at"), _field("active_at")),
    *map(_field, ("message_count", "call_count", "failed_count", "denied_count")),
    *map(_field, ("sealed_count", "awaiting_count", "fork_count", "relation", "parent_id")),
    _field("problems"),
)
MESSAGE_FIELDS: Final[tuple[ExportField, ...]] = (
    *map(_field, ("agent_id", "seq", "role", "block_types", "preview", "size_bytes")),
    *(_time("saved_at"), _field("saved_at"), _field("problems")),
)
TOOL_CALL_FIELDS: Final[tuple[ExportField, ...]] = (
    *map(_field, ("id", "agent_id")),
    *(_time("created_at"), _field("created_at")),
    *map(_field, ("name", "state", "is_error", "duration_ms", "is_duration_derived")),
    *map(_approval, ("is_required", "decision", "decided_by")),
    *map(_field, ("input_preview", "error", "result_preview", "result_size_bytes", "problems")),
)

Rows = Iterable[Sequence[SessionRow | MessageRow | ToolCallRow]]


def formula_safe(text: str) -> str:
    """Return text that no spreadsheet takes for a formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def _cell(value: Any) -> Any:
    """Return a CSV cell: numbers as they are, text safe and whole, nothing for unknown."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, int):
        return value
    if isinstance(value, tuple):
        value = ", ".join(map(str, value))
    return formula_safe(str(value))


def _encoded(text: str) -> bytes:
    """Return UTF-8; a lone surrogate, which it cannot carry, becomes U+FFFD."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()


def csv_lines(chunks: Rows, fields: Sequence[ExportField]) -> Iterator[bytes]:
    """Yield RFC 4180 lines, a header first; an error on the way is the visible last line."""
    buffer = StringIO()
    writer = csv.writer(buffer, quoting=csv.QUOTE_NONNUMERIC)

    def taken() -> bytes:
        data = _encoded(buffer.getvalue())
        buffer.seek(0)
        buffer.truncate()
        return data

    writer.writerow([field.name for field in fields])
    yield taken()
    try:
        for chunk in chunks:
            for record in chunk:
                writer.writerow([_cell(field.get(record)) for field in fields])
            yield taken()
    except StoreError as exc:
        writer.writerow([_stopped(exc)])
        yield taken()


def jsonl_lines(chunks: Rows, fields: Sequence[ExportField]) -> Iterator[bytes]:
    """Yield one JSON object per row; an error on the way is a last object with ``error``."""
    try:
        for chunk in chunks:
            lines = [
                json.dumps(
                    {field.name: field.get(record) for field in fields},
                    ensure_ascii=False,
                    allow_nan=False,
                )
                for record in chunk
            ]
            yield _encoded("".join(f"{line}\n" for line in lines))
    except StoreError as exc:
        yield _encoded(json.dumps({"error": _stopped(exc)}, ensure_ascii=False) + "\n")


def _stopped(exc: StoreError) -> str:
    return f"# Export stopped here, rows are missing: {exc}"
