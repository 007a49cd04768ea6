"""Look at a path before it becomes a store: is it a KODE store, and what is in it?"""

import os
from pathlib import Path
from typing import Final

from stores.backends.sqlite.connection import SqliteFile
from stores.backends.sqlite.shape import read_schema
from stores.browse.sql.facets import count_table
from stores.browse.store_records import StoreDescription
from stores.errors import StoreUnavailable

__all__ = ["default_files_path", "inspect_sqlite"]

COUNT_CAP: Final = 1_000_000
FILES_FOLDER: Final = "store"


def default_files_path(path: Path) -> Path:
    """Return where the file half is: a ``store`` folder beside the file, else the SDK's default."""
    beside = path.parent / FILES_FOLDER
    return beside if _is_folder(beside) else path.parent


def inspect_sqlite(path: Path, files: Path | None = None) -> StoreDescription:
    """Return what a SQLite file holds.

    Raises:
        StoreUnavailable: missing, no permission, a folder, not SQLite, damaged, or foreign tables;
            the sentence names the path, what was found there and what to do.
    """
    path = path.absolute()
    if _is_folder(path):
        message = f"{path} is a folder. Name the SQLite file in it, such as {path / 'agents.db'}."
        raise StoreUnavailable(message, reason="not-sqlite")
    if files is not None and not _is_folder(files):
        message = f"There is no folder at {files}. Name the folder that holds the event logs."
        raise StoreUnavailable(message, reason="missing")
    # Unlike Path.resolve, this does not raise for a link that leads to itself.
    file = SqliteFile(Path(os.path.realpath(path)))
    try:
        return _describe(file, files)
    except StoreUnavailable as exc:
        raise StoreUnavailable(f"{path}: {exc}", reason=exc.reason) from exc
    finally:
        file.close()


def _describe(file: SqliteFile, files: Path | None) -> StoreDescription:
    with file.read() as reading:
        schema = read_schema(reading)
        counts = [
            count_table(reading, table, cap=COUNT_CAP)
            for table in ("agents", "messages", "tool_calls")
        ]
    sessions, messages, calls = (count.value if count else 0 for count in counts)
    return StoreDescription(
        path=str(file.path),
        files_path=str((files or default_files_path(file.path)).resolve()),
        journal_mode=file.journal_mode(),
        tables=tuple(schema.tables),
        session_count=sessions,
        message_count=messages,
        tool_call_count=calls,
    )


def _is_folder(path: Path) -> bool:
    """Tell whether a path is a folder; one that may not be looked at, or cannot be, is not."""
    try:
        return path.is_dir()
    except OSError:
        return False
