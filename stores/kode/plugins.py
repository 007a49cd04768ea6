"""Kinds of stores that other packages bring along, found by their entry points.

A package names its kind in the entry-point group ``kodeweb.stores``; the value is a
``StorePlugin``. Nothing of the package is imported before its kind is asked for, so a broken
one costs only those who use it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Final, Protocol

from stores.browse.reader import Reader
from stores.errors import StoreError, StoreUnavailable, UnsupportedOperation
from stores.kode.store import Store

__all__ = [
    "GROUP",
    "ClosableReader",
    "OpenReader",
    "StorePlugin",
    "find_plugin",
    "inspect_plugin",
    "plugin_kinds",
]

GROUP: Final = "kodeweb.stores"


class ClosableReader(Reader, Protocol):
    """A reader that is kept while its store is looked at, and then closed."""

    def close(self) -> None:
        """Give back what it holds."""
        ...


#: Called with the store's id, its configuration and what to call after each good read.
OpenReader = Callable[[str, Mapping[str, Any], Callable[[], None]], ClosableReader]


@dataclass(frozen=True, kw_only=True)
class StorePlugin:
    """A kind of store: its name, how to open one, and, if it can be browsed, its reader.

    ``create_store`` gets the configuration as given to ``stores.kode.factory.create_store``,
    ``type`` included; the store that it returns has as many layers as the backend offers.
    """

    kind: str
    label: str
    create_store: Callable[[Mapping[str, Any]], Store]
    open_reader: OpenReader | None = None

    def reader(
        self, store_id: str, config: Mapping[str, Any], on_read: Callable[[], None]
    ) -> ClosableReader:
        """Open the reader of a store.

        Raises:
            UnsupportedOperation: this kind has none.
        """
        if self.open_reader is None:
            raise UnsupportedOperation(f"Stores of the kind {self.kind!r} cannot be browsed.")
        return self.open_reader(store_id, config, on_read)


def plugin_kinds() -> tuple[str, ...]:
    """Return the kinds that installed packages offer, sorted; imports none of them."""
    return tuple(sorted({point.name for point in entry_points(group=GROUP)}))


def find_plugin(kind: str) -> StorePlugin:
    """Load the plug-in of a kind.

    Raises:
        UnsupportedOperation: no installed package offers this kind, or two do.
        StoreError: the package that offers it cannot be loaded, or offers something else.
    """
    points = list({point.value: point for point in entry_points(group=GROUP, name=kind)}.values())
    if not points:
        offered = ", ".join(plugin_kinds()) or "none"
        raise UnsupportedOperation(
            f"No installed package offers stores of the kind {kind[:60]!r} (offered: {offered}). "
            f"A package does so by an entry point in the group {GROUP!r}."
        )
    if len(points) > 1:
        values = ", ".join(sorted(point.value for point in points))
        raise UnsupportedOperation(
            f"Several installed packages offer the kind {kind!r}: {values}. Remove all but one."
        )
    return _load(points[0])


def inspect_plugin(kind: str, config: Mapping[str, Any]) -> None:
    """Check that a store can be browsed, before it is registered.

    Raises:
        StoreUnavailable: it cannot be read now, with the reader's own reason.
        StoreError: see ``find_plugin``; or there is no reader.
    """
    reader = find_plugin(kind).reader("", config, lambda: None)
    try:
        overview = reader.overview()
    finally:
        reader.close()
    if overview.state != "ok":
        raise StoreUnavailable(overview.message, reason=overview.state)


def _load(point: EntryPoint) -> StorePlugin:
    try:
        plugin = point.load()
    except Exception as exc:
        # Somebody else's code runs here: whatever it raises is this plug-in's failure alone.
        raise StoreError(
            f"The package for stores of the kind {point.name!r} cannot be loaded: "
            f"{point.value} raised {type(exc).__name__}."
        ) from exc
    if not isinstance(plugin, StorePlugin) or plugin.kind != point.name:
        raise StoreError(
            f"{point.value} is not a StorePlugin of the kind {point.name!r}, so it cannot be used."
        )
    return plugin
