"""Adding stores to the registry's table: the same file again is the same record."""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils.text import slugify

from stores.backends.postgres.connection import PostgresTarget
from stores.connections import IDENTITY, config_of, opened_config, sealed_config
from stores.errors import InvalidQuery, StoreUnavailable
from stores.indexes import index_folder
from stores.kode.plugins import find_plugin
from stores.models import NAME_LENGTH, Store, StoreKind, clean_name, now_ms

__all__ = [
    "register_json_store",
    "register_plugin_store",
    "register_postgres_store",
    "register_store",
    "remove_store",
]

#: What the column of kinds holds.
_KIND_LENGTH = 16
# File names that say nothing about whose data it is; the folder's name says more.
_PLAIN_NAMES = frozenset({"agents", "agent", "data", "db", "kode", "store", "sqlite", "database"})


def register_store(path: Path, *, files: Path | None = None, name: str = "") -> Store:
    """Return the record of a SQLite file, made at the first call.

    Without a name, the file's name is taken, or the folder's where the file has a plain one; a
    number makes it unique. Files or a name that are given again replace those on record; the slug
    never changes, so links stay good. Without files, the backend looks beside the database.

    Raises:
        django.core.exceptions.ValidationError: the given name is empty, too long or taken.
    """
    path = path.resolve()
    folder = str(files.resolve()) if files else None
    with transaction.atomic():
        store = Store.objects.filter(kind=StoreKind.SQLITE, config__path=str(path)).first()
        if store is not None:
            config = {"path": str(path), "files": folder or store.config.get("files")}
            return _save(store, config, clean_name(name) if name else store.name)
        store = _new(StoreKind.SQLITE, name, _name_from(path))
        return _save(store, {"path": str(path), "files": folder}, store.name)


def register_json_store(path: Path, *, name: str = "") -> Store:
    """Return the record of a folder of JSON, made at the first call; names as for a SQLite file.

    Raises:
        django.core.exceptions.ValidationError: the given name is empty, too long or taken.
    """
    path = path.resolve()
    config = {"path": str(path)}
    with transaction.atomic():
        store = Store.objects.filter(kind=StoreKind.JSON, config__path=str(path)).first()
        if store is not None:
            return _save(store, config, clean_name(name) if name else store.name)
        store = _new(StoreKind.JSON, name, _name_from(path))
        return _save(store, config, store.name)


def register_postgres_store(
    target: PostgresTarget,
    *,
    files: Path | None = None,
    name: str = "",
    replica: PostgresTarget | None = None,
    drop_replica: bool = False,
) -> Store:
    """Return the record of a database, made at the first call; its password is kept sealed.

    The same database of the same server is the same record; another user of it replaces the one
    on record, with the password that came with it. Pages read the ``replica``, once one was
    named and until ``drop_replica``; everything else goes to the database itself.

    Raises:
        InvalidQuery: the address has a setting that a store cannot have.
        django.core.exceptions.ValidationError: the given name is empty, too long or taken.
    """
    config = config_of(target, files, replica=replica)
    same = {f"config__{part}": config[part] for part in IDENTITY}
    with transaction.atomic():
        store = Store.objects.filter(kind=StoreKind.POSTGRES, **same).first()
        if store is not None:
            known = {**store.config, "replica": None} if drop_replica else store.config
            config = config_of(target, files, known, replica)
            return _save(store, config, clean_name(name) if name else store.name)
        store = _new(StoreKind.POSTGRES, name, _name_from(Path(config["host"], config["database"])))
        return _save(store, config, store.name)


def register_plugin_store(kind: str, config: Mapping[str, Any], *, name: str = "") -> Store:
    """Return the record of a store of another package's kind, made at the first call.

    ``config`` is what its plug-in takes, all of it JSON; it is kept sealed. The same configuration
    again is the same record.

    Raises:
        UnsupportedOperation: no installed package offers this kind.
        InvalidQuery: the kind has a longer name than a record can hold.
        django.core.exceptions.ValidationError: the given name is empty, too long or taken.
    """
    find_plugin(kind)
    if len(kind) > _KIND_LENGTH:
        raise InvalidQuery(f"The name of a kind has at most {_KIND_LENGTH} characters.")
    with transaction.atomic():
        for store in Store.objects.filter(kind=kind):
            if _holds(store, config):
                return _save(store, store.config, clean_name(name) if name else store.name)
        store = _new(kind, name, kind)
        return _save(store, sealed_config(config), store.name)


def _holds(store: Store, config: Mapping[str, Any]) -> bool:
    try:
        return opened_config(store.config) == dict(config)
    except StoreUnavailable:  # sealed by a key that is gone: registering again makes a new record
        return False


def remove_store(store: Store) -> None:
    """Forget a store and kodeweb's index of it; its data stays as it is.

    Registering the path again makes a new record.
    """
    shutil.rmtree(index_folder(store.id), ignore_errors=True)
    store.delete()


def _new(kind: str, name: str, found: str) -> Store:
    """Return a record that is not saved, under the given name or one made from what was found."""
    wanted = clean_name(name) if name else found
    return Store(
        name=wanted if name else _unique("name", wanted),
        slug=_unique("slug", slugify(wanted) or "store"),
        kind=kind,
    )


def _save(store: Store, config: dict[str, Any], name: str) -> Store:
    """Store what changed, if anything did; a name that is taken is refused, not numbered."""
    if (store.config, store.name) != (config, name):
        store.config, store.name, store.updated_at = config, name, now_ms()
        store.validate_unique()
        store.save()
    return store


def _name_from(path: Path) -> str:
    stem = path.stem
    folder = path.parent.name
    if stem.lower() in _PLAIN_NAMES and folder and folder.lower() not in _PLAIN_NAMES:
        stem = folder
    printable = "".join(character for character in stem if character.isprintable())
    return clean_name(printable[: NAME_LENGTH - 8] or "store")


def _unique(field: str, wanted: str) -> str:
    """Append the first free number to a name or slug that is taken."""
    candidate, number = wanted, 1
    while Store.objects.filter(**{field: candidate}).exists():
        number += 1
        candidate = f"{wanted}-{number}"
    return candidate
