"""Look at a folder before it becomes a store: does it hold sessions, and if not, what else?"""

import os
from itertools import islice
from pathlib import Path
from typing import Final

from stores.backends.jsondir.folders import check_base, walk_sessions
from stores.browse.store_records import StoreDescription
from stores.errors import StoreUnavailable

__all__ = ["inspect_json"]

COUNT_CAP: Final = 100_000
_DATABASES: Final = (".db", ".sqlite", ".sqlite3")
_LOOKED_AT: Final = 2000


def inspect_json(path: Path) -> StoreDescription:
    """Return what a folder holds; messages and calls are counted by its index only, later.

    Raises:
        StoreUnavailable: missing, no permission, no folder, or no session in it; the sentence
            names the path, what was found there and what to do.
    """
    path = Path(os.path.realpath(path))
    try:
        check_base(path)
    except StoreUnavailable as exc:
        raise StoreUnavailable(f"{path}: {exc}", reason=exc.reason) from exc
    sessions = sum(1 for _ in islice(walk_sessions(path), COUNT_CAP))
    if not sessions:
        raise StoreUnavailable(f"{path} {_what_else(path)}", reason="foreign")
    return StoreDescription(
        path=str(path),
        files_path=str(path),
        journal_mode="",
        tables=(),
        session_count=sessions,
        message_count=0,
        tool_call_count=0,
    )


def _what_else(path: Path) -> str:
    with os.scandir(path) as entries:
        found = sorted(islice(entries, _LOOKED_AT), key=lambda entry: entry.name)
    databases = [entry.name for entry in found if entry.name.endswith(_DATABASES)]
    if databases:
        return f"is a folder. Name the SQLite file in it, such as {path / databases[0]}."
    if not found:
        return "is an empty folder: no agent has written to it yet."
    folders = [entry for entry in found if entry.is_dir(follow_symlinks=False)]
    if any((Path(entry.path) / "events").is_dir() for entry in folders):
        return (
            "holds event logs but no meta.json: it is the file half of a database. Open that "
            "database, and name this folder with --files."
        )
    return (
        f"holds {len(folders)} folders and {len(found) - len(folders)} files, but no session of "
        "the SDK (a folder with a meta.json). Name the folder that holds the agents' folders."
    )
