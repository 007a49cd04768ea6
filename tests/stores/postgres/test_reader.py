"""What the PostgreSQL reader promises beyond what every reader does."""

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from stores.backends.postgres.connection import PostgresTarget, open_pool
from stores.backends.postgres.reader import PostgresReader
from stores.backends.postgres.reading import PostgresReading, read_from
from stores.backends.postgres.schema import SCHEMA
from stores.browse.queries import MessageQuery, SessionQuery, ToolCallQuery
from stores.browse.sql import walk
from stores.browse.sql.reading import StatementTimeout
from stores.errors import InvalidQuery, SessionNotFound, StoreUnavailable
from tests.servers import fresh_postgres, load_dump

Open = Callable[[str], PostgresReader]


@pytest.fixture(scope="module")
def dumped(kode_data: Path) -> Iterator[str]:
    """Return the database that the SDK wrote."""
    with fresh_postgres() as url:
        load_dump(url, kode_data / "postgres" / "agents.sql")
        yield url


@pytest.fixture
def open_reader(kode_data: Path) -> Iterator[Open]:
    """Return a maker of readers that are closed in the end."""
    readers: list[PostgresReader] = []

    def make(url: str) -> PostgresReader:
        files = kode_data / "postgres" / "store"
        readers.append(PostgresReader.open("store", PostgresTarget.from_url(url), files))
        return readers[-1]

    yield make
    for reader in readers:
        reader.close()


@pytest.fixture
def reader(dumped: str, open_reader: Open) -> PostgresReader:
    """Return a reader of the database that the SDK wrote."""
    return open_reader(dumped)


@pytest.fixture
def answers(kode_data: Path) -> dict[str, Any]:
    """Return what the SDK answers about its database."""
    found: dict[str, Any] = json.loads((kode_data / "expected.json").read_text())["postgres"]
    return found


def test_transcripts_and_calls_are_those_that_the_sdk_reads(
    reader: PostgresReader, answers: dict[str, Any]
) -> None:
    sessions = reader.list_sessions(SessionQuery(limit=200)).rows
    assert {row.agent_id for row in sessions} == set(answers["list"])
    for row in sessions:
        expected = answers["agents"][row.agent_id]
        turns = reader.get_transcript(row.agent_id, limit=1000).turns
        assert "".join(turn.role[0] for turn in turns) == expected["messages"]["roles"]
        assert not [problem for turn in turns for problem in turn.problems]
        calls = reader.list_tool_calls(ToolCallQuery(agent_id=row.agent_id, limit=200)).rows
        assert {call.id for call in calls} == set(expected["toolCalls"]["ids"])
        detail = reader.get_session(row.agent_id, whole=True)
        assert len(detail.snapshots) == len(expected["snapshots"])
        shared = [block for turn in turns for block in turn.blocks if block.type == "tool_use"]
        assert all(block.call is not None for block in shared if block.result is not None)


def test_stored_times_are_utc_whatever_the_server_thinks(
    reader: PostgresReader, dumped: str
) -> None:
    with psycopg.connect(dumped, autocommit=True) as connection:
        name = connection.info.dbname
        connection.execute(f"ALTER DATABASE {name} SET timezone = 'Asia/Kolkata'")
        connection.execute(f"ALTER DATABASE {name} SET datestyle = 'German'")
        plain = connection.execute(
            "SELECT agent_id, extract(epoch FROM created_at AT TIME ZONE 'UTC') * 1000 FROM agents"
        ).fetchall()
    rows = reader.list_sessions(SessionQuery(limit=200)).rows
    assert {row.agent_id: row.created_at for row in rows} == {key: int(ms) for key, ms in plain}
    page = reader.list_sessions(SessionQuery(limit=5))
    assert page.next is not None


def test_nothing_is_written_and_nothing_stays_on_the_connection(dumped: str) -> None:
    target = PostgresTarget.from_url(dumped)
    with open_pool(target, max_size=1, read_only=True) as pool:
        with read_from(pool, lambda reading: None) as reading:
            assert reading.fetch("SHOW statement_timeout") == [("250ms",)]
            with pytest.raises(StoreUnavailable) as refused:
                reading.fetch("DELETE FROM messages")
            assert refused.value.reason == "permission"
        with pool.connection() as connection:
            shown = [connection.execute(f"SHOW {name}").fetchone() for name in
                     ("statement_timeout", "transaction_read_only", "jit")]  # fmt: skip
            assert shown == [("0",), ("off",), ("on",)]
            assert connection.execute("SELECT count(*) FROM messages").fetchone() == (225,)


def test_a_statement_is_stopped_by_the_server_and_the_next_one_runs(dumped: str) -> None:
    with PostgresTarget.from_url(dumped).connect() as connection:
        reading = PostgresReading(connection)
        began = time.monotonic()
        with pytest.raises(StatementTimeout):
            reading.fetch("SELECT pg_sleep(20)")
        assert time.monotonic() - began < 10
        assert reading.fetch("SELECT :a::text || '%'", {"a": "x"}) == [("x%",)]


@pytest.mark.parametrize("query", [MessageQuery(text="e"), MessageQuery(text="no one says this")])
def test_a_search_without_time_goes_on_from_where_it_came(
    reader: PostgresReader, query: MessageQuery, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = [row for rows in reader.iter_messages(query) for row in rows]
    monkeypatch.setattr(walk, "SEARCH_BUDGET_MS", 0)
    monkeypatch.setattr(walk, "_FIRST_CHUNK", 10)
    assert reader.list_messages(query).searched_to is not None
    found = [row for rows in reader.iter_messages(query) for row in rows]
    assert found == expected


def test_a_filter_whose_plan_fails_is_searched_in_parts(
    reader: PostgresReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = ToolCallQuery(name=("db_query",), is_error=False)
    expected = reader.list_tool_calls(query).rows
    fetch = PostgresReading.fetch

    def slow(self: PostgresReading, statement: str, *params: Any) -> Any:
        if " IN (\n" in statement and "start0" not in statement and "end0" not in statement:
            raise StatementTimeout
        return fetch(self, statement, *params)

    monkeypatch.setattr(PostgresReading, "fetch", slow)
    assert reader.list_tool_calls(query).rows == expected


@pytest.mark.parametrize(
    ("read", "most"),
    [
        (lambda reader: reader.list_sessions(SessionQuery()), 4),
        (lambda reader: reader.list_messages(MessageQuery(role=("user",))), 1),
        (lambda reader: reader.list_tool_calls(ToolCallQuery(name=("db_query",))), 1),
        (lambda reader: reader.count_tool_calls(ToolCallQuery(is_error=True)), 1),
        (lambda reader: reader.get_session("agt-01M4KSS6G9QSY6H13X1V5YCFZT"), 8),
        (lambda reader: reader.get_transcript("agt-01M4KSS6G9QSY6H13X1V5YCFZT"), 5),
        (lambda reader: reader.overview(), 8),
    ],
)
def test_a_page_asks_few_statements(
    reader: PostgresReader, read: Callable[[PostgresReader], object], most: int
) -> None:
    reader.list_templates()  # the tables are looked at once, whatever page comes first
    before = reader.statements
    read(reader)
    assert 0 < reader.statements - before <= most


def test_broken_shapes_are_marked_and_stop_nothing(
    postgres_database: str, open_reader: Open
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        for statement in SCHEMA:
            connection.execute(statement)
        connection.execute(
            """INSERT INTO agents VALUES
            ('a', 't', 'infinity', 'v', '{"x": 1}', 2, 0, NULL, NULL, '"text"'),
            ('b', 't', '2026-01-02 03:04:05.678901', 'v', '[1]', -2, 0, NULL, NULL, '[]')"""
        )
        connection.execute(
            """INSERT INTO messages VALUES ('m', 'a', 'user', '{"no": "list"}', 0, NULL, 1),
            ('n', 'a', 'assistant', '[1, null, {"type": 7}]', 1, NULL, -5)"""
        )
        connection.execute(
            """INSERT INTO tool_calls VALUES ('c', 'a', '', '1', 'odd', '[]', 'null', NULL, NULL,
            NULL, NULL, -1, 0, 0, '{"timestamp": "x"}')"""
        )
    reader = open_reader(postgres_database)
    rows = {row.agent_id: row for row in reader.list_sessions(SessionQuery()).rows}
    assert rows["a"].problems == ("created_at is not a time", "lineage is not a list of ids")
    assert rows["b"].created_at == 1767323045678
    assert [row.seq for row in reader.list_messages(MessageQuery(type=("text",))).rows] == []
    assert all(row.problems for row in reader.list_messages(MessageQuery()).rows)
    (call,) = reader.list_tool_calls(ToolCallQuery(is_error=False)).rows
    assert call.problems
    assert not call.is_error
    assert reader.list_tool_calls(ToolCallQuery(min_duration_ms=0, approval=("asked",))).rows == ()
    assert len(reader.get_transcript("a").turns) == 2
    assert reader.get_session("a", whole=True).metadata == ()
    forth = reader.list_sessions(SessionQuery(limit=1))
    assert forth.next is not None
    again = reader.list_sessions(SessionQuery(limit=1, cursor=forth.next))
    assert {forth.rows[0].agent_id, again.rows[0].agent_id} == {"a", "b"}


def test_what_no_column_can_hold_is_found_nowhere(reader: PostgresReader) -> None:
    assert reader.list_tool_calls(ToolCallQuery(text="a\x00b")).rows == ()
    for agent_id in ("a\x00b", "\ud800"):
        with pytest.raises((InvalidQuery, SessionNotFound)):
            reader.get_session(agent_id)


def test_forks_are_found_under_a_collation_that_sorts_signs_elsewhere(
    postgres_database: str, open_reader: Open
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        for statement in SCHEMA:
            connection.execute(
                statement.replace("agent_id TEXT", 'agent_id TEXT COLLATE "und-x-icu"')
            )
        connection.execute(
            """INSERT INTO agents SELECT id, 't', now(), 'v', lineage::jsonb, 0, 0, NULL, NULL, '{}'
            FROM (VALUES ('a', '[]'), ('a/fork-1', '["a"]'), ('a0', '[]'), ('A/x', '[]'),
                         ('a/fork-1/fork-2', '["a", "a/fork-1"]')) AS v (id, lineage)"""
        )
    reader = open_reader(postgres_database)
    rows = {row.agent_id: row.fork_count for row in reader.list_sessions(SessionQuery()).rows}
    assert rows == {"a": 2, "a/fork-1": 1, "a0": 0, "A/x": 0, "a/fork-1/fork-2": 0}
    children = reader.get_session("a").children
    assert [child.agent_id for child in children] == ["a/fork-1"]
