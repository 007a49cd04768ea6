"""Change files below a base folder: one writer at a time, each file old or new and never half.

Folders are opened as ``safe_files`` does, without following links. Writers of this product hold
an advisory lock on a folder, which the kernel frees when a process dies; the SDK knows none.
"""

import contextlib
import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from stores.errors import InvalidAgentId, StoreError, StoreUnavailable
from stores.kode.safe_files import open_folder_at

__all__ = [
    "TMP_NAME",
    "is_writable",
    "locked_folder",
    "made_folder",
    "remove_entry",
    "replace_file",
    "store_errors",
    "write_all",
]

#: What a file is written as before it is moved in place; in a folder that no reader lists.
TMP_NAME: Final = ".kodeweb.tmp"

_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
_ATTEMPTS: Final = 100
_DEEP: Final = 32
_REASONS: Final = {
    errno.EACCES: ("The files of this store may not be changed or read.", "permission"),
    errno.EPERM: ("The files of this store may not be changed or read.", "permission"),
    errno.EROFS: ("The files of this store are on a read-only disk.", "permission"),
    errno.ENOSPC: ("The disk of this store is full.", "full"),
    errno.EDQUOT: ("The disk quota of this store is used up.", "full"),
    errno.ENOENT: ("The folder of this store is not there.", "missing"),
    errno.ENOTDIR: ("A file or a link is where this store has a folder.", "foreign"),
    errno.EEXIST: ("A file or a link is where this store has a folder.", "foreign"),
    errno.ELOOP: ("A link is where this store has a file or a folder.", "foreign"),
    errno.EISDIR: ("A folder is where this store has a file.", "foreign"),
}


@contextmanager
def store_errors() -> Iterator[None]:
    """Turn what the system refuses into errors of the store, without naming a path.

    Raises:
        StoreError: whatever ``OSError`` came.
    """
    try:
        yield
    except OSError as exc:
        raise _translated(exc) from exc


@contextmanager
def made_folder(base: Path, parts: Sequence[str]) -> Iterator[int]:
    """Give a descriptor of a folder below the base, made where it is not there yet.

    Raises:
        OSError: a file or link is in the way, or the folder may not be made.
    """
    folder = _make(base, parts)
    try:
        yield folder
    finally:
        os.close(folder)


@contextmanager
def locked_folder(base: Path, parts: Sequence[str]) -> Iterator[int]:
    """Give a folder that nobody else of this product changes meanwhile; made when absent.

    Raises:
        OSError: as ``made_folder``, or it is removed as often as it is made.
    """
    folder = _make_and_lock(base, parts)
    try:
        yield folder
    finally:
        os.close(folder)


def replace_file(folder: int, name: str, data: bytes, *, tmp_folder: int) -> None:
    """Put a file in place at once; the caller holds the lock of ``tmp_folder``.

    Raises:
        OSError: not written; what was there before is there still.
    """
    with contextlib.suppress(FileNotFoundError):
        os.unlink(TMP_NAME, dir_fd=tmp_folder)
    descriptor = os.open(TMP_NAME, _NEW, 0o666, dir_fd=tmp_folder)
    try:
        try:
            write_all(descriptor, data)
            os.utime(descriptor)  # the kernel's own stamp may lie some ms back
        finally:
            os.close(descriptor)
        os.rename(TMP_NAME, name, src_dir_fd=tmp_folder, dst_dir_fd=folder)
    except OSError:
        with contextlib.suppress(OSError):
            os.unlink(TMP_NAME, dir_fd=tmp_folder)
        raise


def is_writable(base: Path) -> bool:
    """Tell whether a file can be made in a folder that is there; leave nothing behind."""
    name = f".health-check-{secrets.token_hex(8)}"
    try:
        folder = os.open(base, _DIRECTORY)
    except OSError:
        return False
    try:
        os.close(os.open(name, _NEW, 0o666, dir_fd=folder))
        os.unlink(name, dir_fd=folder)
    except OSError:
        return False
    finally:
        os.close(folder)
    return True


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of it, however the system cuts it."""
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def remove_entry(folder: int, name: str) -> None:
    """Remove a file, a folder with all in it, or a link but never what it points to.

    Raises:
        OSError: something of it may not be removed.
    """
    waiting = [name]
    while waiting:
        _remove(folder, waiting.pop(), folder, waiting, 0)


def _remove(folder: int, name: str, top: int, waiting: list[str], depth: int) -> None:
    try:
        found = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        return
    if not stat.S_ISDIR(found.st_mode):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        return
    if depth == _DEEP:
        # However deep a tree is, only so many folders are open at once.
        waiting.append(f".kodeweb-{secrets.token_hex(8)}")
        os.rename(name, waiting[-1], src_dir_fd=folder, dst_dir_fd=top)
        return
    inner = open_folder_at(folder, name)
    try:
        with os.scandir(inner) as entries:
            children = [entry.name for entry in entries]
        for child in children:
            _remove(inner, child, top, waiting, depth + 1)
    finally:
        os.close(inner)
    with contextlib.suppress(FileNotFoundError):
        os.rmdir(name, dir_fd=folder)


def _make_and_lock(base: Path, parts: Sequence[str]) -> int:
    for _ in range(_ATTEMPTS):
        with contextlib.suppress(FileNotFoundError):  # it was deleted while it was being made
            folder = _make(base, parts)
            # A file system without locks must not keep agents from saving.
            with contextlib.suppress(OSError):
                fcntl.flock(folder, fcntl.LOCK_EX)
            if os.fstat(folder).st_nlink:
                return folder
            os.close(folder)  # it was deleted while this call waited
    raise FileNotFoundError(errno.ENOENT, "the folder is gone each time it is made")


def _make(base: Path, parts: Sequence[str]) -> int:
    folder = _open_base(base)
    try:
        for part in parts:
            inner = _made(folder, part)
            os.close(folder)
            folder = inner
    except BaseException:
        os.close(folder)
        raise
    return folder


def _open_base(base: Path) -> int:
    try:
        # The operator chose the base, it may be a link; nothing below it may.
        return os.open(base, _DIRECTORY)
    except FileNotFoundError:
        base.mkdir(parents=True, exist_ok=True)
        return os.open(base, _DIRECTORY)


def _made(folder: int, part: str) -> int:
    for _ in range(_ATTEMPTS):
        try:
            return open_folder_at(folder, part)
        except FileNotFoundError:
            with contextlib.suppress(FileExistsError):
                os.mkdir(part, dir_fd=folder)
    raise FileNotFoundError(errno.ENOENT, "the folder is gone each time it is made")


def _translated(error: OSError) -> StoreError:
    if error.errno == errno.ENAMETOOLONG:
        return InvalidAgentId("This id is too long for a name in the file store.")
    message, reason = _REASONS.get(
        error.errno or 0, ("The files of this store cannot be read or written.", "damaged")
    )
    return StoreUnavailable(message, reason=reason)
