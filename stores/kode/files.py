"""The file half of every store: what the SDK keeps in one folder per agent, read and written.

Names and text are the SDK's. Unlike the SDK, reading makes no folder and replays no WAL, a file
is replaced at once instead of overwritten, and one file that cannot be parsed hides no other.
Ids come from data: each is checked, and no link below the base is followed.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from stores.errors import InvalidQuery, StoreError
from stores.kode.agent_folders import AgentFolders, BrokenFile
from stores.kode.agent_walk import delete_folder, has_content, has_files, walk_agents
from stores.kode.file_events import CHANNELS, add_to_wal, append_lines, event_lines, event_of
from stores.kode.file_names import read_recovered, recovered_name, recovered_text, time_name
from stores.kode.js_text import js_text
from stores.kode.records import (
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    Record,
    RecoveredFile,
    Timeline,
    TodoSnapshot,
)
from stores.kode.results import FileSystemHealth
from stores.kode.row_values import stored_form
from stores.kode.safe_files import open_folder
from stores.kode.safe_writes import is_writable, locked_folder, store_errors

__all__ = ["CHANNELS", "FileStore"]

_LOG = logging.getLogger(__name__)
_TODOS: Final = ("runtime", "todos.json")
_MEDIA: Final = ("runtime", "media-cache.json")
_WINDOWS: Final = ("history", "windows")
_COMPRESSIONS: Final = ("history", "compressions")
_RECOVERED: Final = ("history", "recovered")
_Record = TypeVar("_Record", bound=Record)


class FileStore:
    """Keep and read the files of agents; safe to share among threads and processes.

    ``reserved_names`` lie in the base and are no agents, such as the database and its journal.

    Raises:
        InvalidAgentId: from every method, for an id that may not name a folder here.
        StoreUnavailable: from every method, when the system refuses.
    """

    def __init__(self, base_dir: Path, *, reserved_names: Iterable[str] = ()) -> None:
        self.base_dir = base_dir
        self.folders = AgentFolders(base_dir, reserved_names)
        self._met: set[tuple[str, str]] = set()

    def append_event(self, agent_id: str, timeline: Timeline) -> None:
        """Append one event to the log of its channel."""
        self.append_events(agent_id, (timeline,))

    def append_events(
        self, agent_id: str, events: Iterable[Timeline], *, is_flushed: bool = True
    ) -> None:
        """Append events to the logs of their channels.

        ``is_flushed=False`` leaves the lines in ``<channel>.wal``, as a process does that
        dies within 50 ms of the event.

        Raises:
            StoreError: an event of an unknown channel; none of them is kept.
        """
        lines: dict[str, list[bytes]] = {}
        for entry in events:
            channel = entry.event.get("channel")
            if channel not in CHANNELS:
                raise StoreError(f"An event's channel is one of {', '.join(CHANNELS)}.")
            with stored_form():
                line = f"{js_text(entry.to_json())}\n"
            lines.setdefault(channel, []).append(line.encode())
        parts = self.folders.parts(agent_id)
        if not lines:
            return
        with store_errors(), locked_folder(self.base_dir, (*parts, "events")) as folder:
            for channel, texts in lines.items():
                if is_flushed:
                    is_new = (agent_id, channel) not in self._met
                    append_lines(folder, channel, texts, must_recover=is_new)
                    self._met.add((agent_id, channel))
                else:
                    add_to_wal(folder, channel, texts)

    def read_events(
        self, agent_id: str, *, since: Bookmark | None = None, channel: str | None = None
    ) -> Iterator[Timeline]:
        """Yield events, channel by channel in file order; what only the WAL has comes last.

        ``since`` leaves out those whose bookmark's seq is not above its own.

        Raises:
            InvalidQuery: no such channel.
        """
        if channel is not None and channel not in CHANNELS:
            raise InvalidQuery(f"channel is one of {', '.join(CHANNELS)}.")
        parts = self.folders.parts(agent_id)
        return self._events(parts, since, CHANNELS if channel is None else (channel,))

    def save_todos(self, agent_id: str, snapshot: TodoSnapshot) -> None:
        """Replace ``runtime/todos.json``."""
        self.folders.write_json(agent_id, _TODOS, snapshot.to_json())

    def load_todos(self, agent_id: str) -> TodoSnapshot | None:
        """Return the todo list, None without one that can be read."""
        return self._one(agent_id, _TODOS, TodoSnapshot)

    def save_history_window(self, agent_id: str, window: HistoryWindow) -> None:
        """Write ``history/windows/<timestamp>.json``."""
        path = (*_WINDOWS, time_name(window.timestamp, ".json"))
        self.folders.write_json(agent_id, path, window.to_json())

    def load_history_windows(self, agent_id: str) -> list[HistoryWindow]:
        """Return the windows by time, oldest first."""
        return self._all(agent_id, _WINDOWS, HistoryWindow)

    def save_compression_record(self, agent_id: str, record: CompressionRecord) -> None:
        """Write ``history/compressions/<timestamp>.json``."""
        path = (*_COMPRESSIONS, time_name(record.timestamp, ".json"))
        self.folders.write_json(agent_id, path, record.to_json())

    def load_compression_records(self, agent_id: str) -> list[CompressionRecord]:
        """Return the compressions by time, oldest first."""
        return self._all(agent_id, _COMPRESSIONS, CompressionRecord)

    def save_recovered_file(self, agent_id: str, file: RecoveredFile) -> None:
        """Write ``history/recovered/<path with _ for />_<timestamp>.txt``."""
        self.folders.write(agent_id, (*_RECOVERED, recovered_name(file)), recovered_text(file))

    def load_recovered_files(self, agent_id: str) -> list[RecoveredFile]:
        """Return the recovered files by time, oldest first; mtime in whole milliseconds."""
        names = self.folders.names(agent_id, _RECOVERED, ".txt")
        texts = (self.folders.read(agent_id, (*_RECOVERED, name)) for name in names)
        found = [read_recovered(text) for text in texts if text is not None]
        return sorted((file for file in found if file is not None), key=_timestamp)

    def save_media_cache(self, agent_id: str, records: Sequence[MediaCacheRecord]) -> None:
        """Replace ``runtime/media-cache.json``."""
        self.folders.write_json(agent_id, _MEDIA, [record.to_json() for record in records])

    def load_media_cache(self, agent_id: str) -> list[MediaCacheRecord]:
        """Return the uploaded media that can be read."""
        try:
            rows = self.folders.read_json(agent_id, _MEDIA)
        except BrokenFile as exc:
            _LOG.warning("%s", exc)
            return []
        found = (_parsed(row, MediaCacheRecord) for row in (rows if isinstance(rows, list) else ()))
        return [record for record in found if record is not None]

    def delete_agent(self, agent_id: str, *, with_forks: bool = False) -> None:
        """Remove an agent's files; folders of forks inside its own stay unless ``with_forks``.

        An agent without files is fine. A link is removed, not what it points to. A folder without
        anything that an agent keeps is nobody's and stays.

        Raises:
            InvalidAgentId: also for the name of a file.
        """
        parts = self.folders.parts(agent_id)
        with store_errors():
            delete_folder(self.base_dir, parts, with_forks=with_forks)

    def agent_ids(self) -> Iterator[str]:
        """Yield the id of every folder that has files of an agent, parents before their forks."""
        with store_errors():
            yield from walk_agents(self.base_dir)

    def has_agent_files(self, agent_id: str) -> bool:
        """Tell whether an agent has files here."""
        parts = self.folders.parts(agent_id)
        with store_errors():
            return has_files(self.base_dir, parts)

    def has_content(self, agent_id: str) -> bool:
        """Tell whether an agent has any file here, readable or not; empty folders are none."""
        parts = self.folders.parts(agent_id)
        with store_errors():
            return has_content(self.base_dir, parts)

    def health(self) -> FileSystemHealth:
        """Tell whether files can be made in the base folder, which is not made for that."""
        return FileSystemHealth(writable=is_writable(self.base_dir))

    def _events(
        self, parts: tuple[str, ...], since: Bookmark | None, channels: Sequence[str]
    ) -> Iterator[Timeline]:
        with (
            store_errors(),
            open_folder(self.base_dir, (*parts, "events"), is_strict=True) as folder,
        ):
            if folder is None:
                return
            for channel in channels:
                for line in event_lines(folder, channel):
                    event = event_of(line)
                    if event is not None and _is_after(event, since):
                        yield event

    def _one(self, agent_id: str, path: Sequence[str], kind: type[_Record]) -> _Record | None:
        try:
            value = self.folders.read_json(agent_id, path)
        except BrokenFile as exc:
            _LOG.warning("%s", exc)
            return None
        return None if value is None else _parsed(value, kind)

    def _all(self, agent_id: str, folders: Sequence[str], kind: type[_Record]) -> list[_Record]:
        names = self.folders.names(agent_id, folders, ".json")
        found = (self._one(agent_id, (*folders, name), kind) for name in names)
        return sorted((record for record in found if record is not None), key=_timestamp)


def _parsed(value: Any, kind: type[_Record]) -> _Record | None:
    try:
        return kind.from_json(value)
    except ValueError as exc:
        _LOG.warning("A record of a session is left out: %s", exc)
        return None


def _timestamp(record: Any) -> float:
    at = record.timestamp
    return at if isinstance(at, int | float) else 0


def _is_after(event: Timeline, since: Bookmark | None) -> bool:
    if since is None:
        return True
    seq = event.bookmark.seq
    return isinstance(seq, int | float) and seq > since.seq
