"""The file half of the stores that keep their rows in a database.

The SDK's SQL stores hand events, todos, history and media on to files beside the database; so do
ours. What every public method has to do first is here once: check the id, refuse when closed,
count and time.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

from stores.errors import StoreUnavailable
from stores.kode.files import FileStore
from stores.kode.operations import Operation, Operations
from stores.kode.records import (
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    RecoveredFile,
    Timeline,
    TodoSnapshot,
)

__all__ = ["FilesBeside"]


class FilesBeside:
    """Base of a SQL store: ``FileHalf`` by way of ``files``.

    A subclass calls ``super().__init__``, wraps each of its own public methods in ``_asked`` and
    sets ``_is_closed`` in ``close``.
    """

    def __init__(self, files: FileStore) -> None:
        self.files = files
        self._operations = Operations()
        self._is_closed = False

    @contextmanager
    def _asked(self, kind: Operation, *agent_ids: str) -> Iterator[None]:
        """Do what each public method does first.

        Raises:
            InvalidAgentId: an id that would lead out of the store.
            StoreUnavailable: the store is closed.
        """
        self._check_open()
        for agent_id in agent_ids:
            self._check_id(agent_id)
        with self._operations.timed(kind):
            yield

    def _check_id(self, agent_id: str) -> None:
        self.files.folders.parts(agent_id)

    def _check_open(self) -> None:
        if self._is_closed:
            raise StoreUnavailable("This store is closed. Open it anew.", reason="closed")

    def save_todos(self, agent_id: str, snapshot: TodoSnapshot) -> None:
        """Replace the todo list."""
        with self._asked("saves", agent_id):
            self.files.save_todos(agent_id, snapshot)

    def load_todos(self, agent_id: str) -> TodoSnapshot | None:
        """Return the todo list, None without one."""
        with self._asked("loads", agent_id):
            return self.files.load_todos(agent_id)

    def append_event(self, agent_id: str, timeline: Timeline) -> None:
        """Append one event to the log of its channel."""
        with self._asked("saves", agent_id):
            self.files.append_event(agent_id, timeline)

    def append_events(self, agent_id: str, events: Iterable[Timeline]) -> None:
        """Append many events at once, each to the log of its channel."""
        with self._asked("saves", agent_id):
            self.files.append_events(agent_id, events)

    def read_events(
        self, agent_id: str, *, since: Bookmark | None = None, channel: str | None = None
    ) -> Iterator[Timeline]:
        """Yield events, channel by channel in file order; ``since`` by the bookmark's seq."""
        with self._asked("loads", agent_id):
            return self.files.read_events(agent_id, since=since, channel=channel)

    def save_history_window(self, agent_id: str, window: HistoryWindow) -> None:
        """Keep the conversation as it was before a compression."""
        with self._asked("saves", agent_id):
            self.files.save_history_window(agent_id, window)

    def load_history_windows(self, agent_id: str) -> list[HistoryWindow]:
        """Return the windows by time, oldest first."""
        with self._asked("loads", agent_id):
            return self.files.load_history_windows(agent_id)

    def save_compression_record(self, agent_id: str, record: CompressionRecord) -> None:
        """Keep what a compression did."""
        with self._asked("saves", agent_id):
            self.files.save_compression_record(agent_id, record)

    def load_compression_records(self, agent_id: str) -> list[CompressionRecord]:
        """Return the compressions by time, oldest first."""
        with self._asked("loads", agent_id):
            return self.files.load_compression_records(agent_id)

    def save_recovered_file(self, agent_id: str, file: RecoveredFile) -> None:
        """Keep a file that the conversation had read."""
        with self._asked("saves", agent_id):
            self.files.save_recovered_file(agent_id, file)

    def load_recovered_files(self, agent_id: str) -> list[RecoveredFile]:
        """Return the recovered files by time, oldest first."""
        with self._asked("loads", agent_id):
            return self.files.load_recovered_files(agent_id)

    def save_media_cache(self, agent_id: str, records: Sequence[MediaCacheRecord]) -> None:
        """Replace the list of uploaded media."""
        with self._asked("saves", agent_id):
            self.files.save_media_cache(agent_id, records)

    def load_media_cache(self, agent_id: str) -> list[MediaCacheRecord]:
        """Return the uploaded media."""
        with self._asked("loads", agent_id):
            return self.files.load_media_cache(agent_id)
