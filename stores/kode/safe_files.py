"""Open files below a folder that hostile ids name: no links, no pipes, nothing created.

Every component is opened from the one before it without following links, so that nothing that is
swapped in between can lead out of the base folder.
"""

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

__all__ = [
    "FileSignature",
    "TailBytes",
    "folder_names",
    "open_folder",
    "open_folder_at",
    "open_regular",
    "read_tail",
    "read_whole",
    "signature",
]

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC

# mtime in ns, size and inode: a file with the same three was not written in between.
FileSignature = tuple[int, int, int]


@dataclass(frozen=True)
class TailBytes:
    """The end of a file. ``start`` is the place of its first byte; ``is_cut`` when not 0."""

    data: bytes = b""
    start: int = 0

    @property
    def is_cut(self) -> bool:
        return self.start > 0


@contextmanager
def open_folder(
    base: Path, parts: Sequence[str], *, is_strict: bool = False
) -> Iterator[int | None]:
    """Give a descriptor of a folder below the base, None when it is not there as a folder.

    Raises:
        OSError: only if ``is_strict``: it is there and may not be opened, or the base is a file.
    """
    try:
        folder = _walk(base, parts)
    except FileNotFoundError:
        folder = None
    except (OSError, ValueError):
        if is_strict:
            raise
        folder = None
    try:
        yield folder
    finally:
        if folder is not None:
            os.close(folder)


def signature(folder: int, name: str) -> FileSignature | None:
    """Return the signature of a regular file, None for anything else."""
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (OSError, ValueError):
        return None
    if not stat.S_ISREG(found.st_mode):
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def read_tail(folder: int, name: str, *, max_bytes: int) -> TailBytes | None:
    """Return the last bytes of a regular file, None when it cannot be read as one."""
    try:
        with open_regular(folder, name) as descriptor:
            if descriptor is None:
                return None
            size = os.fstat(descriptor).st_size
            start = max(0, size - max_bytes)
            return TailBytes(_read(descriptor, start, size - start), start)
    except OSError:
        return None


def read_whole(folder: int, name: str) -> bytes | None:
    """Return what a regular file holds, None when there is no such file.

    Raises:
        OSError: the file is there and may not be read.
    """
    with open_regular(folder, name) as descriptor:
        if descriptor is None:
            return None
        return _read(descriptor, 0, os.fstat(descriptor).st_size)


@contextmanager
def open_regular(folder: int, name: str) -> Iterator[int | None]:
    """Give a descriptor of a regular file, None when there is none of this name.

    Raises:
        OSError: the file is there and may not be read.
    """
    descriptor = None
    # A device may act on being opened, so what it is comes first.
    if signature(folder, name) is not None:
        try:
            descriptor = os.open(name, _FILE, dir_fd=folder)
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ELOOP, errno.ENXIO):
                raise
    try:
        is_file = descriptor is not None and stat.S_ISREG(os.fstat(descriptor).st_mode)
        yield descriptor if is_file else None
    finally:
        if descriptor is not None:
            os.close(descriptor)


def open_folder_at(folder: int, name: str) -> int:
    """Open a folder inside an open one; the caller closes it.

    Raises:
        OSError: there is none of this name, or it is a link.
    """
    return os.open(name, _DIRECTORY | os.O_NOFOLLOW, dir_fd=folder)


def folder_names(folder: int) -> list[str]:
    """Return the names of the folders in a folder, sorted; links are none."""
    with os.scandir(folder) as entries:
        return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))


def _walk(base: Path, parts: Sequence[str]) -> int:
    # The operator chose the base, it may be a link; nothing below it may.
    folder = os.open(base, _DIRECTORY)
    for part in parts:
        try:
            inner = open_folder_at(folder, part)
        except OSError as exc:
            if exc.errno in (errno.ENOTDIR, errno.ELOOP):
                raise FileNotFoundError(errno.ENOENT, "a file or a link is no folder") from exc
            raise
        finally:
            os.close(folder)
        folder = inner
    return folder


def _read(descriptor: int, start: int, length: int) -> bytes:
    chunks = []
    while length > 0:
        chunk = os.pread(descriptor, min(length, 1 << 22), start)
        if not chunk:
            break
        chunks.append(chunk)
        start += len(chunk)
        length -= len(chunk)
    return b"".join(chunks)
