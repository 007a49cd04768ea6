"""Files of agents by agent id: read whole, replaced at once, listed, never outside the base."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stores.errors import InvalidAgentId, StoreError
from stores.kode.agent_ids import check_agent_id
from stores.kode.js_text import js_text
from stores.kode.js_value import js_value
from stores.kode.row_values import stored_form
from stores.kode.safe_files import FileSignature, folder_names, open_folder, read_whole, signature
from stores.kode.safe_writes import locked_folder, made_folder, replace_file, store_errors

__all__ = ["NOT_JSON", "AgentFolders", "BrokenFile"]

#: How the sentence ends about a file that holds no JSON at all.
NOT_JSON: Final = "is not JSON."


class BrokenFile(StoreError):
    """Tell which file of an agent cannot be read, and why; the rest of the store can be."""


class AgentFolders:
    """The folders below ``base_dir``.

    ``reserved_names`` lie in the base and are no agents, such as the database and its journal.

    Raises:
        InvalidAgentId: from every method, for an id that may not name a folder here.
        StoreUnavailable: from every method, when the system refuses; it is not an absent file.
    """

    def __init__(self, base_dir: Path, reserved_names: Iterable[str] = ()) -> None:
        self.base_dir = base_dir
        self._reserved = frozenset(reserved_names)

    def parts(self, agent_id: str) -> tuple[str, ...]:
        """Return the folder names that an id stands for."""
        check_agent_id(agent_id)
        parts = tuple(agent_id.split("/"))
        if parts[0] in self._reserved:
            raise InvalidAgentId("This agent id is the name of the store's own database file.")
        return parts

    def is_usable(self, agent_id: str) -> bool:
        """Tell whether an id may name a folder here."""
        try:
            self.parts(agent_id)
        except InvalidAgentId:
            return False
        return True

    def read(self, agent_id: str, path: Sequence[str]) -> bytes | None:
        """Return what a file holds, None without a regular file there."""
        *folders, name = path
        with self._opened(agent_id, folders) as folder:
            return None if folder is None else read_whole(folder, name)

    def read_json(self, agent_id: str, path: Sequence[str]) -> Any:
        """Return the value in a file, None without a file.

        Raises:
            BrokenFile: what is there is not JSON, or nothing but null.
        """
        data = self.read(agent_id, path)
        if data is None:
            return None
        try:
            value = js_value(data)
        except ValueError as exc:
            raise BrokenFile(f"{'/'.join(path)} of session {agent_id} {NOT_JSON}") from exc
        if value is None:
            raise BrokenFile(f"{'/'.join(path)} of session {agent_id} holds nothing but null.")
        return value

    def write(self, agent_id: str, path: Sequence[str], data: bytes) -> None:
        """Put a file in place at once; its folders are made."""
        parts = self.parts(agent_id)
        *folders, name = path
        # Files become whole in runtime, the one folder whose content no reader takes for records.
        with (
            store_errors(),
            locked_folder(self.base_dir, (*parts, "runtime")) as runtime,
            made_folder(self.base_dir, (*parts, *folders)) as folder,
        ):
            replace_file(folder, name, data, tmp_folder=runtime)

    def write_json(self, agent_id: str, path: Sequence[str], value: object) -> None:
        """Put the text of a value in place, indented by two as the SDK does.

        Raises:
            StoreError: the value has no JSON text.
        """
        with stored_form():
            text = js_text(value, indent=2)
        self.write(agent_id, path, text.encode())

    def names(self, agent_id: str, folders: Sequence[str], suffix: str) -> list[str]:
        """Return the names of the regular files in a folder that end so, sorted."""
        with self._opened(agent_id, folders) as folder:
            return [] if folder is None else _regular_names(folder, suffix)

    def subfolders(self, agent_id: str, folders: Sequence[str]) -> list[str]:
        """Return the names of the folders in a folder, sorted; links are none."""
        with self._opened(agent_id, folders) as folder:
            return [] if folder is None else folder_names(folder)

    def signature(self, agent_id: str, path: Sequence[str]) -> FileSignature | None:
        """Return time, size and inode of a regular file, None without one."""
        *folders, name = path
        with self._opened(agent_id, folders) as folder:
            return None if folder is None else signature(folder, name)

    @contextmanager
    def _opened(self, agent_id: str, folders: Sequence[str]) -> Iterator[int | None]:
        parts = (*self.parts(agent_id), *folders)
        with store_errors(), open_folder(self.base_dir, parts, is_strict=True) as folder:
            yield folder


def _regular_names(folder: int, suffix: str) -> list[str]:
    with os.scandir(folder) as entries:
        return sorted(
            entry.name
            for entry in entries
            if entry.name.endswith(suffix) and entry.is_file(follow_symlinks=False)
        )
