"""The SDK's ``SqliteStore``, write half: the same rows, the same locks, the same files.

It locks as the SDK does: one short transaction per save on a rollback journal, waiting up to
5 seconds for another writer. Reading back comes with the agent store's read half.
"""

import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import TracebackType
from typing import Any, Self

from stores.backends.sqlite.schema import SCHEMA
from stores.errors import StoreError, StoreUnavailable
from stores.kode.files import FileStore
from stores.kode.js_text import js_text
from stores.kode.records import (
    AgentInfo,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    Message,
    RecoveredFile,
    Snapshot,
    Timeline,
    TodoSnapshot,
    ToolCallRecord,
)

__all__ = ["SqliteStore"]

_BUSY_TIMEOUT_SECONDS = 5.0
_REASONS = {
    sqlite3.SQLITE_BUSY: ("another process holds the database", "locked"),
    sqlite3.SQLITE_LOCKED: ("another process holds the database", "locked"),
    sqlite3.SQLITE_CANTOPEN: ("the database cannot be opened", "missing"),
    sqlite3.SQLITE_PERM: ("the database may not be written", "permission"),
    sqlite3.SQLITE_READONLY: ("the database may not be written", "permission"),
    sqlite3.SQLITE_NOTADB: ("the file is not a SQLite database", "not-sqlite"),
}
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


class SqliteStore:
    """Write agents to a database and its file folder, as the SDK does.

    ``file_store_base_dir`` defaults to the directory of the database, as in the SDK.
    ``now_ms`` and ``rng`` are there to simulate a past: they date and name message rows.

    Raises:
        StoreUnavailable: from every method: another writer holds the lock for over 5 seconds,
            or the database cannot be opened, read or written.
        StoreError: a row is refused, such as a tool call whose id another agent has.
    """

    def __init__(
        self,
        db_path: Path,
        file_store_base_dir: Path | None = None,
        *,
        now_ms: Callable[[], int] = _wall_clock_ms,
        rng: Random | None = None,
    ) -> None:
        self.files = FileStore(file_store_base_dir or db_path.parent)
        self.now_ms = now_ms
        self._rng = rng or Random()  # noqa: S311 - row ids only have to differ
        self._db = _connect(db_path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Hold one transaction; saves inside it join in instead of committing one by one."""
        if self._db.in_transaction:
            yield
            return
        try:
            self._db.execute("BEGIN")
            try:
                yield
                self._db.commit()
            except BaseException:
                self._db.rollback()
                raise
        except sqlite3.Error as exc:
            raise _translated(exc) from exc

    def save_info(self, info: AgentInfo) -> None:
        """Insert or replace the columns of an agent; its messages and calls stay."""
        statement = """
            INSERT INTO agents (
                agent_id, template_id, created_at, config_version, lineage,
                message_count, last_sfp_index, last_bookmark, breakpoint, metadata
            )
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(agent_id) DO UPDATE SET
                template_id = excluded.template_id,
                created_at = excluded.created_at,
                config_version = excluded.config_version,
                lineage = excluded.lineage,
                message_count = excluded.message_count,
                last_sfp_index = excluded.last_sfp_index,
                last_bookmark = excluded.last_bookmark,
                breakpoint = excluded.breakpoint,
                metadata = excluded.metadata
        """
        values = (
            info.agent_id,
            info.template_id,
            info.created_at,
            info.config_version,
            _json_or_null(info.lineage),
            info.message_count,
            info.last_sfp_index,
            _json_or_null(info.last_bookmark.to_json() if info.last_bookmark else None),
            info.breakpoint or None,
            _json_or_null(info.metadata),
        )
        with self.transaction():
            self._db.execute(statement, values)

    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        """Replace all messages of an agent: new row ids, and all dated now, as the SDK does."""
        statement = """
            INSERT INTO messages (id, agent_id, role, content, seq, metadata, created_at)
            VALUES (?, ?, ?, ?, ?, ?, ?)
        """
        now = self.now_ms()
        rows = (
            (
                self._message_id(now),
                agent_id,
                message.role,
                js_text(message.content),
                seq,
                _json_or_null(message.metadata),
                now,
            )
            for seq, message in enumerate(messages)
        )
        with self.transaction():
            self._db.execute("DELETE FROM messages WHERE agent_id = ?", (agent_id,))
            self._db.executemany(statement, rows)
            self._db.execute(
                "UPDATE agents SET message_count = ? WHERE agent_id = ?",
                (len(messages), agent_id),
            )

    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        """Replace all tool calls of an agent; 0, "" and false become NULL, as in the SDK."""
        statement = """
            INSERT INTO tool_calls (
                id, agent_id, name, input, state, approval, result, error, is_error,
                started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
            )
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """
        with self.transaction():
            self._db.execute("DELETE FROM tool_calls WHERE agent_id = ?", (agent_id,))
            self._db.executemany(statement, (_tool_call_row(agent_id, row) for row in records))

    def save_snapshot(self, agent_id: str, snapshot: Snapshot) -> None:
        """Insert a snapshot, or replace the one of the same id."""
        statement = """
            INSERT INTO snapshots (
                agent_id, snapshot_id, messages, last_sfp_index,
                last_bookmark, created_at, metadata
            )
            VALUES (?, ?, ?, ?, ?, ?, ?)
            ON CONFLICT(agent_id, snapshot_id) DO UPDATE SET
                messages = excluded.messages,
                last_sfp_index = excluded.last_sfp_index,
                last_bookmark = excluded.last_bookmark,
                created_at = excluded.created_at,
                metadata = excluded.metadata
        """
        values = (
            agent_id,
            snapshot.id,
            js_text([message.to_json() for message in snapshot.messages]),
            snapshot.last_sfp_index,
            js_text(snapshot.last_bookmark.to_json()),
            snapshot.created_at,
            _json_or_null(snapshot.metadata),
        )
        with self.transaction():
            self._db.execute(statement, values)

    def append_event(self, agent_id: str, timeline: Timeline, *, is_flushed: bool = True) -> None:
        """Append one event to the log of its channel."""
        self.files.append_events(agent_id, (timeline,), is_flushed=is_flushed)

    def append_events(
        self, agent_id: str, events: Iterable[Timeline], *, is_flushed: bool = True
    ) -> None:
        """Append many events, each to the log of its channel."""
        self.files.append_events(agent_id, events, is_flushed=is_flushed)

    def save_todos(self, agent_id: str, snapshot: TodoSnapshot) -> None:
        """Replace the agent's todo list."""
        self.files.save_todos(agent_id, snapshot)

    def save_history_window(self, agent_id: str, window: HistoryWindow) -> None:
        """Keep what a compression dropped."""
        self.files.save_history_window(agent_id, window)

    def save_compression_record(self, agent_id: str, record: CompressionRecord) -> None:
        """Keep what a compression did."""
        self.files.save_compression_record(agent_id, record)

    def save_recovered_file(self, agent_id: str, file: RecoveredFile) -> None:
        """Keep a file that the conversation had read."""
        self.files.save_recovered_file(agent_id, file)

    def save_media_cache(self, agent_id: str, records: Sequence[MediaCacheRecord]) -> None:
        """Replace the agent's list of uploaded media."""
        self.files.save_media_cache(agent_id, records)

    def close(self) -> None:
        """Close the database; the files need no closing."""
        self._db.close()

    def _message_id(self, now: int) -> str:
        return f"msg_{now}_{''.join(self._rng.choices(_BASE36, k=9))}"


def _connect(db_path: Path) -> sqlite3.Connection:
    try:
        db = sqlite3.connect(db_path, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)
        try:
            db.execute("PRAGMA foreign_keys = ON")
            for statement in SCHEMA:
                db.execute(statement)
        except BaseException:
            db.close()
            raise
    except sqlite3.Error as exc:
        raise _translated(exc) from exc
    return db


def _translated(error: sqlite3.Error) -> StoreError:
    """Say what a driver's error means for the store."""
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_CONSTRAINT:
        return StoreError(f"the database refused a row: {error}")
    message, reason = _REASONS.get(code, ("the database cannot be written", "damaged"))
    return StoreUnavailable(message, reason=reason)


def _json_or_null(value: Any) -> str | None:
    return None if value is None else js_text(value)


def _tool_call_row(agent_id: str, record: ToolCallRecord) -> tuple[Any, ...]:
    return (
        record.id,
        agent_id,
        record.name,
        js_text(record.input),
        record.state,
        js_text(record.approval.to_json()),
        js_text(record.result) if _is_truthy(record.result) else None,
        record.error or None,
        1 if record.is_error else 0,
        record.started_at or None,
        record.completed_at or None,
        record.duration_ms or None,
        record.created_at,
        record.updated_at,
        js_text([entry.to_json() for entry in record.audit_trail]),
    )


def _is_truthy(result: Any) -> bool:
    """Judge as JavaScript does: empty lists and objects are true, NaN is not."""
    if isinstance(result, list | tuple | dict):
        return True
    return bool(result) and result == result
