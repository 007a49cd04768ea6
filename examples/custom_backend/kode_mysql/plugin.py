"""What the entry point ``mysql`` in the group ``kodeweb.stores`` names."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from kode_mysql.reader import MySQLReader
from kode_mysql.store import MySQLStore
from kode_mysql.target import MySQLTarget
from stores.errors import StoreError
from stores.kode.plugins import StorePlugin

__all__ = ["PLUGIN"]


def _create(config: Mapping[str, Any]) -> MySQLStore:
    """Open the store of ``{"type": "mysql", "connection": ..., "fileStoreBaseDir": ...}``."""
    missing = [name for name in ("connection", "fileStoreBaseDir") if not config.get(name)]
    unknown = sorted(set(config) - {"type", "connection", "fileStoreBaseDir"})
    if missing or unknown:
        raise StoreError(
            "A mysql store has connection and fileStoreBaseDir in its configuration"
            f" (missing: {', '.join(missing) or 'none'}; unknown: {', '.join(unknown) or 'none'})."
        )
    return MySQLStore(config["connection"], config["fileStoreBaseDir"])


def _reader(store_id: str, config: Mapping[str, Any], on_read: Callable[[], None]) -> MySQLReader:
    """Open the reader of a store registered with the same configuration."""
    target = MySQLTarget.of(config["connection"])
    return MySQLReader(store_id, target, Path(config["fileStoreBaseDir"]), on_read)


PLUGIN = StorePlugin(
    kind="mysql", label="MySQL database", create_store=_create, open_reader=_reader
)
