"""Keep one session of the sample store alive while the demo runs.

The agent is a simulated run whose events are written when their time comes, with the saves
and the locks of the real SDK: readers meet a busy writer, as they will at home.
"""

import json
import logging
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from random import Random
from threading import Event
from typing import Any

from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreError
from stores.kode.records import AgentInfo, Bookmark, Message, ToolCallRecord
from stores.sample.acts import resume
from stores.sample.build import FILES_NAME
from stores.sample.compression import compress
from stores.sample.ids import from_iso
from stores.sample.run import Run
from stores.sample.templates import TEMPLATES
from stores.sample.watch import LIVE_AGENT_ID, next_beat

__all__ = ["LIVE_AGENT_ID", "LiveAgent"]

_LOG = logging.getLogger(__name__)
_MOST_MESSAGES = 180
_KEPT_SHARE = 0.25
_KEPT_CALLS = 200
_KEPT_EVENTS = 1000
_LONGEST_REST_SECONDS = 60.0


def _wall_clock_ms() -> int:
    return time.time_ns() // 1_000_000


@dataclass(frozen=True, slots=True)
class _Save:
    """What the SDK saves when a message is added, and after which event."""

    after_event: int
    info: AgentInfo
    messages: tuple[Message, ...]
    calls: tuple[ToolCallRecord, ...]


class LiveAgent:
    """Write one session on and on; ``run`` is the body of a background thread.

    ``pace`` stretches the waits: 1 is real time, 0 writes without waiting.
    """

    def __init__(
        self,
        db_path: Path,
        *,
        rest_seconds: tuple[float, float] = (2.0, 6.0),
        pace: float = 1.0,
        most_messages: int = _MOST_MESSAGES,
        now_ms: Callable[[], int] = _wall_clock_ms,
        seed: int | None = None,
    ) -> None:
        self._db_path = db_path
        self._rest_seconds = rest_seconds
        self._pace = pace
        self._most_messages = most_messages
        self._now_ms = now_ms
        self._rng = Random(seed)
        self._saves: list[_Save] = []

    def run(self, stop: Event) -> None:
        """Write turns until told to stop; a lock or a full disk is logged and outlived."""
        failures = 0
        while not stop.is_set():
            try:
                self._write_turns(stop)
                failures = 0
            except (StoreError, OSError, sqlite3.Error, ValueError, KeyError) as error:
                failures += 1
                _LOG.warning("live session: %s", error)
                stop.wait(min(_LONGEST_REST_SECONDS, 2.0**failures) * self._pace)

    def _write_turns(self, stop: Event) -> None:
        with SqliteStore(self._db_path, self._db_path.parent / FILES_NAME) as store:
            run = self._resume_or_start(store)
            written = 0
            while not stop.is_set():
                self._saves.clear()
                self._wrap_when_long(run)
                run.stream.clock_ms = max(run.clock_ms, self._now_ms())
                next_beat(run)
                self._play(store, run, stop, written)
                del run.stream.entries[:-_KEPT_EVENTS]
                written = len(run.stream.entries)
                stop.wait(self._rng.uniform(*self._rest_seconds) * self._pace)

    def _resume_or_start(self, store: SqliteStore) -> Run:
        run = _load(self._db_path, self._rng)
        if run is None:
            now = self._now_ms()
            user = {"userId": "demo", "note": "written while you look"}
            run = Run(TEMPLATES["ops-bot"], LIVE_AGENT_ID, now, self._rng, user_metadata=user)
            store.save_info(run.agent_id, run.info())
        else:
            run.stream.entries.clear()
            resume(run, after_ms=max(0, self._now_ms() - run.clock_ms), strategy="manual")
        run.on_save = lambda: self._saves.append(
            _Save(
                len(run.stream.entries), run.info(), tuple(run.messages), tuple(run.calls.values())
            )
        )
        return run

    def _wrap_when_long(self, run: Run) -> None:
        if len(run.messages) > self._most_messages:
            run.before_model = lambda: compress(run, {}, kept_share=_KEPT_SHARE)
            run.calls = dict(list(run.calls.items())[-_KEPT_CALLS:])

    def _play(self, store: SqliteStore, run: Run, stop: Event, written: int) -> None:
        """Write events when their time comes, and each save just before the event after it."""
        waiting = list(self._saves)
        for number, entry in enumerate(run.stream.entries[written:], start=written):
            while waiting and waiting[0].after_event <= number:
                self._save(store, waiting.pop(0))
            self._wait_until(entry.bookmark.timestamp, stop)
            store.append_event(run.agent_id, entry)
        for save in waiting:
            self._save(store, save)
        for window in run.left.windows:
            store.save_history_window(run.agent_id, window)
        for record in run.left.compressions:
            store.save_compression_record(run.agent_id, record)
        run.left.windows.clear()
        run.left.compressions.clear()
        self._save(store, _Save(0, run.info(), tuple(run.messages), tuple(run.calls.values())))

    def _save(self, store: SqliteStore, save: _Save) -> None:
        """Save in the SDK's three transactions; the next save makes up for one that failed."""
        agent_id = save.info.agent_id
        try:
            store.save_messages(agent_id, save.messages)
            store.save_tool_call_records(agent_id, save.calls)
            store.save_info(agent_id, save.info)
        except StoreError as error:
            _LOG.warning("live session: %s", error)

    def _wait_until(self, at_ms: int, stop: Event) -> None:
        ahead_ms = at_ms - self._now_ms()
        if ahead_ms > 0 and self._pace:
            stop.wait(ahead_ms / 1000 * self._pace)


def _load(db_path: Path, rng: Random) -> Run | None:
    """Read the live session back, if an earlier demo left one."""
    with closing(sqlite3.connect(f"{db_path.resolve().as_uri()}?mode=ro", uri=True)) as db:
        agent = db.execute(
            "SELECT created_at, last_bookmark, metadata FROM agents WHERE agent_id = ?",
            (LIVE_AGENT_ID,),
        ).fetchone()
        if agent is None:
            return None
        messages = [
            Message(role=role, content=json.loads(content))
            for role, content in db.execute(
                "SELECT role, content FROM messages WHERE agent_id = ? ORDER BY seq",
                (LIVE_AGENT_ID,),
            )
        ]
        calls = db.execute(
            """
            SELECT id, name, input, state, approval, result, error, is_error,
                   started_at, completed_at, duration_ms, created_at, updated_at, audit_trail
            FROM tool_calls
            WHERE agent_id = ?
            ORDER BY created_at
            """,
            (LIVE_AGENT_ID,),
        ).fetchall()
    created_at, bookmark, metadata = agent
    run = Run(
        TEMPLATES["ops-bot"],
        LIVE_AGENT_ID,
        from_iso(created_at),
        rng,
        user_metadata=json.loads(metadata).get("metadata"),
        messages=messages,
    )
    run.calls = {row[0]: _record(row) for row in calls}
    if bookmark:
        run.stream.last_done = Bookmark.from_json(json.loads(bookmark))
    return run


def _record(row: tuple[Any, ...]) -> ToolCallRecord:
    keys = (
        "id", "name", "input", "state", "approval", "result", "error", "isError",
        "startedAt", "completedAt", "durationMs", "createdAt", "updatedAt", "auditTrail",
    )  # fmt: skip
    shape = {key: value for key, value in zip(keys, row, strict=True) if value is not None}
    for key in ("input", "approval", "result", "auditTrail"):
        if key in shape:
            shape[key] = json.loads(shape[key])
    return ToolCallRecord.from_json({**shape, "isError": bool(shape.get("isError"))})
