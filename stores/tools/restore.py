"""Make a new store of an archive: checked before, checked after, never over anything.

What decides whether there is a store comes last: the database file, the commit, or the folder. So
a run that is killed leaves no store that is half there, and the next run goes on.
"""

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path
from typing import Final

from stores.backends.postgres.connection import PostgresConnection
from stores.backends.postgres.table_copy import TABLES, fill_table, is_empty, read_table, writing
from stores.backends.sqlite.online_copy import verify_database
from stores.errors import StoreError, UnsupportedOperation
from stores.tools.archive import (
    DATABASE,
    FILES,
    TABLES_FOLDER,
    Manifest,
    is_empty_folder,
    listed_files,
    new_folder,
    read_manifest,
    refused,
    verify_archive,
)
from stores.tools.file_copies import hash_file, write_private
from stores.tools.places import Place, open_target

__all__ = ["restore"]

Progress = Callable[[int, int, str], None]
_CHUNK_BYTES: Final = 1 << 20


def restore(archive: Path, place: Place, *, progress: Progress | None = None) -> Manifest:
    """Make a store of the archive's kind at a place where there is none.

    Raises:
        StoreError: the archive is damaged or of another kind, or something is at the place.
        StoreUnavailable: the archive cannot be read or the place not be written.
    """
    manifest = read_manifest(archive)
    if manifest.kind != place.kind:
        raise StoreError(
            f"This is the backup of a {manifest.kind} store and the target is {place.kind}. "
            f"Restore it as {manifest.kind}, then copy it with kodeweb migrate."
        )
    putting = _PUTTING.get(place.kind)
    if putting is None:
        raise UnsupportedOperation(f"A store of the kind {place.kind} cannot be restored.")
    say = progress or _say_nothing
    say(0, 0, "verifying the backup")
    verify_archive(archive, manifest)
    putting(archive, manifest, place, say)
    return manifest


def _put_sqlite(archive: Path, manifest: Manifest, place: Place, say: Progress) -> None:
    assert place.path is not None and place.files is not None  # noqa: S101
    for ending in ("", "-wal", "-shm", "-journal"):
        if os.path.lexists(f"{place.path}{ending}"):
            raise StoreError(
                f"There is something at {place.path}{ending}; a backup is restored to a new path."
            )
    _put_files(archive, manifest, place.files, say)
    partial = place.path.with_name(f".{place.path.name}.kodeweb-partial")
    with refused(place.path):
        place.path.parent.mkdir(parents=True, exist_ok=True)
        with suppress(FileNotFoundError):
            partial.unlink()
        _copy(archive / DATABASE, partial)
        verify_database(partial)
        _check(partial, _part(manifest, DATABASE))
        try:
            os.link(partial, place.path)  # unlike a rename, this replaces nothing
        finally:
            partial.unlink()
        _sync(place.path.parent)


def _put_json(archive: Path, manifest: Manifest, place: Place, say: Progress) -> None:
    assert place.path is not None  # noqa: S101
    if os.path.lexists(place.path) and not is_empty_folder(place.path):
        raise StoreError(
            f"There is something at {place.path}; a backup is restored to a new folder."
        )
    _put_files(archive, manifest, place.path, say)


def _put_postgres(archive: Path, manifest: Manifest, place: Place, say: Progress) -> None:
    assert place.files is not None  # noqa: S101
    if not is_empty(place.target):
        raise StoreError(f"{place.label} holds sessions; a backup is restored to a new database.")
    _put_files(archive, manifest, place.files, say)
    open_target(place).close()  # which makes the tables
    with writing(place.target) as connection:
        for number, table in enumerate(TABLES):
            say(number, len(TABLES), table)
            _put_table(archive, manifest, connection, table)


def _put_table(
    archive: Path, manifest: Manifest, connection: PostgresConnection, table: str
) -> None:
    """Fill one table and read it back; what differs is never committed."""
    name = f"{TABLES_FOLDER}/{table}.copy"
    with (archive / name).open("rb") as file:
        fill_table(connection, table, iter(lambda: file.read(_CHUNK_BYTES), b""))
    running = hashlib.sha256()
    with closing(read_table(connection, table)) as chunks:
        for chunk in chunks:
            running.update(chunk)
    if running.hexdigest() != _part(manifest, name)[1]:
        raise StoreError(f"What the database gave back of {table} differs; nothing was restored.")


_PUTTING: Final = {"sqlite": _put_sqlite, "json": _put_json, "postgres": _put_postgres}


def _put_files(archive: Path, manifest: Manifest, base: Path, say: Progress) -> None:
    """Put the file half in place whole, or leave what a killed run has put there already."""
    if os.path.lexists(base) and not is_empty_folder(base):
        if _is_same_tree(archive, base):
            return
        raise StoreError(f"There is something in {base}; files are restored to a new folder.")
    total = manifest.counts.get("files", 0)
    with new_folder(base) as folder:
        for number, file in enumerate(listed_files(archive)):
            if number % 50 == 0:
                say(number, total, "files")
            target = folder / file.path
            target.parent.mkdir(parents=True, exist_ok=True)
            _copy(archive / FILES / file.path, target)
            _check(target, (file.size_bytes, file.sha256))


def _is_same_tree(archive: Path, base: Path) -> bool:
    """Tell whether a folder holds the archive's files and no others."""
    wanted = {file.path: file for file in listed_files(archive)}
    for path in _regular_files(base):
        file = wanted.pop(str(path.relative_to(base)), None)
        if file is None or hash_file(path) != (file.size_bytes, file.sha256):
            return False
    return not wanted


def _regular_files(base: Path) -> Iterator[Path]:
    for folder, _folders, names in os.walk(base):
        yield from (Path(folder, name) for name in names)


def _part(manifest: Manifest, name: str) -> tuple[int, str]:
    """Return size and hash of a part.

    Raises:
        StoreError: the manifest lacks it.
    """
    for path, size, sha256 in manifest.parts:
        if path == name:
            return size, sha256
    raise StoreError(f"The backup is damaged: its manifest lacks {name}. Use another one.")


def _copy(origin: Path, target: Path) -> None:
    with origin.open("rb") as source, open(write_private(target), "wb") as copy:  # noqa: PTH123
        shutil.copyfileobj(source, copy, _CHUNK_BYTES)
        copy.flush()
        os.fsync(copy.fileno())


def _check(path: Path, wanted: Iterable[object]) -> None:
    if hash_file(path) != tuple(wanted):
        raise StoreError(f"{path.name} was not written as it was read. Look at the disk.")


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _say_nothing(done: int, total: int, what: str) -> None:
    """Stand in for a caller that wants no progress."""
