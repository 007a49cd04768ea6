"""The conformance suite over ``JSONStore``: plain files in folders."""

from pathlib import Path

from stores.backends.jsondir.agent_store import JSONStore
from stores.conformance import ExtendedStoreContract


class TestJSONStore(ExtendedStoreContract):
    """A folder of its own for each test."""

    def open_store(self, place: Path) -> JSONStore:
        return JSONStore(place / "store")
