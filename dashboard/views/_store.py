"""Opening a store for a page, and the few facts about it that several pages show."""

import time
from collections.abc import Callable, Sequence

from django.core.cache import cache

from stores.interface import Facet, Reader, Store, StoreError, get_store, open_reader

__all__ = ["now_ms", "open_store", "template_facets", "tool_facets"]

_FACET_SECONDS = 15


def now_ms() -> int:
    """Return the time in milliseconds UTC; tests stop the clock here."""
    return time.time_ns() // 1_000_000


def open_store(slug: str) -> tuple[Store, Reader]:
    """Return the record of a store and its reader.

    Raises:
        StoreNotFound: no store has this slug.
        StoreUnavailable: it cannot be read now.
    """
    store = get_store(slug)
    return store, open_reader(store)


def template_facets(reader: Reader) -> Sequence[Facet]:
    """Return the templates of a store, at most a few seconds old."""
    return _facets(f"templates:{reader.store_id}", reader.list_templates)


def tool_facets(reader: Reader) -> Sequence[Facet]:
    """Return the tool names of a store, at most a few seconds old."""
    return _facets(f"tools:{reader.store_id}", reader.list_tool_names)


def _facets(key: str, read: Callable[[], tuple[Facet, ...]]) -> Sequence[Facet]:
    """Facets are suggestions: rows do not wait for them twice and never fail because of them."""
    found: tuple[Facet, ...] | None = cache.get(key)
    if found is None:
        try:
            found = read()
        except StoreError:
            return ()
        cache.set(key, found, _FACET_SECONDS)
    return found
