"""Find and remove agents in a tree of folders: a fork lies inside its parent's folder."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from stores.errors import InvalidAgentId
from stores.kode.agent_ids import OWN_NAMES, POOL_ID, id_parts
from stores.kode.safe_files import folder_names, open_folder, open_folder_at
from stores.kode.safe_writes import TMP_NAME, remove_entry

__all__ = ["delete_folder", "has_content", "has_files", "walk_agents"]

_MAX_DEPTH: Final = 64


def walk_agents(base: Path) -> Iterator[str]:
    """Yield the id of every folder that has files of an agent, parents before their forks.

    Raises:
        OSError: the base may not be read.
    """
    with open_folder(base, (), is_strict=True) as folder:
        if folder is not None:
            for name in folder_names(folder):
                if id_parts(name) and name != POOL_ID:
                    yield from _walk(folder, name, name, 1)


def has_files(base: Path, parts: Sequence[str]) -> bool:
    """Tell whether there is a folder with files of an agent."""
    with open_folder(base, parts, is_strict=True) as folder:
        return folder is not None and _is_agent(folder)


def has_content(base: Path, parts: Sequence[str]) -> bool:
    """Tell whether there is any file of an agent, whatever is in it.

    Raises:
        OSError: a folder may not be read.
    """
    with open_folder(base, parts, is_strict=True) as folder:
        if folder is None:
            return False
        with os.scandir(folder) as entries:
            names = [entry.name for entry in entries if entry.name in OWN_NAMES]
        return any(_holds_file(folder, name, 0) for name in names)


def delete_folder(base: Path, parts: Sequence[str], *, with_forks: bool) -> None:
    """Remove what an agent keeps, then the folders that are empty after it, never the base.

    Other folders inside belong to forks and stay unless ``with_forks``. A link is removed, not
    what it points to. A folder that is no agent's stays: the base may hold anything else.

    Raises:
        InvalidAgentId: a file has this name, so it is no agent's folder.
        OSError: something of it may not be removed.
    """
    *parents, name = parts
    with open_folder(base, parents, is_strict=True) as parent:
        if parent is None:
            return
        try:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
        except FileNotFoundError:
            return
        if stat.S_ISDIR(found.st_mode):
            if _is_meant(parent, name, with_forks=with_forks):
                _empty(parent, name, with_forks=with_forks)
        elif stat.S_ISLNK(found.st_mode):
            os.unlink(name, dir_fd=parent)
        else:
            raise InvalidAgentId("This id names a file in the store, not a session.")
    for depth in range(len(parts), 0, -1):
        if not _remove_if_empty(base, parts[:depth]):
            break


def _walk(folder: int, name: str, agent_id: str, depth: int) -> Iterator[str]:
    try:
        inner = open_folder_at(folder, name)
    except OSError:
        return  # gone, or not ours to read: the rest of the store is
    try:
        if _is_agent(inner):
            yield agent_id
        if depth < _MAX_DEPTH:
            for child in folder_names(inner):
                child_id = f"{agent_id}/{child}"
                if child not in OWN_NAMES and id_parts(child_id):
                    yield from _walk(inner, child, child_id, depth + 1)
    finally:
        os.close(inner)


def _is_agent(folder: int) -> bool:
    with os.scandir(folder) as entries:
        return any(entry.name in OWN_NAMES for entry in entries)


def _holds_file(folder: int, name: str, depth: int) -> bool:
    if not stat.S_ISDIR(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
        return name != TMP_NAME
    if depth == _MAX_DEPTH:
        return True
    inner = open_folder_at(folder, name)
    try:
        with os.scandir(inner) as entries:
            names = [entry.name for entry in entries]
        return any(_holds_file(inner, child, depth + 1) for child in names)
    finally:
        os.close(inner)


def _is_meant(parent: int, name: str, *, with_forks: bool) -> bool:
    """Tell whether a folder is an agent's or, if these go too, has one inside."""
    inner = open_folder_at(parent, name)
    try:
        if _is_agent(inner):
            return True
    finally:
        os.close(inner)
    return with_forks and any(True for _ in _walk(parent, name, name, 1))


def _empty(parent: int, name: str, *, with_forks: bool) -> None:
    inner = open_folder_at(parent, name)
    try:
        with contextlib.suppress(OSError):
            runtime = open_folder_at(inner, "runtime")
            try:
                fcntl.flock(runtime, fcntl.LOCK_EX)
                _remove_own(inner, with_forks=with_forks)
            finally:
                os.close(runtime)
        # Once more without the lock: there may be no runtime, or it may not be locked.
        _remove_own(inner, with_forks=with_forks)
    finally:
        os.close(inner)


def _remove_own(inner: int, *, with_forks: bool) -> None:
    # Without its meta.json a session is gone, so that goes first: no half session is left.
    remove_entry(inner, "meta.json")
    spared = set() if with_forks else set(folder_names(inner)) - OWN_NAMES
    with os.scandir(inner) as entries:
        names = [entry.name for entry in entries if entry.name not in spared]
    for name in sorted(names):
        remove_entry(inner, name)


def _remove_if_empty(base: Path, parts: Sequence[str]) -> bool:
    with open_folder(base, parts[:-1], is_strict=True) as parent:
        if parent is None:
            return False
        try:
            os.rmdir(parts[-1], dir_fd=parent)
        except OSError:
            return False
    return True
