"""Every answer of the SDK about its JSON sample store is ours too, and asking changes nothing."""

from pathlib import Path

import pytest

from stores.backends.jsondir.agent_store import JSONStore
from stores.kode.filters import MessageFilter
from tests.stores.kode.expected import Check, checks
from tests.stores.kode.test_file_reader import listing


@pytest.fixture(scope="module")
def store(kode_data: Path) -> JSONStore:
    """Return the sample store where it lies: reading needs no copy."""
    return JSONStore(kode_data / "json-store")


@pytest.mark.parametrize("check", checks("json"))
def test_the_sdk_answered_the_same(store: JSONStore, check: Check) -> None:
    check(store)


def test_asking_everything_changes_nothing(kode_data: Path) -> None:
    base = kode_data / "json-store"
    before = listing(base)
    with JSONStore(base) as store:
        for check in checks("json"):
            check.values[0](store)
        store.query_sessions()
        store.query_tool_calls()
        store.query_messages(MessageFilter(limit=None))
        assert store.get_metrics().storage.total_agents == len(store.list())
    assert listing(base) == before
