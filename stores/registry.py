"""From a Store record to its open reader: the only place that does so.

Readers, and with them their pools, are kept per process and replaced when the record changed.
"""

import logging
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Final

from django.db import DatabaseError

from stores.backends.jsondir.reader import JsonReader
from stores.backends.postgres.reader import PostgresReader
from stores.backends.sqlite.inspect import default_files_path
from stores.backends.sqlite.reader import SqliteReader
from stores.browse.reader import Reader
from stores.connections import opened_config, replica_of, target_of
from stores.errors import StoreNotFound
from stores.indexes import index_folder
from stores.kode.plugins import ClosableReader, find_plugin
from stores.models import Store, StoreKind, now_ms

__all__ = ["close_readers", "get_store", "list_stores", "open_reader"]

logger = logging.getLogger("stores.registry")
#: How often a successful read is noted on the record, so that looking does not become writing.
NOTE_EVERY_MS: Final = 60_000


_lock = threading.Lock()
_readers: dict[str, tuple[int, ClosableReader]] = {}
_noted: dict[str, int] = {}


def list_stores() -> list[Store]:
    """Return all registered stores by name."""
    return list(Store.objects.order_by("name"))


def get_store(slug: str) -> Store:
    """Return a store by the name it has in addresses.

    Raises:
        StoreNotFound: none is registered under this name.
    """
    try:
        return Store.objects.get(slug=slug)
    except Store.DoesNotExist as exc:
        message = "No store is registered under this name. It may have been removed."
        raise StoreNotFound(message) from exc


def open_reader(store: Store) -> Reader:
    """Return the pooled, limited, read-only reader of a store; opens no file yet.

    Raises:
        UnsupportedOperation: this kind of store cannot be browsed, or its package is gone.
    """
    opener = _OPENERS.get(store.kind, _open_plugin)
    with _lock:
        kept = _readers.get(store.id)
        if kept is None or kept[0] != store.updated_at:
            if kept is not None:
                kept[1].close()
            kept = store.updated_at, opener(store)
            _readers[store.id] = kept
        return kept[1]


def close_readers() -> None:
    """Close all readers of this process and forget them."""
    with _lock:
        for _version, reader in _readers.values():
            reader.close()
        _readers.clear()
        _noted.clear()


def _open_sqlite(store: Store) -> SqliteReader:
    path = Path(store.config["path"])
    files = store.config.get("files")
    return SqliteReader.open(
        store.id,
        path,
        Path(files) if files else default_files_path(path),
        on_read=lambda: _note_read(store.id),
    )


def _open_json(store: Store) -> JsonReader:
    return JsonReader(
        store.id,
        Path(store.config["path"]),
        index_folder(store.id),
        on_read=lambda: _note_read(store.id),
    )


def _open_postgres(store: Store) -> PostgresReader:
    files = store.config.get("files")
    return PostgresReader.open(
        store.id,
        target_of(store.config),
        Path(files) if files else None,
        replica=replica_of(store.config),
        on_read=lambda: _note_read(store.id),
    )


def _open_plugin(store: Store) -> ClosableReader:
    plugin = find_plugin(store.kind)
    return plugin.reader(store.id, opened_config(store.config), lambda: _note_read(store.id))


#: Kind of a store -> what opens its reader.
_OPENERS: Final[dict[str, Callable[[Store], ClosableReader]]] = {
    StoreKind.SQLITE: _open_sqlite,
    StoreKind.JSON: _open_json,
    StoreKind.POSTGRES: _open_postgres,
}


def _note_read(store_id: str) -> None:
    """Remember when a store was last readable, for the page that says that it no longer is."""
    now = now_ms()
    if now - _noted.get(store_id, 0) < NOTE_EVERY_MS:
        return
    _noted[store_id] = now
    try:
        Store.objects.filter(pk=store_id).update(last_ok_at=now)
    except DatabaseError:
        # The rows are read; that kodeweb's own database is busy or full must not cost the page.
        logger.warning("store %s: the time of this read could not be noted", store_id)
