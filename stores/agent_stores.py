"""Choose and open an agent store, as the SDK's factory and its guide promise.

``create_extended_store()`` without a configuration reads the variables that the guide documents,
which the SDK itself does not. This is the one place of the data side that looks at them; kodeweb's
own commands always give a configuration.
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

from stores.backends.jsondir.agent_store import JSONStore
from stores.backends.postgres.agent_store import PostgresStore
from stores.backends.postgres.connection import PostgresTarget
from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreError
from stores.kode.plugins import find_plugin
from stores.kode.store import ExtendedStore, Store

__all__ = ["create_extended_store", "create_store"]

Config = Mapping[str, Any]

_SPELLINGS: Final = {
    "db_path": "dbPath",
    "file_store_base_dir": "fileStoreBaseDir",
    "base_dir": "baseDir",
}


def create_store(config: Config) -> Store:
    """Open the store that a configuration in the guide's shape describes.

    ``type`` is ``sqlite`` (with ``dbPath``, ``fileStoreBaseDir``, ``wal``), ``postgres`` (with
    ``connection``, ``fileStoreBaseDir``), ``json`` (with ``baseDir``) or the kind of a plug-in;
    the names may be in snake case.

    Raises:
        StoreError: something is missing, unknown or of the wrong type.
        UnsupportedOperation: nothing offers this type.
        StoreUnavailable: the store cannot be opened.
    """
    kind = config.get("type")
    if not isinstance(kind, str) or not kind:
        raise StoreError("A store's configuration names its type: sqlite, postgres or json.")
    opener = _OPENERS.get(kind)
    if opener is None:
        return find_plugin(kind).create_store(config)
    given = {_SPELLINGS.get(key, key): value for key, value in config.items() if key != "type"}
    return opener(_Given(kind, given))


def create_extended_store(
    config: Config | None = None, *, environ: Mapping[str, str] | None = None
) -> ExtendedStore:
    """Open an extended store; without a configuration, the one that the environment describes.

    Variables: ``KODE_STORE_TYPE``; ``KODE_SQLITE_PATH``; ``KODE_STORE_PATH`` (the files);
    ``POSTGRES_HOST``, ``_PORT``, ``_DB``, ``_USER``, ``_PASSWORD``.

    Raises:
        StoreError: see ``create_store``; or a variable that is needed is not set.
        UnsupportedOperation: this type has no extended store.
    """
    if config is None:
        config = _from_environment(os.environ if environ is None else environ)
    store = create_store(config)
    if not isinstance(store, ExtendedStore):
        raise StoreError(f"A store of the type {config['type']!r} has no extended methods.")
    return store


class _Given:
    """The settings of one store; each is taken once, and what nobody takes is a mistake."""

    def __init__(self, kind: str, values: dict[str, Any]) -> None:
        self.kind = kind
        self.values = values

    def take(self, name: str, kinds: tuple[type, ...], default: Any = None) -> Any:
        """Return a setting; a default of None means that it must be there."""
        value = self.values.pop(name, default)
        if value is None or (isinstance(value, str) and not value):
            raise StoreError(f"A {self.kind} store needs {name} in its configuration.")
        if not isinstance(value, kinds):
            raise StoreError(f"{name} of a {self.kind} store has the wrong type.")
        return value

    def done(self) -> None:
        """Refuse what is left over."""
        if self.values:
            names = ", ".join(sorted(str(name)[:60] for name in self.values))
            raise StoreError(f"A {self.kind} store has no setting {names}.")


_PATH: Final = (str, os.PathLike)


def _open_sqlite(given: _Given) -> Store:
    path = given.take("dbPath", _PATH)
    files = given.take("fileStoreBaseDir", _PATH, default=Path(path).parent)
    wal = given.take("wal", (bool,), default=False)
    given.done()
    return SqliteStore(path, files, wal=wal)


def _open_json(given: _Given) -> Store:
    base = given.take("baseDir", _PATH)
    given.done()
    return JSONStore(base)


def _open_postgres(given: _Given) -> Store:
    connection = given.take("connection", (str, Mapping, PostgresTarget))
    files = given.take("fileStoreBaseDir", _PATH)
    given.done()
    return PostgresStore(connection, files)


_OPENERS: Final[dict[str, Callable[[_Given], Store]]] = {
    "postgres": _open_postgres,
    "postgresql": _open_postgres,
    "json": _open_json,
    "sqlite": _open_sqlite,
}


def _from_environment(environ: Mapping[str, str]) -> Config:
    """Return the configuration that the guide's variables describe; its defaults are the guide's.

    An empty variable counts as one that is not set.
    """
    kind = environ.get("KODE_STORE_TYPE")
    files = environ.get("KODE_STORE_PATH")
    if not kind:
        raise StoreError("Set KODE_STORE_TYPE to sqlite, postgres or json, or configure a store.")
    if kind == "sqlite":
        path = environ.get("KODE_SQLITE_PATH")
        if not path:
            raise StoreError("Set KODE_SQLITE_PATH to the file of the database.")
        config = {"type": kind, "dbPath": path}
        return {**config, "fileStoreBaseDir": files} if files else config
    if not files:
        raise StoreError("Set KODE_STORE_PATH to the folder of the store's files.")
    if kind == "json":
        return {"type": kind, "baseDir": files}
    return {"type": kind, "connection": _connection(environ), "fileStoreBaseDir": files}


def _connection(environ: Mapping[str, str]) -> dict[str, Any]:
    port = environ.get("POSTGRES_PORT") or "5432"
    if not (port.isascii() and port.isdigit()):
        raise StoreError("POSTGRES_PORT is not a number.")
    connection: dict[str, Any] = {
        "host": environ.get("POSTGRES_HOST") or "localhost",
        "port": int(port),
        "database": environ.get("POSTGRES_DB") or "kode_agents",
        "user": environ.get("POSTGRES_USER") or "kode",
    }
    if environ.get("POSTGRES_PASSWORD"):
        connection["password"] = environ["POSTGRES_PASSWORD"]
    return connection
