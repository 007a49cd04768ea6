"""What a backup is: a folder with a manifest, a hash for every part, and no way to be half there.

``manifest.json`` names the format, the kind, counts and parts; ``files.jsonl`` lists every file of
the file half, one JSON object a line; below ``files`` are these files, byte for byte. The rows are
``agents.db`` for SQLite and ``tables/<table>.copy`` for PostgreSQL. A folder of JSON has no rows.
It is written under another name, checked, and moved in place whole. Only its owner may read it:
the rows hold the keys of model providers.
"""

import contextlib
import fcntl
import json
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stores.errors import StoreError, StoreUnavailable
from stores.tools.file_copies import CopiedFile, hash_file, write_private

__all__ = [
    "DATABASE",
    "FILES",
    "FILE_LIST",
    "TABLES_FOLDER",
    "Manifest",
    "listed_files",
    "new_folder",
    "read_manifest",
    "refused",
    "verify_archive",
    "write_file_list",
    "write_manifest",
]

FORMAT: Final = "kodeweb-backup"
VERSION: Final = 1
DATABASE: Final = "agents.db"
FILES: Final = "files"
FILE_LIST: Final = "files.jsonl"
TABLES_FOLDER: Final = "tables"
_MANIFEST: Final = "manifest.json"
#: The name alone says whose it is: what a killed run left is removed by the next one.
_PARTIAL: Final = ".{}.kodeweb-partial"


@dataclass(frozen=True)
class Manifest:
    """What an archive holds; ``parts`` are (path, bytes, SHA-256)."""

    kind: str
    source: str
    created_at: str
    method: str
    counts: dict[str, int]
    parts: tuple[tuple[str, int, str], ...] = ()
    left_out: tuple[str, ...] = ()
    unsettled: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Give the content of ``manifest.json``."""
        return {
            "format": FORMAT,
            "version": VERSION,
            "kind": self.kind,
            "source": self.source,
            "createdAt": self.created_at,
            "method": self.method,
            "counts": self.counts,
            "parts": [
                {"path": path, "bytes": size, "sha256": sha256} for path, size, sha256 in self.parts
            ],
            "leftOut": list(self.left_out),
            "unsettled": list(self.unsettled),
        }


@contextmanager
def new_folder(path: Path) -> Iterator[Path]:
    """Give a folder to fill that becomes ``path`` at the end, or is removed.

    What a killed run left under the same name is removed first.

    Raises:
        StoreError: something is at ``path``, or somebody else is filling it.
    """
    if os.path.lexists(path) and not is_empty_folder(path):
        raise StoreError(f"There is something at {path} already, and nothing is written over it.")
    partial = path.with_name(_PARTIAL.format(path.name))
    with refused(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = _claim(partial)
    try:
        with refused(path):
            yield partial
            os.sync()
            # Fails unless nothing, or an empty folder, is there: nothing is ever replaced.
            partial.rename(path)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    finally:
        os.close(lock)


def is_empty_folder(path: Path) -> bool:
    """Tell whether this is a folder, no link, without anything in it."""
    return path.is_dir() and not path.is_symlink() and not any(path.iterdir())


def write_file_list(folder: Path, files: Iterable[CopiedFile]) -> tuple[int, int]:
    """Write ``files.jsonl``; return how many files there are and their bytes."""
    count = size = 0
    with open(write_private(folder / FILE_LIST), "w", encoding="ascii") as lines:  # noqa: PTH123
        for file in files:
            row = {"path": file.path, "bytes": file.size_bytes, "sha256": file.sha256}
            lines.write(json.dumps(row) + "\n")
            count += 1
            size += file.size_bytes
    return count, size


def listed_files(archive: Path) -> Iterator[CopiedFile]:
    """Yield what ``files.jsonl`` lists.

    Raises:
        StoreError: a line is none, or its path would lead out of the archive.
    """
    try:
        with (archive / FILE_LIST).open(encoding="ascii") as lines:
            for line in lines:
                row = json.loads(line)
                path, size, sha256 = row["path"], row["bytes"], row["sha256"]
                parts = path.split("/")
                if {"", ".", ".."} & set(parts) or "\0" in path:
                    raise ValueError(path)
                yield CopiedFile(path, size, sha256)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as exc:
        raise _damaged(FILE_LIST) from exc


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``manifest.json``, the last part of an archive."""
    text = json.dumps(manifest.to_json(), indent=2) + "\n"
    with open(write_private(folder / _MANIFEST), "w", encoding="ascii") as file:  # noqa: PTH123
        file.write(text)


def read_manifest(archive: Path) -> Manifest:
    """Read what an archive says of itself.

    Raises:
        StoreUnavailable: there is no archive here.
        StoreError: it is of a newer version, or its manifest is damaged.
    """
    try:
        value = json.loads((archive / _MANIFEST).read_text(encoding="ascii"))
    except OSError as exc:
        message = f"There is no backup at {archive}: it has no {_MANIFEST} that can be read."
        raise StoreUnavailable(message, reason="missing") from exc
    except (ValueError, RecursionError) as exc:
        raise _damaged(_MANIFEST) from exc
    if not isinstance(value, dict) or value.get("format") != FORMAT:
        raise StoreError(f"{archive} is no backup of kodeweb.")
    if value.get("version") != VERSION:
        raise StoreError(
            f"This backup is of format {value.get('version')!r}, this kodeweb reads {VERSION}."
        )
    try:
        return Manifest(
            kind=value["kind"],
            source=value["source"],
            created_at=value["createdAt"],
            method=value["method"],
            counts=dict(value["counts"]),
            parts=tuple((p["path"], p["bytes"], p["sha256"]) for p in value["parts"]),
            left_out=tuple(value["leftOut"]),
            unsettled=tuple(value["unsettled"]),
        )
    except (KeyError, TypeError, ValueError) as exc:
        raise _damaged(_MANIFEST) from exc


def verify_archive(archive: Path, manifest: Manifest) -> None:
    """Read every part and every file again and compare size and hash.

    Raises:
        StoreError: one of them differs or is missing.
    """
    for name, size, sha256 in manifest.parts:
        _check(archive, CopiedFile(name, size, sha256))
    for file in listed_files(archive):
        _check(archive / FILES, file)


@contextmanager
def refused(path: Path) -> Iterator[None]:
    """Turn what the system refuses into one sentence about a place that the user named.

    Raises:
        StoreUnavailable: whatever ``OSError`` came.
    """
    try:
        yield
    except OSError as exc:
        message = f"Writing {path} failed: {exc.strerror or type(exc).__name__}."
        raise StoreUnavailable(message, reason="permission") from exc


def _check(folder: Path, wanted: CopiedFile) -> None:
    try:
        found = hash_file(folder / wanted.path)
    except OSError as exc:
        raise _damaged(wanted.path) from exc
    if found != (wanted.size_bytes, wanted.sha256):
        raise _damaged(wanted.path)


def _damaged(part: str) -> StoreError:
    return StoreError(f"The backup is damaged: {part} is not what was written. Use another one.")


def _claim(partial: Path) -> int:
    """Make the folder and lock it; the kernel gives the lock back when a process dies."""
    with contextlib.suppress(FileExistsError):
        partial.mkdir(mode=0o700)
    lock = os.open(partial, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fchmod(lock, 0o700)  # not ours to change: somebody else's, who could read what it gets
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        for found in partial.iterdir():
            if found.is_dir() and not found.is_symlink():
                shutil.rmtree(found)
            else:
                found.unlink()
    except BlockingIOError as exc:
        os.close(lock)
        raise StoreError(f"Another kodeweb is writing {partial} just now.") from exc
    except BaseException:
        os.close(lock)
        raise
    return lock
