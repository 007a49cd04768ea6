"""The SDK's own rows, registered as a store of each kind, for the pages over real data."""

from pathlib import Path
from typing import Final

from stores.interface import (
    Store,
    read_target,
    register_json_store,
    register_postgres_store,
    register_store,
)
from tests.stores.readers import Copies

__all__ = ["KINDS", "register_copy"]

KINDS: Final = ("sqlite", "json", "postgres")


def register_copy(kind: str, kode_data: Path, copies: Copies, *, name: str) -> Store:
    """Register the SDK's rows under a name, in a store of this kind."""
    if kind == "json":
        return register_json_store(copies.json(), name=name)
    if kind == "postgres":
        files = kode_data / "sqlite" / "store"
        return register_postgres_store(read_target(copies.postgres()), files=files, name=name)
    return register_store(kode_data / "sqlite" / "agents.db", name=name)
