"""The store ``agents`` with a reader of one session behind it."""

import pytest

from dashboard.views import _store
from stores.interface import Reader, Store
from tests.dashboard.session_reader import SessionReader

__all__ = ["one_session"]


@pytest.fixture
def one_session(db: None, monkeypatch: pytest.MonkeyPatch) -> SessionReader:
    """Return the reader; a test fills it with what matters."""
    Store.objects.create(name="Agents", slug="agents", kind="sqlite", config={"path": "/nowhere"})
    fake = SessionReader()

    def open_reader(store: Store) -> Reader:
        return fake

    monkeypatch.setattr(_store, "open_reader", open_reader)
    return fake
