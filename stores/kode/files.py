"""The file half of a store, write side: events, todos, history and recovered files.

Even with a SQL store the SDK keeps these beside the database, one directory per agent.
Agent ids come from data and contain slashes, so each path is proven to stay inside the base.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from stores.kode.js_text import js_number, js_text
from stores.kode.records import (
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    RecoveredFile,
    Timeline,
    TodoSnapshot,
)

__all__ = ["CHANNELS", "FileStore", "agent_directory"]

CHANNELS = ("progress", "control", "monitor")

_FORBIDDEN_PARTS = ("", ".", "..")


def agent_directory(base_dir: Path, agent_id: str) -> Path:
    """Return the directory of one agent; a fork's lies inside its parent's.

    Raises:
        ValueError: the id would lead out of the base directory.
    """
    parts = agent_id.split("/")
    if "\0" in agent_id or "\\" in agent_id or any(part in _FORBIDDEN_PARTS for part in parts):
        raise ValueError("agent id is not a path inside the store")
    directory = base_dir.joinpath(*parts)
    if not directory.resolve().is_relative_to(base_dir.resolve()):
        raise ValueError("agent id leads out of the store")
    return directory


class FileStore:
    """Write the files that the SDK writes, with its names and its JSON text."""

    def __init__(self, base_dir: Path) -> None:
        self.base_dir = base_dir

    def append_events(
        self, agent_id: str, events: Iterable[Timeline], *, is_flushed: bool = True
    ) -> None:
        """Append events to the logs of their channels.

        ``is_flushed=False`` leaves the lines in ``<channel>.wal``, as a process does that
        dies within 50 ms of the event.
        """
        lines: dict[str, list[str]] = {}
        for entry in events:
            channel = entry.event.get("channel")
            if channel not in CHANNELS:
                raise ValueError("event has no known channel")
            lines.setdefault(channel, []).append(js_text(entry.to_json()))
        suffix = "log" if is_flushed else "wal"
        for channel, texts in lines.items():
            path = self._file(agent_id, "events", f"{channel}.{suffix}")
            with path.open("a", encoding="utf-8", newline="") as log:
                log.write("".join(f"{text}\n" for text in texts))

    def save_todos(self, agent_id: str, snapshot: TodoSnapshot) -> None:
        """Replace ``runtime/todos.json``."""
        self._write(agent_id, ("runtime", "todos.json"), snapshot.to_json())

    def save_media_cache(self, agent_id: str, records: Sequence[MediaCacheRecord]) -> None:
        """Replace ``runtime/media-cache.json``."""
        rows = [record.to_json() for record in records]
        self._write(agent_id, ("runtime", "media-cache.json"), rows)

    def save_history_window(self, agent_id: str, window: HistoryWindow) -> None:
        """Write ``history/windows/<timestamp>.json``."""
        name = f"{window.timestamp}.json"
        self._write(agent_id, ("history", "windows", name), window.to_json())

    def save_compression_record(self, agent_id: str, record: CompressionRecord) -> None:
        """Write ``history/compressions/<timestamp>.json``."""
        name = f"{record.timestamp}.json"
        self._write(agent_id, ("history", "compressions", name), record.to_json())

    def save_recovered_file(self, agent_id: str, file: RecoveredFile) -> None:
        """Write ``history/recovered/<path with _ for />_<timestamp>.txt``."""
        flat = file.path.replace("/", "_").replace("\\", "_")
        path = self._file(agent_id, "history", "recovered", f"{flat}_{file.timestamp}.txt")
        head = (
            f"# Recovered: {file.path}\n"
            f"# Timestamp: {file.timestamp}\n"
            f"# Mtime: {js_number(file.mtime)}\n\n"
        )
        path.write_text(head + file.content, encoding="utf-8", newline="")

    def _write(self, agent_id: str, parts: Sequence[str], value: object) -> None:
        self._file(agent_id, *parts).write_text(
            js_text(value, indent=2), encoding="utf-8", newline=""
        )

    def _file(self, agent_id: str, *parts: str) -> Path:
        path = agent_directory(self.base_dir, agent_id) / PurePosixPath(*parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
