"""Find the sessions below a folder and tell, from ``stat`` alone, which of them changed.

A session is a folder with a ``meta.json``. Forks lie inside their parent's folder, because their
ids hold a slash, so every folder is looked into but the four that the SDK keeps its files in.
Nothing is created, no link is followed, and nothing is read.
"""

import os
import stat
import time
from collections.abc import Iterator, Set
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from stores.errors import StoreUnavailable
from stores.kode.agent_ids import OWN_NAMES, POOL_ID, id_parts
from stores.kode.safe_files import open_folder

__all__ = ["META", "SessionFolder", "check_base", "json_names", "look_at", "walk_sessions"]

META: Final = "meta.json"
_RUNTIME: Final = ("messages.json", "messages.wal", "tool-calls.json", "tool-calls.wal")
_DIRECTORY: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_MAX_DEPTH: Final = 32
_MAX_SNAPSHOTS: Final = 500
#: A file changed so shortly ago may change again without its time showing it (the clock of file
#: systems has steps), so its signature is not yet final.
_UNSETTLED_NS: Final = 50_000_000


@dataclass(frozen=True)
class SessionFolder:
    """One session's folder. ``signature`` changes whenever a file does that the index holds.

    ``size_bytes`` is that of those files; logs and history are not among them.
    """

    agent_id: str
    signature: str
    size_bytes: int


def check_base(base: Path) -> None:
    """Make sure that the store's folder can be read.

    Raises:
        StoreUnavailable: nothing there, no folder, or no permission; no path in the sentence.
    """
    try:
        os.close(os.open(base, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
    except FileNotFoundError as exc:
        message = "There is no folder at this store's path. It was moved or deleted."
        raise StoreUnavailable(message, reason="missing") from exc
    except NotADirectoryError as exc:
        message = "This path is not a folder. Name the folder that holds the agents' folders."
        raise StoreUnavailable(message, reason="foreign") from exc
    except (OSError, ValueError) as exc:
        message = "This store's folder cannot be read. Check its path and permissions."
        raise StoreUnavailable(message, reason="permission") from exc


def walk_sessions(base: Path) -> Iterator[SessionFolder]:
    """Yield the sessions below a folder, parents before their forks, else in no order."""
    with open_folder(base, ()) as folder:
        if folder is not None:
            yield from _walk(folder, (), time.time_ns())


def look_at(base: Path, agent_id: str) -> SessionFolder | None:
    """Return one session's folder as it is now, None when there is no such session."""
    parts = id_parts(agent_id)
    if parts is None or parts == (POOL_ID,):
        return None
    with open_folder(base, parts) as folder:
        return None if folder is None else _look(folder, agent_id, time.time_ns())


def _walk(folder: int, parts: tuple[str, ...], now_ns: int) -> Iterator[SessionFolder]:
    found = _look(folder, "/".join(parts), now_ns) if parts else None
    if found is not None:
        yield found
    if len(parts) >= _MAX_DEPTH:
        return
    for name in _folder_names(folder, OWN_NAMES if parts else {POOL_ID}):
        inner_parts = (*parts, name)
        if id_parts("/".join(inner_parts)) is None:
            continue  # no agent can have this name
        try:
            inner = os.open(name, _DIRECTORY, dir_fd=folder)
        except OSError:
            continue  # gone, a link by now, or not ours to read
        try:
            yield from _walk(inner, inner_parts, now_ns)
        finally:
            os.close(inner)


def _folder_names(folder: int, left_out: Set[str]) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []
    return sorted(name for name in names if name not in left_out)


def _look(folder: int, agent_id: str, now_ns: int) -> SessionFolder | None:
    meta = _stat(folder, META)
    if meta is None:
        return None
    found = [(META, meta)]
    found += _stats(folder, "runtime", _RUNTIME)
    found += _stats(folder, "snapshots", None)
    marks = [f"{name}:{info.st_mtime_ns}:{info.st_size}:{info.st_ino}" for name, info in found]
    # A time ahead of this machine's clock, as on a network drive, settles nothing either way.
    newest = max(info.st_mtime_ns for _, info in found)
    if 0 <= now_ns - newest < _UNSETTLED_NS:
        marks.append("unsettled")
    signature = blake2b("\n".join(marks).encode(errors="replace"), digest_size=16).hexdigest()
    return SessionFolder(agent_id, signature, sum(info.st_size for _, info in found))


def _stats(
    folder: int, inner: str, names: tuple[str, ...] | None
) -> list[tuple[str, os.stat_result]]:
    """Return the regular files of an inner folder, all JSON files when no names are given."""
    try:
        descriptor = os.open(inner, _DIRECTORY, dir_fd=folder)
    except OSError:
        return []
    try:
        if names is None:
            names = tuple(json_names(descriptor))
        stats = ((name, _stat(descriptor, name)) for name in names)
        return [(f"{inner}/{name}", info) for name, info in stats if info is not None]
    except OSError:
        return []
    finally:
        os.close(descriptor)


def json_names(folder: int) -> list[str]:
    """Return the names of a folder's JSON files in order, of very many the first."""
    with os.scandir(folder) as entries:
        names = sorted(entry.name for entry in entries if entry.name.endswith(".json"))
    return names[:_MAX_SNAPSHOTS]


def _stat(folder: int, name: str) -> os.stat_result | None:
    try:
        info = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (OSError, ValueError):
        return None
    return info if stat.S_ISREG(info.st_mode) else None
