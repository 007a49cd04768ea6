"""The example in the dashboard: its reader answers what SQLite's answers on the same sessions."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from kode_mysql.reader import MySQLReader
from kode_mysql.store import MySQLStore
from kode_mysql.target import MySQLTarget

from stores.backends.sqlite.agent_store import SqliteStore
from stores.backends.sqlite.reader import SqliteReader
from stores.browse.queries import MessageQuery, Page, SessionQuery, ToolCallQuery
from stores.browse.reader import Reader
from stores.browse.records import SessionDetail
from stores.conformance.samples import BASE_MS
from stores.errors import SessionNotFound, StoreUnavailable, ToolCallNotFound
from stores.sample.build import FILES_NAME, make_sample_store
from tests.servers import fresh_mysql

Pair = tuple[Reader, Reader]
HAS = ("failures", "denials", "sealed", "calls", "forks", "snapshots", "approvals")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Return readers of the sample store and of its copy in MySQL, over the same files."""
    database = make_sample_store(tmp_path_factory.mktemp("sample"), now_ms=BASE_MS)
    files = database.with_name(FILES_NAME)
    with fresh_mysql() as url:
        with SqliteStore(database, files) as source:
            _copy(source, url, files)
        ours = MySQLReader("s", MySQLTarget.of(url), files, lambda: None)
        theirs = SqliteReader.open("s", database, files)
        yield ours, theirs
        ours.close()
        theirs.close()


def _copy(source: SqliteStore, url: str, files: Path) -> None:
    with MySQLStore(url, files) as target:
        for agent_id in reversed(source.list()):
            info = source.load_info(agent_id)
            assert info
            target.save_info(agent_id, info)
            target.save_messages(agent_id, source.load_messages(agent_id))
            target.save_tool_call_records(agent_id, source.load_tool_call_records(agent_id))
            for snapshot in source.list_snapshots(agent_id):
                target.save_snapshot(agent_id, snapshot)
            target.save_info(agent_id, info)


def _all(ask: Callable[[Any], Page[Any]], query: Any) -> list[Any]:
    """Return every row of a list, page by page; what the copy cannot share is left out."""
    rows: list[Any] = []
    while True:
        page = ask(query)
        assert not page.notices
        rows += page.rows
        if page.next is None:
            return [_shared(row) for row in rows]
        query = replace(query, cursor=page.next)


def _ordered(session: SessionDetail) -> SessionDetail:
    """Calls of the same millisecond come by id in one database, as saved in the other."""
    failures = sorted(session.failures, key=lambda row: (row.created_at or 0, row.id))
    return replace(session, failures=tuple(failures))


def _shared(row: Any) -> Any:
    """Messages are dated by their save, and rows may differ in what only one database knows."""
    return replace(row, saved_at=None) if hasattr(row, "saved_at") else row


@pytest.mark.parametrize(
    "query",
    [
        SessionQuery(limit=25),
        SessionQuery(limit=25, sort="created"),
        SessionQuery(limit=25, sort="-active"),
        *(SessionQuery(limit=25, has=(name,)) for name in HAS),
        SessionQuery(limit=25, agent_id="A", status=("ready",)),
    ],
)
def test_sessions_are_the_same(pair: Pair, query: SessionQuery) -> None:
    """Every page, every column, live status included."""
    ours, theirs = pair
    assert _all(ours.list_sessions, query) == _all(theirs.list_sessions, query)


@pytest.mark.parametrize(
    "query",
    [
        ToolCallQuery(limit=25),
        ToolCallQuery(limit=25, state=("FAILED", "DENIED")),
        ToolCallQuery(limit=25, is_error=True),
        ToolCallQuery(limit=25, name=("bash_run",), text="E"),
        *(ToolCallQuery(limit=25, approval=(name,)) for name in ("asked", "deny", "pending")),
        ToolCallQuery(limit=25, decided_by=("api",)),
        ToolCallQuery(limit=25, min_duration_ms=1000),
    ],
)
def test_tool_calls_are_the_same(pair: Pair, query: ToolCallQuery) -> None:
    """Every page with every column."""
    ours, theirs = pair
    assert sorted(_all(ours.list_tool_calls, query), key=str) == sorted(
        _all(theirs.list_tool_calls, query), key=str
    )


@pytest.mark.parametrize(
    "query",
    [
        MessageQuery(limit=100, sort="session"),
        MessageQuery(limit=100, sort="session", role=("assistant",), type=("tool_use",)),
        MessageQuery(limit=100, sort="session", text="error"),
    ],
)
def test_messages_are_the_same(pair: Pair, query: MessageQuery) -> None:
    """Every page with its blocks and first words."""
    ours, theirs = pair
    assert _all(ours.list_messages, query) == _all(theirs.list_messages, query)


def test_every_session_page_is_the_same(pair: Pair) -> None:
    """Detail, family, transcript, todos and events of every session."""
    ours, theirs = pair
    for row in theirs.list_sessions(SessionQuery(limit=100)).rows:
        agent_id = row.agent_id
        mine, other = (_ordered(reader.get_session(agent_id, whole=True)) for reader in pair)
        assert mine == other
        assert ours.get_transcript(agent_id) == theirs.get_transcript(agent_id)
        assert ours.get_todos(agent_id) == theirs.get_todos(agent_id)
        assert ours.list_events(agent_id) == theirs.list_events(agent_id)


def test_every_call_page_is_the_same(pair: Pair) -> None:
    """The call, its whole input, and its place in the conversation."""
    ours, theirs = pair
    for row in theirs.list_tool_calls(ToolCallQuery(limit=50)).rows:
        assert ours.get_tool_call(row.id) == theirs.get_tool_call(row.id)
        assert ours.get_tool_call_text(row.id, "input") == theirs.get_tool_call_text(
            row.id, "input"
        )
        assert ours.find_call_seq(row.agent_id, row.id) == theirs.find_call_seq(
            row.agent_id, row.id
        )


def test_counts_and_facets_are_the_same(pair: Pair) -> None:
    """What the filters offer, and how many rows there are."""
    ours, theirs = pair
    assert ours.list_templates() == theirs.list_templates()
    assert ours.list_tool_names() == theirs.list_tool_names()
    assert ours.count_sessions(SessionQuery()) == theirs.count_sessions(SessionQuery())
    assert ours.count_messages(MessageQuery()) == theirs.count_messages(MessageQuery())
    assert ours.count_tool_calls(ToolCallQuery()) == theirs.count_tool_calls(ToolCallQuery())
    assert ours.overview().state == theirs.overview().state


def test_what_is_not_there_is_a_typed_error(pair: Pair) -> None:
    """As in every other kind of store."""
    with pytest.raises(SessionNotFound):
        pair[0].get_session("agt-missing")
    with pytest.raises(ToolCallNotFound):
        pair[0].get_tool_call("missing")


def test_the_reader_cannot_write(pair: Pair) -> None:
    """Its sessions are read-only at the server, whatever its user may do."""
    reader: Any = pair[0]
    for statement in ("DELETE FROM agents", "DROP TABLE snapshots", "CREATE TABLE x (y INT)"):
        with pytest.raises(StoreUnavailable), reader._reading() as (reading, _):
            reading.fetch(statement)
    assert pair[0].count_sessions(SessionQuery()).value == len(
        pair[1].list_sessions(SessionQuery(limit=200)).rows
    )
