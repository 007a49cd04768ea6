"""The files of a JSON store that hold what a database has in rows, one folder per agent.

Messages and calls have a WAL each: it is written first and removed last, so one that can be
parsed is the newest state, whatever the main file says.
"""

import contextlib
import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final, TypeVar

from stores.errors import StoreError
from stores.kode.agent_folders import AgentFolders, BrokenFile
from stores.kode.agent_ids import POOL_ID
from stores.kode.file_names import snapshot_path
from stores.kode.files import FileStore
from stores.kode.js_text import js_text
from stores.kode.js_value import js_value
from stores.kode.records import AgentInfo, Approval, Message, Record, Snapshot, ToolCallRecord
from stores.kode.row_values import is_truthy, stored_form
from stores.kode.safe_files import open_folder, read_whole, signature
from stores.kode.safe_writes import locked_folder, replace_file, store_errors

__all__ = ["AgentFiles"]

_META: Final = "meta.json"
_SNAPSHOTS: Final = ("snapshots",)
_RETRY_AFTER_S: Final = 0.01
_Record = TypeVar("_Record", bound=Record)


class AgentFiles:
    """Read and write ``meta.json``, messages, calls and snapshots.

    Raises:
        BrokenFile: from ``load_*`` of one agent, for what is there and cannot be read.
        StoreUnavailable: from every method, when the system refuses.
    """

    def __init__(self, files: FileStore) -> None:
        self.files = files
        self.folders: AgentFolders = files.folders

    def ids(self) -> Iterator[str]:
        """Yield the ids of all agents, parents before their forks."""
        for agent_id in self.files.agent_ids():
            if self.folders.signature(agent_id, (_META,)) and self.is_agent(agent_id):
                yield agent_id

    def is_agent(self, agent_id: str) -> bool:
        """Tell whether there is an agent; one whose ``meta.json`` is broken is one.

        The SDK's pool keeps its notes in a folder like an agent's, but without metadata.
        """
        try:
            value = self._meta(agent_id)
        except StoreError:
            return agent_id != POOL_ID
        return is_truthy(value.get("metadata")) if isinstance(value, dict) else value is not None

    def load_info(self, agent_id: str) -> AgentInfo | None:
        """Return what is known of an agent, None without a ``meta.json`` of an agent."""
        value = self._meta(agent_id)
        if value is None or (isinstance(value, dict) and not is_truthy(value.get("metadata"))):
            return None
        info = _built(f"{_META} of session {agent_id}", AgentInfo, value)
        waiting = self._waiting(agent_id, "messages")
        if waiting is None or info.message_count == len(waiting):
            return info
        return AgentInfo.from_json({**value, "messageCount": len(waiting)})

    def save_info(self, agent_id: str, info: AgentInfo) -> None:
        """Replace ``meta.json``."""
        self.folders.write_json(agent_id, (_META,), info.to_json())

    def load_messages(self, agent_id: str) -> list[Message]:
        """Return the messages in order."""
        rows = self._rows(agent_id, "messages")
        return [_message(agent_id, seq, row) for seq, row in enumerate(rows)]

    def load_calls(self, agent_id: str) -> list[ToolCallRecord]:
        """Return the tool calls as they were saved."""
        rows = self._rows(agent_id, "tool-calls")
        return [_call(agent_id, place, row) for place, row in enumerate(rows)]

    def readable_messages(self, agent_id: str) -> tuple[list[Message], list[str]]:
        """Return the messages that can be read, and what is wrong with the others."""
        return self._readable(agent_id, "messages", _message)

    def readable_calls(self, agent_id: str) -> tuple[list[ToolCallRecord], list[str]]:
        """Return the calls that can be read, and what is wrong with the others."""
        return self._readable(agent_id, "tool-calls", _call)

    def count(self, agent_id: str, name: str) -> int:
        """Return how many ``messages`` or ``tool-calls`` a session has, 0 if it is broken."""
        try:
            return len(self._rows(agent_id, name))
        except StoreError:
            return 0

    def saved_at_ms(self, agent_id: str) -> int:
        """Return when the messages of an agent were saved, 0 when they never were."""
        for name in ("messages.wal", "messages.json"):
            found = self.folders.signature(agent_id, ("runtime", name))
            if found is not None:
                return found[0] // 1_000_000
        return 0

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages; ``meta.json`` is told their number, as SQL stores do."""
        self._save_rows(agent_id, "messages", messages)

    def save_calls(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool calls."""
        self._save_rows(agent_id, "tool-calls", records)

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Write the file of a snapshot."""
        if not isinstance(snapshot.id, str):
            raise StoreError("The id of a snapshot is a text.")
        path = (*_SNAPSHOTS, *snapshot_path(snapshot.id))
        self.folders.write_json(agent_id, path, snapshot.to_json())

    def load_snapshot(self, agent_id: str, snapshot_id: str) -> Snapshot | None:
        """Return one snapshot, None without a file of it."""
        return self._snapshot(agent_id, snapshot_path(snapshot_id))

    def snapshots(self, agent_id: str) -> tuple[list[Snapshot], list[str]]:
        """Return the snapshots that can be read, newest first, and what is wrong with others."""
        found, issues = [], []
        for path in self._snapshot_paths(agent_id):
            try:
                snapshot = self._snapshot(agent_id, path)
            except StoreError as exc:
                issues.append(str(exc))
            else:
                found += [] if snapshot is None else [snapshot]
        found.sort(key=lambda snapshot: str(snapshot.created_at), reverse=True)
        return found, issues

    def _snapshot(self, agent_id: str, path: Sequence[str]) -> Snapshot | None:
        value = self.folders.read_json(agent_id, (*_SNAPSHOTS, *path))
        if value is None:
            return None
        return _built(f"snapshots/{'/'.join(path)} of session {agent_id}", Snapshot, value)

    def _snapshot_paths(self, agent_id: str, inside: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
        folder = (*_SNAPSHOTS, *inside)
        paths = [(*inside, name) for name in self.folders.names(agent_id, folder, ".json")]
        if len(inside) < 8:
            for name in self.folders.subfolders(agent_id, folder):
                paths += self._snapshot_paths(agent_id, (*inside, name))
        return paths

    def _meta(self, agent_id: str) -> Any:
        try:
            return self.folders.read_json(agent_id, (_META,))
        except BrokenFile:
            # The SDK overwrites it in place: once more, it may be whole by then.
            time.sleep(_RETRY_AFTER_S)
            return self.folders.read_json(agent_id, (_META,))

    def _waiting(self, agent_id: str, name: str) -> list[Any] | None:
        """Return the rows in a WAL, None without one that can be parsed."""
        data = self.folders.read(agent_id, ("runtime", f"{name}.wal"))
        if data is None:
            return None
        with contextlib.suppress(ValueError):
            value = js_value(data)
            if isinstance(value, dict) and isinstance(value.get("data"), list):
                return list(value["data"])
        return None

    def _rows(self, agent_id: str, name: str) -> list[Any]:
        waiting = self._waiting(agent_id, name)
        if waiting is not None:
            return waiting
        rows = self.folders.read_json(agent_id, ("runtime", f"{name}.json"))
        if rows is None:
            return []
        if not isinstance(rows, list):
            raise BrokenFile(f"runtime/{name}.json of session {agent_id} holds no list.")
        return rows

    def _readable(
        self, agent_id: str, name: str, read: Callable[[str, int, Any], _Record]
    ) -> tuple[list[_Record], list[str]]:
        found: list[_Record] = []
        issues: list[str] = []
        try:
            rows = self._rows(agent_id, name)
        except StoreError as exc:
            return found, [str(exc)]
        for place, row in enumerate(rows):
            try:
                found.append(read(agent_id, place, row))
            except BrokenFile as exc:
                issues.append(str(exc))
        return found, issues

    def _save_rows(self, agent_id: str, name: str, records: Iterable[Record]) -> None:
        parts = self.folders.parts(agent_id)
        with stored_form():
            rows = [record.to_json() for record in records]
            waiting = js_text({"data": rows, "timestamp": time.time_ns() // 1_000_000})
            text = js_text(rows, indent=2)
        with (
            store_errors(),
            locked_folder(self.files.base_dir, (*parts, "runtime")) as runtime,
            open_folder(self.files.base_dir, parts, is_strict=True) as folder,
        ):
            wal_name = f"{name}.wal"
            replace_file(runtime, wal_name, waiting.encode(), tmp_folder=runtime)
            replace_file(runtime, f"{name}.json", text.encode(), tmp_folder=runtime)
            if name == "messages" and folder is not None:
                _count(folder, len(rows), runtime)
            with contextlib.suppress(FileNotFoundError):
                os.unlink(wal_name, dir_fd=runtime)


def _count(folder: int, message_count: int, runtime: int) -> None:
    """Write the number of messages to ``meta.json``, if there is one to be read."""
    if signature(folder, _META) is None:
        return
    try:
        value = js_value(read_whole(folder, _META) or b"")
    except ValueError:
        return
    if isinstance(value, dict) and value.get("messageCount", message_count) != message_count:
        value["messageCount"] = message_count
        replace_file(folder, _META, js_text(value, indent=2).encode(), tmp_folder=runtime)


def _message(agent_id: str, seq: int, row: Any) -> Message:
    what = f"Message {seq} of session {agent_id}"
    message = _built(what, Message, row)
    if not isinstance(message.content, list):
        raise BrokenFile(f"{what} cannot be read: its content is no list.")
    return message


def _call(agent_id: str, place: int, row: Any) -> ToolCallRecord:
    what = f"Tool call {place} of session {agent_id}"
    call = _built(what, ToolCallRecord, row)
    if not isinstance(call.state, str) or not isinstance(call.name, str):
        raise BrokenFile(f"{what} cannot be read: its name or state is no text.")
    if not isinstance(call.created_at, int | float) or not isinstance(call.approval, Approval):
        raise BrokenFile(f"{what} cannot be read: its approval or time is misshapen.")
    if call.state == call.state.upper():
        return call
    return ToolCallRecord.from_json({**row, "state": call.state.upper()})


def _built(what: str, kind: type[_Record], value: Any) -> _Record:
    try:
        return kind.from_json(value)
    except (ValueError, TypeError, AttributeError) as exc:
        raise BrokenFile(f"{what} cannot be read: a field is missing or misshapen.") from exc
