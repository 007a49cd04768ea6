"""Write a store whole into one archive and prove that it can be read again.

The rows are those of one moment. The files are copied after them, so that they are never older; a
session that was at work meanwhile may have events in its backup that its rows do not know of.
"""

import hashlib
import os
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from stores.backends.postgres.table_copy import TABLES, read_table, reading
from stores.backends.sqlite.online_copy import copy_database, count_tables, verify_database
from stores.errors import StoreError, StoreUnavailable, UnsupportedOperation
from stores.tools.archive import (
    DATABASE,
    FILE_LIST,
    FILES,
    TABLES_FOLDER,
    Manifest,
    new_folder,
    verify_archive,
    write_file_list,
    write_manifest,
)
from stores.tools.file_copies import CopiedFile, FileCopies, hash_file, write_private
from stores.tools.places import Place, exists

__all__ = ["back_up"]

#: Called with how much is done, how much there is (0: not known), and what is being done.
Progress = Callable[[int, int, str], None]
_COUNT_NAMES: Final = {"tool_calls": "toolCalls"}
_MOST_NAMED: Final = 100

Part = tuple[str, int, str]
Rows = tuple[str, dict[str, int], list[Part]]


def back_up(place: Place, destination: Path, *, progress: Progress | None = None) -> Manifest:
    """Write an archive of a store; nothing is at ``destination`` unless all went well.

    Raises:
        StoreUnavailable: the store cannot be read, or the archive not be written.
        StoreError: something is at the destination already, or it is among the store's files.
        UnsupportedOperation: this kind of store has no backup.
    """
    taking = _ROWS.get(place.kind)
    if taking is None or place.files is None:
        raise UnsupportedOperation(
            f"A store of the kind {place.kind} has no backup; kodeweb migrate copies its sessions."
        )
    if not exists(place):
        raise StoreUnavailable(f"There is no store at {place.label}.", reason="missing")
    destination = Path(os.path.abspath(destination))  # noqa: PTH100 - a link there is refused
    if Path(os.path.realpath(destination)).is_relative_to(place.files):
        raise StoreError(f"{destination} is inside the store's own files; name another folder.")
    say = progress or _say_nothing
    began = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    with new_folder(destination) as folder:
        method, counts, parts = taking(place, folder, say)
        copies = FileCopies(place.files, folder / FILES)
        file_count, file_bytes = write_file_list(folder, _told(copies, say))
        counts.setdefault("agents", copies.agents)
        counts.update(files=file_count, fileBytes=file_bytes)
        parts.append((FILE_LIST, *hash_file(folder / FILE_LIST)))
        manifest = Manifest(
            kind=place.kind,
            source=place.label,
            created_at=began,
            method=method,
            counts=counts,
            parts=tuple(parts),
            left_out=tuple(copies.left_out[:_MOST_NAMED]),
            unsettled=tuple(copies.unsettled[:_MOST_NAMED]),
        )
        write_manifest(folder, manifest)
        say(0, 0, "verifying")
        verify_archive(folder, manifest)
    return manifest


def _sqlite_rows(place: Place, folder: Path, say: Progress) -> Rows:
    assert place.path is not None  # noqa: S101 - a SQLite place has one
    copy = folder / DATABASE
    method = copy_database(
        place.path, copy, progress=lambda done, total: say(done, total, "database")
    )
    verify_database(copy)
    counts = {_COUNT_NAMES.get(name, name): count for name, count in count_tables(copy).items()}
    return method, counts, [(DATABASE, *hash_file(copy))]


def _postgres_rows(place: Place, folder: Path, say: Progress) -> Rows:
    (folder / TABLES_FOLDER).mkdir(mode=0o700)
    counts: dict[str, int] = {}
    parts: list[Part] = []
    with reading(place.target) as connection:
        for number, table in enumerate(TABLES):
            say(number, len(TABLES), table)
            name = f"{TABLES_FOLDER}/{table}.copy"
            running = hashlib.sha256()
            size = rows = 0
            with (
                closing(read_table(connection, table)) as chunks,
                open(write_private(folder / name), "wb") as file,  # noqa: PTH123
            ):
                for chunk in chunks:
                    running.update(chunk)
                    file.write(chunk)
                    size += len(chunk)
                    rows += chunk.count(b"\n")  # COPY escapes those inside values
            counts[_COUNT_NAMES.get(table, table)] = rows
            parts.append((name, size, running.hexdigest()))
    return "one snapshot", counts, parts


def _no_rows(place: Place, folder: Path, say: Progress) -> Rows:
    return "files", {}, []


_ROWS: Final[dict[str, Callable[[Place, Path, Progress], Rows]]] = {
    "sqlite": _sqlite_rows,
    "postgres": _postgres_rows,
    "json": _no_rows,
}


def _told(copies: FileCopies, say: Progress) -> Iterator[CopiedFile]:
    for number, file in enumerate(copies.run()):
        if number % 50 == 0:
            say(number, 0, "files")
        yield file


def _say_nothing(done: int, total: int, what: str) -> None:
    """Stand in for a caller that wants no progress."""
