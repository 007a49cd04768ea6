"""All that a store holds of one session, as one fingerprint, and how it is copied.

The fingerprint goes over what the store interface loads, brought to the form that every kind can
hold: databases drop what is falsy, PostgreSQL the order of keys and the microseconds nobody wrote.
Each kind of content has a hash of its own, so that a difference can be named.
"""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final, Protocol, runtime_checkable

from stores.errors import SessionNotFound, StoreError
from stores.kode.event_log import CHANNELS
from stores.kode.js_text import js_number
from stores.kode.records import AgentInfo, JsonObject, Snapshot, Timeline, ToolCallRecord
from stores.kode.row_values import is_truthy
from stores.kode.store import FileHalf, Store

__all__ = [
    "UNFINISHED",
    "Fingerprint",
    "canonical_text",
    "copy_session",
    "file_fingerprint",
    "fingerprint",
    "is_unfinished",
    "time_text",
]

#: In the metadata of a session whose copying has begun and not ended.
UNFINISHED: Final = "kodewebUnfinishedCopy"
# A number that JavaScript may write in another way; it follows one of these characters, or nothing.
_PERHAPS_UNLIKE: Final = re.compile(r"(?:^|[:,\[])-?(?:\d+[.eE]|\d{16}|NaN|Infinity)")
_BATCH: Final = 500
_DROPPED_IF_FALSY: Final = frozenset({"result", "error", "startedAt", "completedAt", "durationMs"})


@runtime_checkable
class _TakesManyEvents(Protocol):
    def append_events(self, agent_id: str, events: Iterable[Timeline]) -> None: ...


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """The hashes and counts of a session by kind of content; equal hashes mean equal content."""

    hashes: Mapping[str, str]
    counts: Mapping[str, int]

    @property
    def sha256(self) -> str:
        """One hash over all of it."""
        return hashlib.sha256(canonical_text(dict(self.hashes)).encode()).hexdigest()

    def differences(self, other: "Fingerprint") -> list[str]:
        """Name the kinds of content that differ."""
        return [name for name, found in self.hashes.items() if other.hashes.get(name) != found]


def canonical_text(value: Any) -> str:
    """Return JSON with sorted keys and numbers as JavaScript holds them."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    if _PERHAPS_UNLIKE.search(text):
        text = json.dumps(_as_numbers(value), sort_keys=True, separators=(",", ":"))
    return text


def time_text(text: str) -> str:
    """Bring an ISO time to UTC and milliseconds; what is no time stays as it is."""
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return text
    at = at if at.tzinfo else at.replace(tzinfo=UTC)
    try:
        shown = at.astimezone(UTC).isoformat(timespec="milliseconds")
    except OverflowError:
        return text
    return shown.replace("+00:00", "Z")


def fingerprint(store: Store, agent_id: str) -> Fingerprint:
    """Read a session whole, one kind of content at a time, and hash it.

    Raises:
        SessionNotFound: the store has no such session.
        StoreError: some of it cannot be read, or holds what has no JSON form.
    """
    info = store.load_info(agent_id)
    if info is None:
        raise SessionNotFound(f"The store has no session {agent_id}.")
    readers: dict[str, Callable[[], Iterable[str]]] = {
        "info": lambda: [canonical_text(_info_json(info))],
        "messages": lambda: (canonical_text(m.to_json()) for m in store.load_messages(agent_id)),
        "tool calls": lambda: _call_texts(store.load_tool_call_records(agent_id)),
        "snapshots": lambda: sorted(
            canonical_text(_snapshot_json(row)) for row in store.list_snapshots(agent_id)
        ),
        **_file_readers(store, agent_id),
    }
    return _hashed(readers)


def file_fingerprint(store: FileHalf, agent_id: str) -> Fingerprint:
    """Hash the file half of a session alone."""
    return _hashed(_file_readers(store, agent_id))


def is_unfinished(info: AgentInfo | None) -> bool:
    """Tell whether this session is a copy that was broken off."""
    return info is not None and isinstance(info.metadata, dict) and UNFINISHED in info.metadata


def copy_session(source: Store, target: Store, agent_id: str) -> None:
    """Write a session into a store that does not have it.

    It carries the mark of an unfinished copy until all of it is there. Rows come before files,
    because rows are what a store may refuse.

    Raises:
        SessionNotFound: the source no longer has it.
        StoreError: one of the stores could not be read or written.
    """
    info = source.load_info(agent_id)
    if info is None:
        raise SessionNotFound(f"The store has no session {agent_id}.")
    began = datetime.now(UTC).isoformat(timespec="milliseconds")
    mark = {UNFINISHED: {"begunAt": began.replace("+00:00", "Z")}}
    target.save_info(agent_id, replace(info, message_count=0, metadata=mark))
    if messages := source.load_messages(agent_id):
        target.save_messages(agent_id, messages)
        del messages
    if calls := source.load_tool_call_records(agent_id):
        target.save_tool_call_records(agent_id, calls)
        del calls
    for snapshot in source.list_snapshots(agent_id):
        target.save_snapshot(agent_id, snapshot)
    _copy_files(source, target, agent_id)
    target.save_info(agent_id, info)


def _copy_files(source: Store, target: Store, agent_id: str) -> None:
    """Write the file half; an absent list stays absent."""
    _copy_events(source, target, agent_id)
    if (todos := source.load_todos(agent_id)) is not None:
        target.save_todos(agent_id, todos)
    for window in source.load_history_windows(agent_id):
        target.save_history_window(agent_id, window)
    for record in source.load_compression_records(agent_id):
        target.save_compression_record(agent_id, record)
    for file in source.load_recovered_files(agent_id):
        target.save_recovered_file(agent_id, file)
    if media := source.load_media_cache(agent_id):
        target.save_media_cache(agent_id, media)


def _copy_events(source: Store, target: Store, agent_id: str) -> None:
    """Append events one by one, or by hundreds where the target can."""
    events = source.read_events(agent_id)
    if not isinstance(target, _TakesManyEvents):
        for timeline in events:
            target.append_event(agent_id, timeline)
        return
    while batch := list(islice(events, _BATCH)):
        target.append_events(agent_id, batch)


def _file_readers(store: FileHalf, agent_id: str) -> dict[str, Callable[[], Iterable[str]]]:
    def events(channel: str) -> Callable[[], Iterator[str]]:
        return lambda: (
            canonical_text(row.to_json()) for row in store.read_events(agent_id, channel=channel)
        )

    def todos() -> list[str]:
        found = store.load_todos(agent_id)
        return [] if found is None else [canonical_text(found.to_json())]

    return {
        **{f"{channel} events": events(channel) for channel in CHANNELS},
        "todos": todos,
        "history windows": lambda: _sorted_texts(store.load_history_windows(agent_id)),
        "compressions": lambda: _sorted_texts(store.load_compression_records(agent_id)),
        "recovered files": lambda: _sorted_texts(store.load_recovered_files(agent_id)),
        "media cache": lambda: [
            canonical_text(row.to_json()) for row in store.load_media_cache(agent_id)
        ],
    }


def _hashed(readers: Mapping[str, Callable[[], Iterable[str]]]) -> Fingerprint:
    hashes: dict[str, str] = {}
    counts: dict[str, int] = {}
    for name, read in readers.items():
        running = hashlib.sha256()
        counts[name] = 0
        try:
            for text in read():
                running.update(text.encode() + b"\n")
                counts[name] += 1
        except (RecursionError, TypeError, ValueError) as exc:
            if isinstance(exc, StoreError):
                raise
            raise StoreError(f"The {name} hold what has no JSON form.") from exc
        hashes[name] = running.hexdigest()
    return Fingerprint(hashes, counts)


def _sorted_texts(records: Iterable[Any]) -> list[str]:
    return sorted(canonical_text(record.to_json()) for record in records)


def _info_json(info: AgentInfo) -> JsonObject:
    shape = info.to_json()
    shape["createdAt"] = time_text(info.created_at)
    shape["lineage"] = list(info.lineage or ())
    shape["metadata"] = info.metadata or {}
    if not info.breakpoint:
        shape.pop("breakpoint", None)
    return shape


def _snapshot_json(snapshot: Snapshot) -> JsonObject:
    return {**snapshot.to_json(), "createdAt": time_text(snapshot.created_at)}


def _call_texts(records: Iterable[ToolCallRecord]) -> list[str]:
    """Drop what databases drop, and put calls into an order that every kind keeps."""
    rows = []
    for record in records:
        shape = {
            key: item
            for key, item in record.to_json().items()
            if key not in _DROPPED_IF_FALSY or is_truthy(item)
        }
        shape["isError"] = bool(record.is_error)
        rows.append((record.created_at, record.id, canonical_text(shape)))
    rows.sort()
    return [text for _at, _id, text in rows]


def _as_numbers(value: Any) -> Any:
    """Replace numbers by what JavaScript would have kept of them."""
    if isinstance(value, Mapping):
        return {key: _as_numbers(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_numbers(item) for item in value]
    if isinstance(value, bool) or not isinstance(value, int | float):
        return value
    return json.loads(js_number(value))
