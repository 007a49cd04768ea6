"""The rows that Python writes are those of the SDK, and come back as they were."""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stores.backends.postgres.agent_store import PostgresStore
from stores.conformance.samples import fill, make_call, make_info, make_snapshot
from stores.errors import StoreError
from stores.kode.filters import SessionFilter, ToolCallFilter
from stores.kode.js_text import js_text
from stores.kode.records import Bookmark, Message
from stores.kode.row_values import BrokenRow
from tests.servers import fresh_postgres, load_dump

_SCHEMA = """
    SELECT table_name, column_name, data_type, is_nullable, column_default
    FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL
    SELECT tablename, indexname, indexdef, '', '' FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL
    SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid), '', ''
    FROM pg_constraint WHERE connamespace = 'public'::regnamespace
    ORDER BY 1, 2, 3
"""

#: What JSONB can hold: no U+0000, no half of a surrogate pair.
_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)
_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_OBJECT = st.dictionaries(_TEXT, _JSON, max_size=3)
_TIME = st.integers(1, 2**53)


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresStore]:
    """Return one store for all generated records."""
    files = tmp_path_factory.mktemp("files")
    with fresh_postgres() as url, PostgresStore(url, files) as opened:
        opened.save_info("agt-1", make_info("agt-1"))
        yield opened


def _rows(url: str, statement: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        return connection.execute(statement.encode()).fetchall()


def _canonical(value: Any) -> str:
    """Write JSON in one way: JSONB keeps neither the order of keys nor 1.0 from 1."""
    if isinstance(value, dict):
        items = sorted((key, _canonical(item)) for key, item in value.items())
        return "{" + ",".join(f"{js_text(key)}:{item}" for key, item in items) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(map(_canonical, value)) + "]"
    return js_text(value)


def test_tables_and_indexes_are_those_of_the_sdk(
    store: PostgresStore, postgres_database: str, kode_data: Path
) -> None:
    """Columns, types, defaults, indexes, checks and keys, name for name."""
    ours = _rows(postgres_database, _SCHEMA)
    with fresh_postgres() as url:
        load_dump(url, kode_data / "postgres" / "agents.sql")
        assert ours == _rows(url, _SCHEMA)


@given(contents=st.lists(st.lists(_OBJECT, max_size=3), max_size=4), metadata=_OBJECT)
@settings(max_examples=40)
def test_messages_come_back_as_they_were(
    shared: PostgresStore, contents: list[Any], metadata: dict[str, Any]
) -> None:
    """Hostile text in keys and values, numbers of any size, order and absence of metadata."""
    messages = [Message(role="user", content=content, metadata=metadata) for content in contents]
    messages += [Message(role="assistant", content=[])]
    shared.save_messages("agt-1", messages)
    found = shared.load_messages("agt-1")
    assert list(map(_canonical, (one.to_json() for one in found))) == [
        _canonical(one.to_json()) for one in messages
    ]


@given(
    value=_JSON,
    error=_TEXT.filter(bool),
    flags=st.sampled_from([None, True, False]),
    times=st.tuples(_TIME, _TIME, st.integers(1, 2**31 - 1)),
)
@settings(max_examples=40)
def test_calls_come_back_as_they_were(
    shared: PostgresStore, value: Any, error: str, flags: Any, times: Any
) -> None:
    """Any JSON as input and result; times as integers; ``is_error`` absent, true and false."""
    call = make_call(
        "call",
        input=value,
        result=[value],
        error=error,
        is_error=flags,
        started_at=times[0],
        completed_at=times[1],
        duration_ms=times[2],
    )
    shared.save_tool_call_records("agt-1", [call])
    (found,) = shared.load_tool_call_records("agt-1")
    assert _canonical(found.to_json()) == _canonical(call.to_json())
    assert found.is_error is flags


@given(metadata=_OBJECT, lineage=st.lists(_TEXT, max_size=3), seq=_TIME)
@settings(max_examples=30)
def test_infos_and_snapshots_come_back_as_they_were(
    shared: PostgresStore, metadata: dict[str, Any], lineage: list[str], seq: int
) -> None:
    mark = Bookmark(seq=seq, timestamp=seq)
    info = make_info("agt-2", metadata=metadata, lineage=lineage, last_bookmark=mark)
    shared.save_info("agt-2", info)
    loaded = shared.load_info("agt-2")
    assert loaded is not None
    assert _canonical(loaded.to_json()) == _canonical(info.to_json())
    snapshot = make_snapshot("sfp-0", metadata=metadata, last_bookmark=mark)
    shared.save_snapshot("agt-2", snapshot)
    found = shared.load_snapshot("agt-2", "sfp-0")
    assert found is not None
    assert _canonical(found.to_json()) == _canonical(snapshot.to_json())


def test_columns_hold_what_the_sdk_puts_there(store: PostgresStore, postgres_database: str) -> None:
    """UTC wall clock without a zone, falsy as NULL, is_error NULL when the record has none."""
    store.save_info("agt-1", make_info("agt-1", created_at="2026-08-20T07:30:00.009Z"))
    falsy = {"result": 0, "error": "", "started_at": 0, "completed_at": 0, "duration_ms": 0}
    store.save_tool_call_records("agt-1", [make_call("a", **falsy), make_call("b", is_error=False)])
    agents = _rows(postgres_database, "SELECT created_at::text, breakpoint FROM agents")
    assert agents == [("2026-08-20 07:30:00.009", None)]
    columns = "is_error, result, error, started_at, completed_at, duration_ms"
    calls = _rows(postgres_database, f"SELECT {columns} FROM tool_calls ORDER BY id")
    assert calls[0] == (None,) * 6
    assert calls[1][0] is False


@pytest.mark.parametrize(
    ("given_at", "kept"),
    [
        ("2026-08-20T07:30:00.009Z", "2026-08-20T07:30:00.009Z"),
        ("2026-08-20T07:30:00+02:00", "2026-08-20T05:30:00.000Z"),
        ("2026-08-20T07:30:00.123456Z", "2026-08-20T07:30:00.123456Z"),
        ("2026-08-20", "2026-08-20T00:00:00.000Z"),
    ],
)
def test_a_time_keeps_its_moment(store: PostgresStore, given_at: str, kept: str) -> None:
    """The SDK drops an offset, which shifts the time by it."""
    store.save_info("agt-1", make_info("agt-1", created_at=given_at))
    info = store.load_info("agt-1")
    assert info is not None
    assert info.created_at == kept


@pytest.mark.parametrize("text", ["nul \0 here", "half \ud800 a pair"])
def test_what_jsonb_cannot_hold_is_named_and_nothing_is_kept(
    store: PostgresStore, text: str
) -> None:
    fill(store, "agt-1")
    before = (store.load_messages("agt-1"), store.load_tool_call_records("agt-1"))
    bad = Message(role="user", content=[{"type": "text", "text": text}])
    good = Message(role="user", content=[{"type": "text", "text": "a written \\u0000"}])
    with pytest.raises(StoreError, match="message 1 of session agt-1"):
        store.save_messages("agt-1", [good, bad])
    with pytest.raises(StoreError, match="tool call bad"):
        store.save_tool_call_records("agt-1", [make_call("good"), make_call("bad", input=text)])
    with pytest.raises(StoreError, match="metadata of session agt-1"):
        store.save_info("agt-1", make_info("agt-1", metadata={text: 1}))
    with pytest.raises(StoreError, match="snapshot s"):
        store.save_snapshot("agt-1", make_snapshot("s", metadata={"x": text}))
    assert (store.load_messages("agt-1"), store.load_tool_call_records("agt-1")) == before
    store.save_messages("agt-1", [good])
    assert store.load_messages("agt-1") == [good]


def test_an_id_of_another_sessions_call_is_named(store: PostgresStore) -> None:
    store.save_info("agt-1", make_info("agt-1"))
    store.save_info("agt-2", make_info("agt-2"))
    store.save_tool_call_records("agt-1", [make_call("call_0")])
    with pytest.raises(StoreError, match="call_0"):
        store.save_tool_call_records("agt-2", [make_call("call_1"), make_call("call_0")])
    with pytest.raises(StoreError, match="twice"):
        store.save_tool_call_records("agt-1", [make_call("x"), make_call("x")])
    assert [call.id for call in store.load_tool_call_records("agt-1")] == ["call_0"]
    assert store.load_tool_call_records("agt-2") == []


def test_values_that_no_column_takes_are_refused_by_name(store: PostgresStore) -> None:
    store.save_info("agt-1", make_info("agt-1"))
    for call in (
        make_call("x", duration_ms=2**31),
        make_call("x", started_at=1.5),
        make_call(secrets.token_hex(10_000)),
    ):
        with pytest.raises(StoreError):
            store.save_tool_call_records("agt-1", [call])
    with pytest.raises(StoreError, match="role of message 0"):
        store.save_messages("agt-1", [Message(role="tool", content=[])])
    with pytest.raises(StoreError, match="created_at"):
        store.save_info("agt-1", make_info("agt-1", created_at="yesterday"))
    with pytest.raises(StoreError, match="Save its info first"):
        store.save_messages("agt-9", [Message(role="user", content=[])])
    store.save_messages("agt-9", [])


def test_a_row_of_a_wrong_shape_is_named_and_stops_nothing_else(
    store: PostgresStore, postgres_database: str
) -> None:
    fill(store, "agt-1")
    fill(store, "agt-2")
    with psycopg.connect(postgres_database) as connection:
        connection.execute("UPDATE messages SET content = '7' WHERE agent_id = 'agt-1' AND seq = 0")
    with pytest.raises(BrokenRow, match="message 0 of session agt-1"):
        store.load_messages("agt-1")
    assert store.load_messages("agt-2")
    assert store.query_messages()
    assert not store.check_consistency("agt-1").consistent
    assert store.check_consistency("agt-2").consistent


@pytest.mark.parametrize("text", ["\0", "half \ud800"])
def test_a_text_that_no_row_can_have_finds_nothing(store: PostgresStore, text: str) -> None:
    """The driver would refuse to send it."""
    fill(store, "agt-1")
    assert store.list(text) == []
    assert store.load_snapshot("agt-1", text) is None
    assert store.query_sessions(SessionFilter(agent_id=text)) == []
    assert store.query_tool_calls(ToolCallFilter(tool_name=text)) == []


def test_json_that_is_nested_too_deep_is_refused(store: PostgresStore) -> None:
    store.save_info("agt-1", make_info("agt-1"))
    deep: Any = "x"
    for _ in range(50_000):
        deep = [deep]
    with pytest.raises(StoreError, match="too deep"):
        store.save_tool_call_records("agt-1", [make_call("a", input=deep)])
