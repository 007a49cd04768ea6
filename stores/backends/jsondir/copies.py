"""One session's files as tables in memory, so that its pages are read like those of any store.

The index holds only what lists show; whatever shows a payload comes from here, and that means
from the JSON files as they are now.
"""

import sqlite3
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from stores.backends.jsondir.folders import look_at
from stores.backends.jsondir.rows import Row, agent_row, call_rows, json_text, message_rows
from stores.backends.jsondir.session_files import read_calls, read_info, read_messages
from stores.backends.sqlite.schema import SCHEMA
from stores.backends.sqlite.shape import SqliteSchema, read_schema
from stores.backends.sqlite.statement import Reading, prepare_copying
from stores.browse.sql.session_reader import SessionReading
from stores.errors import SessionNotFound
from stores.kode.file_reader import SessionFiles
from stores.kode.recent import Recent

__all__ = ["SessionCopies", "SessionCopy"]

#: Nobody waits for these statements; the limit only ends what would never end.
_LIMIT_MS: Final = 20_000
#: Copies are kept while their files stay the same; larger ones are made for each page.
_KEPT: Final = 6
_KEPT_BYTES: Final = 24 << 20
#: Ancestors whose calls are looked for: a fork has its parent's blocks and not its records.
_MAX_ANCESTORS: Final = 50


class SessionCopy(SessionReading):
    """Read one session from a copy in memory. ``lineage`` is oldest first."""

    def __init__(
        self,
        files: SessionFiles,
        connection: sqlite3.Connection,
        lineage: tuple[str, ...],
        metadata: str,
        now_ms: Callable[[], int],
    ) -> None:
        super().__init__(files)
        self.lineage = lineage
        self.metadata = metadata
        self._now_ms = now_ms
        self._connection = connection
        self._turn = threading.Lock()
        self._schema: SqliteSchema | None = None

    @contextmanager
    def _reading(self) -> Iterator[tuple[Reading, SqliteSchema]]:
        with self._turn:
            reading = Reading(self._connection, _LIMIT_MS)
            if self._schema is None:
                self._schema = read_schema(reading)
            yield reading, self._schema


class SessionCopies:
    """Make copies of sessions, the last ones kept; safe to share among threads."""

    def __init__(self, base: Path, files: SessionFiles, now_ms: Callable[[], int]) -> None:
        self._base = base
        self._files = files
        self._now_ms = now_ms
        self._kept: Recent[SessionCopy] = Recent(_KEPT)

    def get(self, agent_id: str) -> SessionCopy:
        """Return the copy of a session as its files are now.

        Raises:
            SessionNotFound: there is no such session.
        """
        found = look_at(self._base, agent_id)
        info = read_info(self._base, agent_id)
        value = info.value if isinstance(info.value, dict) else {}
        if found is None or not (info.problem or value.get("metadata")):
            raise SessionNotFound("This store has no session with this id.")
        lineage = _lineage(value)
        looks = (look_at(self._base, ancestor) for ancestor in lineage[-_MAX_ANCESTORS:])
        marks = (found.signature, *(look.signature if look else "" for look in looks))

        def make() -> SessionCopy:
            return self._make(agent_id, value, lineage)

        if found.size_bytes > _KEPT_BYTES:
            return make()
        return self._kept.get(agent_id, marks, make)

    def _make(self, agent_id: str, info: dict[str, Any], lineage: tuple[str, ...]) -> SessionCopy:
        connection = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
        for statement in SCHEMA:
            connection.execute(statement)
        messages = message_rows(agent_id, read_messages(self._base, agent_id))
        own = call_rows(agent_id, read_calls(self._base, agent_id))
        inherited = self._inherited(messages, own, lineage)
        _fill(connection, "agents", [agent_row(agent_id, info, len(messages))])
        _fill(connection, "messages", [{**row, "id": str(row["seq"])} for row in messages])
        _fill(connection, "tool_calls", [*own, *inherited])
        prepare_copying(connection)
        metadata = json_text(info.get("metadata"))
        return SessionCopy(self._files, connection, lineage, metadata, self._now_ms)

    def _inherited(
        self, messages: Sequence[Row], own: Sequence[Row], lineage: tuple[str, ...]
    ) -> list[Row]:
        """Return the records of calls that the session took over from its ancestors."""
        if not lineage:
            return []
        mentioned = {
            call_id for row in messages for call_id in SqliteSchema.call_ids.findall(row["content"])
        }
        missing = mentioned - {row["id"] for row in own}
        rows: list[Row] = []
        for ancestor in reversed(lineage[-_MAX_ANCESTORS:]):
            if not missing:
                break
            calls = call_rows(ancestor, read_calls(self._base, ancestor))
            found = [row for row in calls if row["id"] in missing]
            rows += found
            missing -= {row["id"] for row in found}
        return rows


def _lineage(info: dict[str, Any]) -> tuple[str, ...]:
    lineage = info.get("lineage")
    names = lineage if isinstance(lineage, list) else []
    return tuple(name for name in names if isinstance(name, str))


def _fill(connection: sqlite3.Connection, table: str, rows: Sequence[Row]) -> None:
    """Insert rows, of each only what the SDK's table has a column for."""
    if not rows:
        return
    columns = connection.execute(f"SELECT name FROM pragma_table_info('{table}')")
    names = [name for (name,) in columns if name in rows[0]]
    marks = ", ".join(f":{name}" for name in names)
    connection.executemany(f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})", rows)
