"""Copy the files of agents, byte for byte, while agents may be writing them.

Only what agents keep is taken: a base folder may hold anything else. No link is followed. A WAL
file is read before the file that it belongs to, so that a writer who moves its lines in between
leaves them twice and not nowhere; a folder that changed meanwhile is copied again.
"""

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from stores.kode.agent_ids import OWN_NAMES, POOL_ID
from stores.kode.agent_walk import walk_agents
from stores.kode.safe_files import open_folder, open_regular, signature

__all__ = ["CopiedFile", "FileCopies", "hash_file", "write_private"]

_MAX_TRIES: Final = 5
_CHUNK_BYTES: Final = 1 << 20
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class CopiedFile:
    """A file of an archive: its path below the base folder, its bytes and their hash."""

    path: str
    size_bytes: int
    sha256: str


@dataclass
class FileCopies:
    """Copy a base folder's agents to ``destination``, which is made.

    ``left_out`` are entries of agents' folders that are neither files nor folders, such as links;
    ``unsettled`` are folders that kept changing.
    """

    base: Path
    destination: Path
    agents: int = 0
    left_out: list[str] = field(default_factory=list)
    unsettled: list[str] = field(default_factory=list)

    def run(self) -> Iterator[CopiedFile]:
        """Copy and yield file after file, agents in the order of their ids."""
        self.destination.mkdir(mode=0o700)
        for agent_id in (*walk_agents(self.base), POOL_ID):
            parts = tuple(agent_id.split("/"))
            with open_folder(self.base, parts) as folder:
                if folder is None:
                    continue
                self.agents += agent_id != POOL_ID
                yield from self._copy_folder(parts, only=OWN_NAMES)

    def _copy_folder(
        self, parts: tuple[str, ...], only: frozenset[str] | None = None
    ) -> Iterator[CopiedFile]:
        """Copy the files of one folder, then the folders in it."""
        with open_folder(self.base, parts) as folder:
            if folder is None:
                return
            target = self.destination.joinpath(*parts)
            target.mkdir(mode=0o700, parents=True, exist_ok=True)
            yield from self._settled(folder, target, parts, only)
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        for entry in found:
            if only is not None and entry.name not in only:
                continue
            if entry.is_dir(follow_symlinks=False):
                yield from self._copy_folder((*parts, entry.name))
            elif not entry.is_file(follow_symlinks=False):
                self.left_out.append("/".join((*parts, entry.name)))

    def _settled(
        self, folder: int, target: Path, parts: tuple[str, ...], only: frozenset[str] | None
    ) -> list[CopiedFile]:
        copied: list[CopiedFile] = []
        for _ in range(_MAX_TRIES):
            for file in copied:
                (self.destination / file.path).unlink()
            before = _signatures(folder, only)
            copied = [
                CopiedFile("/".join((*parts, name)), *found)
                for name in sorted(before, key=lambda name: (not name.endswith(".wal"), name))
                if (found := _copy_file(folder, name, target / name)) is not None
            ]
            if _signatures(folder, only) == before:
                return copied
        self.unsettled.append("/".join(parts))
        return copied


def hash_file(path: Path) -> tuple[int, str]:
    """Return the size of a regular file and the SHA-256 of its bytes.

    Raises:
        OSError: there is none.
    """
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
        return os.fstat(file.fileno()).st_size, digest.hexdigest()


def write_private(path: Path) -> int:
    """Open a new file that only its owner may read; the caller closes it.

    Raises:
        FileExistsError: something is there.
    """
    return os.open(path, _NEW, 0o600)


def _signatures(folder: int, only: frozenset[str] | None) -> dict[str, tuple[int, int, int]]:
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if only is None or entry.name in only]
    found = {name: signature(folder, name) for name in names}
    return {name: mark for name, mark in found.items() if mark is not None}


def _copy_file(folder: int, name: str, target: Path) -> tuple[int, str] | None:
    """Copy one file; return size and hash, None when it has gone."""
    running = hashlib.sha256()
    size = 0
    with open_regular(folder, name) as origin:
        if origin is None:
            return None
        with open(write_private(target), "wb") as copy:
            while chunk := os.read(origin, _CHUNK_BYTES):
                running.update(chunk)
                copy.write(chunk)
                size += len(chunk)
    return size, running.hexdigest()
