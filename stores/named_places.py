"""From the word that names a store on a command line to its place.

A word is the name or slug of a registered store, a path, or a URL. A registered name wins over a
path of the same spelling; ``./name`` is the path.
"""

import os
from pathlib import Path
from typing import Any

from django.db.models import Q

from stores.connections import target_of
from stores.errors import InvalidQuery, StoreNotFound
from stores.models import Store, StoreKind
from stores.tools.places import (
    Place,
    find_place,
    json_place,
    plugin_place,
    postgres_place,
    sqlite_place,
)

__all__ = ["place_of", "resolve_place"]


def resolve_place(word: str, files: Path | None = None) -> Place:
    """Return the place that a word names; nothing need be there yet.

    Raises:
        StoreNotFound: a plain word that neither is registered nor exists as a path.
        InvalidQuery: see ``find_place``.
        StoreUnavailable: see ``find_place``.
    """
    if "/" in word or not word or "\0" in word:
        return find_place(word, files)
    store = Store.objects.filter(Q(slug=word) | Q(name=word)).order_by("slug").first()
    if store is not None:
        return place_of(store, files)
    if not os.path.lexists(word) and not Path(word).suffix:
        raise StoreNotFound(
            f"No store is registered as {word} and there is no such path. Write ./{word} to mean "
            "a folder of JSON that is to be made."
        )
    return find_place(word, files)


def place_of(store: Store, files: Path | None = None) -> Place:
    """Return the place of a registered store; ``files`` stands in for the folder on record.

    Raises:
        InvalidQuery: no folder of files is known where one is needed.
    """
    config: dict[str, Any] = store.config
    kept = config.get("files")
    folder = files or (Path(kept) if kept else None)
    if store.kind == StoreKind.SQLITE:
        return sqlite_place(Path(config["path"]), folder)
    if store.kind == StoreKind.JSON:
        if files is not None:
            raise InvalidQuery(f"{store.name} is a folder of JSON and keeps its files within.")
        return json_place(Path(config["path"]))
    if store.kind == StoreKind.POSTGRES:
        return postgres_place(target_of(config), folder)
    return plugin_place(store.kind, store.name, config, folder)
