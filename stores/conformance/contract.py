"""What every contract class shares: where a store lives, how it is opened, what it cannot hold."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest

from stores.kode.store import Store

__all__ = ["Contract"]


class Contract:
    """Open the store under test. A subclass says how, and nothing else.

    ``cannot_hold`` maps the name of a hostile text (see ``samples.HOSTILE_TEXTS``) to the reason
    why the store cannot hold it. Its test then asks for a refusal that loses nothing, and is
    reported as skipped with that reason.
    """

    cannot_hold: ClassVar[Mapping[str, str]] = {}

    @pytest.fixture
    def place(self, tmp_path: Path) -> Any:
        """Return where one empty store lives; override it for more than a folder."""
        return tmp_path

    def open_store(self, place: Any) -> Store:
        """Open the store of a place. The same place again is the same data."""
        raise NotImplementedError("a contract's subclass defines open_store(self, place)")

    @pytest.fixture
    def store(self, place: Any) -> Iterator[Store]:
        """Yield an empty store, closed afterwards if it can be."""
        store = self.open_store(place)
        yield store
        self.close_store(store)

    def close_store(self, store: Store) -> None:
        """Close a store that has something to close."""
        close = getattr(store, "close", None)
        if close is not None:
            close()
