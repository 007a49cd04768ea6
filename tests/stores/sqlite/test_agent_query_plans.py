"""Queries of the agent store walk the index of time where the SDK's plan sorts every hit.

Counted in steps of SQLite's machine, which are the same on every computer, unlike times.
"""

from collections.abc import Callable, Iterator

import pytest

from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance.samples import BASE_MS, make_call, make_info
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import Message

CALLS = 15_000
MESSAGES = 15_000
AGENTS = 3_000
_STEP = 100


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteStore]:
    """Return a store in which one value of each filtered column is on nearly every row."""
    with SqliteStore(tmp_path_factory.mktemp("plans") / "agents.db") as opened:
        with opened.transaction():
            for number in range(AGENTS):
                agent_id = f"agt-{number:05}"
                template = "rare" if number == 7 else "frequent"
                opened.save_info(agent_id, make_info(agent_id, template_id=template))
            opened.save_tool_call_records(
                "agt-00000",
                [
                    make_call(
                        f"call-{number}",
                        created_at=BASE_MS + number,
                        name="rare" if number == 7 else "bash_run",
                        state="FAILED" if number == 7 else "COMPLETED",
                    )
                    for number in range(CALLS)
                ],
            )
            text = [{"type": "text", "text": "x"}]
            opened.save_messages(
                "agt-00000",
                [
                    Message(role="system" if number == 7 else "user", content=text)
                    for number in range(MESSAGES)
                ],
            )
        yield opened


def _steps(store: SqliteStore, ask: Callable[[], object]) -> int:
    counted = 0

    def count() -> int:
        nonlocal counted
        counted += _STEP
        return 0

    connection = store._db._db
    connection.set_progress_handler(count, _STEP)
    ask()
    connection.set_progress_handler(None, 0)
    return counted


@pytest.mark.parametrize(
    "query",
    [
        ToolCallFilter(limit=5),
        ToolCallFilter(state="COMPLETED", limit=5),
        ToolCallFilter(tool_name="bash_run", limit=5),
        ToolCallFilter(tool_name="bash_run", state="COMPLETED", is_error=False, limit=5),
        ToolCallFilter(state="FAILED"),
        ToolCallFilter(tool_name="rare", is_error=False),
        ToolCallFilter(tool_name="rare", state="COMPLETED"),
    ],
    ids=repr,
)
def test_tool_calls_are_found_without_sorting_what_is_frequent(
    store: SqliteStore, query: ToolCallFilter
) -> None:
    assert _steps(store, lambda: store.query_tool_calls(query)) < 4 * CALLS


@pytest.mark.parametrize(
    "query",
    [
        MessageFilter(limit=5),
        MessageFilter(role="user", limit=5),
        MessageFilter(role="user", content_type="text", limit=5),
        MessageFilter(role="system"),
    ],
    ids=repr,
)
def test_messages_are_found_without_sorting_what_is_frequent(
    store: SqliteStore, query: MessageFilter
) -> None:
    assert _steps(store, lambda: store.query_messages(query)) < 4 * MESSAGES


@pytest.mark.parametrize(
    "query",
    [
        SessionFilter(limit=5),
        SessionFilter(template_id="frequent", limit=5),
        SessionFilter(template_id="rare"),
    ],
    ids=repr,
)
def test_sessions_are_found_without_sorting_what_is_frequent(
    store: SqliteStore, query: SessionFilter
) -> None:
    assert _steps(store, lambda: store.query_sessions(query)) < 2 * AGENTS


def test_the_plan_that_sorts_costs_more(store: SqliteStore) -> None:
    """The control: the statement that the SDK runs goes over the bound."""
    statement = """
        SELECT id FROM tool_calls WHERE state = 'COMPLETED' ORDER BY created_at DESC, rowid LIMIT 5
    """
    assert _steps(store, lambda: store._db.fetch(statement)) > 4 * CALLS
