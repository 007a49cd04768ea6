"""A registered store whose reader is a fake, and a small HTML reader for assertions on meaning."""

from collections.abc import Callable
from types import SimpleNamespace

import pytest
from django.core.cache import cache
from django.test import Client

from dashboard.views import _store, overview
from stores.interface import Reader, Store
from tests.dashboard.fakes import NOW, FakeReader
from tests.dashboard.markup import Markup

__all__ = ["Get"]

Get = Callable[..., Markup]


@pytest.fixture
def reader(db: None, monkeypatch: pytest.MonkeyPatch) -> FakeReader:
    """Return the reader behind the store ``agents``; a test fills it with what matters."""
    cache.clear()
    Store.objects.create(name="Agents", slug="agents", kind="sqlite", config={"path": "/nowhere"})
    fake = FakeReader()

    def open_reader(store: Store) -> Reader:
        return fake  # type: ignore[return-value]  # the pages under test need the list half only

    monkeypatch.setattr(_store, "open_reader", open_reader)
    monkeypatch.setattr(overview, "open_reader", open_reader)
    # Views hold the function itself, so the clock that it reads is what stands still.
    monkeypatch.setattr(_store, "time", SimpleNamespace(time_ns=lambda: NOW * 1_000_000))
    return fake


@pytest.fixture
def get(viewer: Client) -> Get:
    """Return a reader of pages, as a viewer; ``hx`` names the region that htmx asks for."""

    def fetch(path: str, *, hx: str = "", status: int = 200, **headers: str) -> Markup:
        if hx:
            headers |= {"HX-Request": "true", "HX-Target": hx}
        response = viewer.get(path, headers=headers)
        assert response.status_code == status, response.content[:600]
        return Markup(response)

    return fetch
