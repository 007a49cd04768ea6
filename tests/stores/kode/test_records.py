"""Records of the SDK: read from its JSON and written back to the byte."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from stores.kode.js_text import js_text
from stores.kode.records import (
    AgentInfo,
    Approval,
    AuditEntry,
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    Message,
    Record,
    Snapshot,
    Timeline,
    TodoSnapshot,
    ToolCallRecord,
)


@pytest.fixture
def sdk_rows(kode_data: Path) -> Iterator[sqlite3.Connection]:
    uri = f"{(kode_data / 'sqlite' / 'agents.db').resolve().as_uri()}?mode=ro&immutable=1"
    with closing(sqlite3.connect(uri, uri=True)) as db:
        db.row_factory = sqlite3.Row
        yield db


def _texts(db: sqlite3.Connection, table: str, column: str) -> list[str]:
    rows = db.execute(f"SELECT {column} FROM {table} WHERE {column} IS NOT NULL")
    texts = [str(row[0]) for row in rows]
    assert texts
    return texts


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("agents", "metadata"),
        ("agents", "lineage"),
        ("messages", "content"),
        ("messages", "metadata"),
        ("tool_calls", "input"),
        ("tool_calls", "result"),
    ],
)
def test_json_of_the_sdk_is_written_back_to_the_byte(
    sdk_rows: sqlite3.Connection, table: str, column: str
) -> None:
    for text in _texts(sdk_rows, table, column):
        assert js_text(json.loads(text)) == text


@pytest.mark.parametrize(
    ("kind", "table", "column", "is_list"),
    [
        (Bookmark, "agents", "last_bookmark", False),
        (Approval, "tool_calls", "approval", False),
        (AuditEntry, "tool_calls", "audit_trail", True),
        (Message, "snapshots", "messages", True),
    ],
)
def test_records_of_the_sdk_are_written_back_to_the_byte(
    sdk_rows: sqlite3.Connection, kind: type[Record], table: str, column: str, *, is_list: bool
) -> None:
    for text in _texts(sdk_rows, table, column):
        value = json.loads(text)
        items = value if is_list else [value]
        back = [kind.from_json(item).to_json() for item in items]
        assert js_text(back if is_list else back[0]) == text


def test_every_event_line_of_the_sdk_is_written_back_to_the_byte(kode_data: Path) -> None:
    logs = sorted(kode_data.rglob("events/*.log"))
    assert logs
    for log in logs:
        for line in log.read_bytes().decode("utf-8").split("\n"):
            value = _json_or_none(line)
            if value is not None:
                assert js_text(Timeline.from_json(value).to_json()) == line


@pytest.mark.parametrize(
    ("kind", "pattern"),
    [
        (TodoSnapshot, "**/runtime/todos.json"),
        (HistoryWindow, "**/history/windows/*.json"),
        (CompressionRecord, "**/history/compressions/*.json"),
        (Snapshot, "json-store/**/snapshots/*.json"),
    ],
)
def test_every_file_of_the_sdk_is_written_back_to_the_byte(
    kode_data: Path, kind: type[Record], pattern: str
) -> None:
    paths = sorted(kode_data.glob(pattern))
    assert paths
    for path in paths:
        text = path.read_bytes().decode("utf-8")
        assert js_text(kind.from_json(json.loads(text)).to_json(), indent=2) == text


def test_agents_of_a_json_store_are_written_back_to_the_byte(kode_data: Path) -> None:
    paths = [path for path in sorted(kode_data.rglob("meta.json")) if "__pool" not in str(path)]
    assert paths
    for path in paths:
        text = path.read_bytes().decode("utf-8")
        assert js_text(AgentInfo.from_json(json.loads(text)).to_json(), indent=2) == text


def test_calls_of_a_json_store_are_written_back(kode_data: Path) -> None:
    """Compare values only: the SDK writes those keys in the order in which it set them."""
    paths = sorted(kode_data.rglob("tool-calls.json"))
    assert paths
    for path in paths:
        value = json.loads(path.read_text("utf-8"))
        assert [ToolCallRecord.from_json(item).to_json() for item in value] == value


def test_a_field_of_a_later_sdk_is_kept() -> None:
    value = {"role": "user", "content": [], "priority": 3}
    assert Message.from_json(value).to_json() == value


def test_absent_fields_stay_absent() -> None:
    assert Approval(required=False).to_json() == {"required": False}


@pytest.mark.parametrize("value", [None, [], "x", {"role": "user"}])
def test_what_is_no_message_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="Message"):
        Message.from_json(value)


def _json_or_none(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return None
