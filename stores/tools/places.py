"""Which store a word on a command line means, and what opens it.

A word is a path, a URL or, resolved by the caller, the name of a registered store. A password in
a URL stays inside the place: neither its ``repr`` nor its label shows it.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from stores.agent_stores import create_extended_store
from stores.backends.jsondir.folders import walk_sessions
from stores.backends.jsondir.inspect import inspect_json
from stores.backends.postgres.config import ConnectionSettings
from stores.backends.postgres.connection import PostgresTarget
from stores.backends.postgres.table_copy import has_tables
from stores.backends.sqlite.inspect import default_files_path, inspect_sqlite
from stores.errors import InvalidQuery, StoreUnavailable
from stores.kode.store import ExtendedStore

__all__ = [
    "Place",
    "check_same_store",
    "exists",
    "find_place",
    "json_place",
    "open_source",
    "open_target",
    "plugin_place",
    "postgres_place",
    "sqlite_place",
]

_POSTGRES_URL: Final = re.compile(r"postgres(?:ql)?://", re.IGNORECASE)
_DATABASE_ENDINGS: Final = frozenset({".db", ".sqlite", ".sqlite3"})


@dataclass(frozen=True)
class Place:
    """Where a store is: its kind, what opens it, and a label for people.

    ``path`` is the database file or the folder of JSON, ``files`` the folder of the file half,
    which is ``path`` itself for a folder of JSON and None where a store has no such folder.
    """

    kind: str
    label: str
    config: Mapping[str, Any] = field(repr=False)
    path: Path | None = None
    files: Path | None = None

    @property
    def target(self) -> PostgresTarget:
        """The server of a PostgreSQL store."""
        return ConnectionSettings.of(self.config["connection"]).target


def check_same_store(source: Place, target: Place) -> None:
    """Refuse to copy a store onto itself or into its own files.

    Raises:
        InvalidQuery: the two are one store, or the folder of one's files is in the other's.
    """
    if (source.kind, source.path, source.label) == (target.kind, target.path, target.label):
        raise InvalidQuery("Source and target are the same store.")
    ours, theirs = source.files, target.files
    if ours is None or theirs is None:
        return
    if ours == theirs:
        raise InvalidQuery(
            f"Source and target would share the files in {ours}; name a folder of its own with "
            "--target-files."
        )
    inner = {"json"} & {source.kind, target.kind}
    if inner and (ours.is_relative_to(theirs) or theirs.is_relative_to(ours)):
        raise InvalidQuery(f"{ours} and {theirs} lie in one another; name another target.")


def find_place(word: str, files: Path | None = None) -> Place:
    """Return the place that a path or a URL names; nothing need be there yet.

    Raises:
        InvalidQuery: it names no place, or the file half of a PostgreSQL store is not named.
        StoreUnavailable: a file is there that is no SQLite database.
    """
    if _POSTGRES_URL.match(word):
        return postgres_place(word, files)
    if not word or "\0" in word:
        raise InvalidQuery("A store is a path, a postgres:// address or the name of a store.")
    path = Path(os.path.realpath(Path(word).expanduser()))
    try:
        is_folder, is_file = path.is_dir(), path.is_file()
    except OSError as exc:
        message = f"{word} cannot be reached: {exc.strerror}."
        raise StoreUnavailable(message, reason="permission") from exc
    if is_file or (not is_folder and path.suffix.lower() in _DATABASE_ENDINGS):
        return sqlite_place(path, files)
    if is_folder or not path.suffix:
        if files is not None:
            raise InvalidQuery(f"{word} is a folder of JSON and keeps its files within.")
        return json_place(path)
    message = f"There is no store at {word}, and its ending does not tell which kind to make."
    raise StoreUnavailable(message, reason="missing")


def sqlite_place(path: Path, files: Path | None = None) -> Place:
    """Return the place of a SQLite file; a new one gets a folder ``store`` for its files."""
    beside = default_files_path(path) if path.exists() else path.parent / "store"
    folder = Path(os.path.realpath(files or beside))
    config = {"type": "sqlite", "dbPath": str(path), "fileStoreBaseDir": str(folder)}
    return Place("sqlite", str(path), config, path, folder)


def json_place(path: Path) -> Place:
    """Return the place of a folder of JSON."""
    return Place("json", str(path), {"type": "json", "baseDir": str(path)}, path, path)


def postgres_place(
    connection: PostgresTarget | str | Mapping[str, Any], files: Path | None
) -> Place:
    """Return the place of a PostgreSQL database, by its URL or settings, and its folder of files.

    Raises:
        InvalidQuery: no folder is named, or the URL is none.
    """
    target = ConnectionSettings.of(connection).target
    label = f"postgres://{target.place}/{target.database or target.user}"
    if files is None:
        raise InvalidQuery(
            f"The files of {label} are not in the database: name their folder as well."
        )
    folder = Path(os.path.realpath(files))
    config = {"type": "postgres", "connection": connection, "fileStoreBaseDir": str(folder)}
    return Place("postgres", label, config, None, folder)


def plugin_place(kind: str, label: str, config: Mapping[str, Any], files: Path | None) -> Place:
    """Return the place of a store of a kind that a plug-in adds."""
    folder = Path(os.path.realpath(files)) if files is not None else None
    return Place(kind, label, {**config, "type": kind}, None, folder)


def exists(place: Place) -> bool:
    """Tell whether a store is at this place, changing nothing there.

    Raises:
        StoreUnavailable: something else is there, or it cannot be reached.
    """
    if place.kind == "sqlite" and place.path is not None:
        return _has_database(place.path)
    if place.kind == "json" and place.path is not None:
        return _has_sessions(place.path)
    if place.kind == "postgres":
        return has_tables(place.target)
    return True


def _has_database(path: Path) -> bool:
    """Tell whether a file is a store of the SDK; one that is empty is not, and may become one."""
    try:
        if not path.stat().st_size:
            return False
        inspect_sqlite(path)
    except FileNotFoundError:
        return False
    except StoreUnavailable as exc:
        # A writer died within a save. Opening to write rolls that back, as the SDK's opening does.
        if exc.reason != "journal":
            raise
    return True


def _has_sessions(path: Path) -> bool:
    """Tell whether a folder is a store of JSON; an empty one is not, and may become one.

    Raises:
        StoreUnavailable: it holds other things, such as the file half of a database.
    """
    if not path.is_dir():
        return False
    try:
        if next(walk_sessions(path), None) is not None:
            return True
        # What a copy leaves that is killed before its first session has a row.
        if all(_is_begun(entry) for entry in path.iterdir()):
            return False
    except OSError as exc:
        message = f"{path} cannot be read: {exc.strerror}."
        raise StoreUnavailable(message, reason="permission") from exc
    inspect_json(path)
    return True


def _is_begun(entry: Path) -> bool:
    return entry.is_dir() and {found.name for found in entry.iterdir()} <= {"runtime"}


def open_source(place: Place) -> ExtendedStore:
    """Open a store that is there.

    Raises:
        StoreUnavailable: nothing is there, or it cannot be reached.
    """
    if not exists(place):
        raise StoreUnavailable(f"There is no store at {place.label}.", reason="missing")
    return create_extended_store(place.config)


def open_target(place: Place) -> ExtendedStore:
    """Open a store to write into, made when it is not there.

    Raises:
        StoreUnavailable: something else is there, or it cannot be reached.
    """
    if not exists(place) and place.path is not None:
        folder = place.path if place.kind == "json" else place.path.parent
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if place.files is not None:
                place.files.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            message = f"{folder} cannot be made: {exc.strerror}."
            raise StoreUnavailable(message, reason="permission") from exc
    return create_extended_store(place.config)
