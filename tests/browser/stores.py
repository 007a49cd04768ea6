"""Small stores for states that the SDK's sample data does not have."""

import hashlib
from pathlib import Path

from stores.backends.sqlite.agent_store import SqliteStore

__all__ = ["listing", "make_empty", "make_gone"]


def listing(folder: Path) -> dict[str, tuple[int, int, str]]:
    """Return size, time of change and hash of every file below a folder, by path."""
    return {
        str(path.relative_to(folder)): (
            path.stat().st_size,
            path.stat().st_mtime_ns,
            hashlib.sha256(path.read_bytes()).hexdigest(),
        )
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def make_empty(folder: Path) -> Path:
    """Make a store of the SDK's schema without any session."""
    folder.mkdir()
    path = folder / "agents.db"
    SqliteStore(path).close()
    return path


def make_gone(folder: Path) -> Path:
    """Make a store that the caller registers and then removes."""
    return make_empty(folder)
