"""The part of a SQL reader that reads one session, one call or one block."""

from contextlib import AbstractContextManager
from typing import Any, Final

from stores.browse.blocks import block_content
from stores.browse.calls import call_from_columns
from stores.browse.json_text import to_text
from stores.browse.metadata import allowed_metadata
from stores.browse.records import (
    BlockContent,
    SessionDetail,
    ToolCall,
    Transcript,
)
from stores.browse.sql import session_detail as detail
from stores.browse.sql.reading import Reading, RowTooLarge, StatementTimeout
from stores.browse.sql.schema import Schema
from stores.browse.sql.session_failures import NOT_COUNTED, calls_of
from stores.browse.sql.session_rows import fill_session_rows, lineage_of, session_row
from stores.browse.sql.sessions import session_source
from stores.browse.sql.tool_calls import (
    CALL_COLUMNS,
    call_columns,
    columns_of,
)
from stores.browse.transcript import RawMessage, build_turns, with_times
from stores.errors import MessageNotFound, SessionNotFound, StoreUnavailable, ToolCallNotFound
from stores.kode.event_log import EventPage, EventPosition
from stores.kode.file_reader import SessionFiles
from stores.kode.todos import TodoList

__all__ = ["SessionReading"]

CALL_TEXT_BYTES: Final = 256 * 1024
#: A window stops growing when its messages reach this many stored bytes.
WINDOW_BYTES: Final = 4 * 1024 * 1024
WINDOW_STEP: Final = 50


class SessionReading:
    """Read single records; the lists are in :class:`SqlReader`."""

    _now_ms: Any

    def __init__(self, files: SessionFiles) -> None:
        self._files = files

    def _reading(self) -> AbstractContextManager[tuple[Reading, Schema]]:
        raise NotImplementedError

    def get_session(self, agent_id: str, *, whole: bool = False) -> SessionDetail:
        """Return one session; its metadata, sizes and all relations only when ``whole``."""
        missing = []
        has_files = self._files.is_present()
        with self._reading() as (reading, schema):
            stored = _session_columns(reading, schema, agent_id)
            row = session_row(stored)
            counts, failures = calls_of(reading, schema, agent_id)
            rows = fill_session_rows(
                reading,
                schema,
                [row],
                self._files if has_files else None,
                self._now_ms(),
                {row.agent_id: counts or NOT_COUNTED},
            )
            children, is_complete = detail.children_of(reading, schema, agent_id, whole=whole)
            list_snapshots = detail.snapshots_of if whole else detail.snapshot_names
            snapshots = list_snapshots(reading, schema, agent_id)
            metadata = self._metadata(reading, schema, agent_id) if whole else None
            version = _config_version(reading, schema, agent_id) if whole else ""
        if not has_files:
            missing.append(
                "The folder with event logs and todos was not found, so there is no live status, "
                "no message times, no events and no todos."
            )
        if whole and not is_complete:
            missing.append("Sub-agents and copies were not all looked for: the store is large.")
        return SessionDetail(
            row=rows[0],
            lineage=lineage_of(stored[4])[0],
            children=children,
            snapshots=snapshots,
            failures=failures,
            metadata=allowed_metadata(metadata) if whole else (),
            config_version=version,
            missing=tuple(missing),
        )

    def _metadata(self, reading: Reading, schema: Schema, agent_id: str) -> Any:
        """Return the stored metadata, None when it cannot be read; only a part may be shown."""
        column = schema.column("agents", "metadata")
        statement = f"SELECT {column} FROM agents WHERE agents.agent_id = :id"
        try:
            return reading.fetch(statement, {"id": agent_id})[0][0]
        except (StatementTimeout, RowTooLarge, IndexError):
            return None

    def get_transcript(
        self,
        agent_id: str,
        *,
        around: int | None = None,
        start: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        """Return a window of turns: around a seq, from a seq on, or from the beginning."""
        with self._reading() as (reading, schema):
            count, first, last = detail.message_bounds(reading, schema, agent_id)
            if first is None or last is None:
                _session_columns(reading, schema, agent_id)  # an unknown session is an error
                return Transcript((), count, None, None, None, None)
            begin = first if start is None else max(first, min(start, last))
            if around is not None:
                around = max(first, min(around, last))
                begin = _begin_around(reading, schema, agent_id, around, last, limit)
            seqs = detail.seqs_from(reading, schema, agent_id, begin, limit + 1)
            messages, shown = _window(reading, schema, agent_id, seqs[:limit])
            earlier = None
            if begin > first:
                earlier = detail.seq_back(reading, schema, agent_id, begin, limit + 1)
            ids = _call_ids(schema, messages)
            calls = detail.calls_by_id(reading, schema, ids)
            if _lacks_own(calls, ids, agent_id):
                calls = {**detail.calls_of_session(reading, schema, agent_id), **calls}
        turns = build_turns(messages, calls, owner=agent_id)
        later = seqs[shown] if shown < len(seqs) else None
        times = self._files.turn_times(agent_id, turns, is_end=later is None)
        return Transcript(
            turns=with_times(turns, times),
            message_count=count,
            first_seq=turns[0].seq if turns else None,
            last_seq=turns[-1].seq if turns else None,
            earlier=earlier,
            later=later,
            cut_note=_cut_note(seqs[shown - 1]) if 0 < shown < min(limit, len(seqs)) else None,
        )

    def find_call_seq(self, agent_id: str, call_id: str) -> int | None:
        """Return the seq of the message that holds the tool_use block of a call, if any."""
        with self._reading() as (reading, schema):
            return detail.seq_of_call(reading, schema, agent_id, call_id)

    def list_events(
        self, agent_id: str, *, after: EventPosition | None = None, limit: int = 200
    ) -> EventPage:
        """Return a page of the session's events, oldest first; empty without the file half."""
        return self._files.list_events(agent_id, after=after, limit=limit)

    def get_todos(self, agent_id: str) -> TodoList | None:
        """Return the session's todo list as it is now, None when it has none."""
        return self._files.read_todos(agent_id)

    def get_tool_call(self, call_id: str) -> ToolCall:
        """Return one tool call in full, texts cut at the reader's limit."""
        with self._reading() as (reading, schema):
            columns = list(call_columns(schema))
            for name in ("input", "result"):
                place = CALL_COLUMNS.index(name)
                columns.append(schema.size("tool_calls", name))
                columns[place] = f"substr({columns[place]}, 1, {CALL_TEXT_BYTES + 1})"
            statement = f"SELECT {', '.join(columns)} FROM tool_calls WHERE id = :id"
            rows = _whole(reading, statement, {"id": call_id})
        if not rows:
            raise ToolCallNotFound("This store has no tool call with this id.")
        names = (*CALL_COLUMNS, "input_size", "result_size")
        return call_from_columns(columns_of(names, rows[0]), limit_bytes=CALL_TEXT_BYTES)

    def get_tool_call_text(self, call_id: str, part: str) -> str:
        """Return ``input``, ``result`` or ``error`` of a call whole, as stored."""
        if part not in ("input", "result", "error"):
            raise ToolCallNotFound("A tool call has an input, a result and an error.")
        with self._reading() as (reading, schema):
            column = schema.column("tool_calls", part)
            rows = _whole(
                reading, f"SELECT {column} FROM tool_calls WHERE id = :id", {"id": call_id}
            )
        if not rows:
            raise ToolCallNotFound("This store has no tool call with this id.")
        return to_text(rows[0][0])[0]

    def get_block(self, agent_id: str, seq: int, index: int) -> BlockContent:
        """Return the whole payload of one block."""
        content = block_content(self.get_message_text(agent_id, seq), index)
        if content is None:
            raise MessageNotFound(f"Message #{seq} has no block {index}.")
        return content

    def get_message_text(self, agent_id: str, seq: int) -> str:
        """Return the stored content of one message, whole."""
        with self._reading() as (reading, schema):
            column = schema.column("messages", "content")
            statement = f"SELECT {column} FROM messages WHERE agent_id = :agent_id AND seq = :seq"
            rows = _whole(reading, statement, {"agent_id": agent_id, "seq": seq})
        if not rows:
            raise MessageNotFound(f"This session has no message #{seq}.")
        return to_text(rows[0][0])[0]


def _whole(reading: Reading, statement: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    try:
        return reading.fetch(statement, params)
    except (StatementTimeout, RowTooLarge) as exc:
        message = "This is too large to be read without keeping the agent waiting."
        raise StoreUnavailable(message, reason="slow") from exc


def _session_columns(reading: Reading, schema: Schema, agent_id: str) -> tuple[Any, ...]:
    source = session_source(schema)
    for columns in (source.columns, source.light_columns):
        statement = f"SELECT {', '.join(columns)} FROM agents WHERE agents.agent_id = :id"
        try:
            rows = reading.fetch(statement, {"id": agent_id})
        except (StatementTimeout, RowTooLarge):
            continue
        if rows:
            return rows[0]
        raise SessionNotFound("This store has no session with this id.")
    message = "This session could not be read without keeping the agent waiting."
    raise StoreUnavailable(message, reason="slow")


def _config_version(reading: Reading, schema: Schema, agent_id: str) -> str:
    column = schema.column("agents", "config_version")
    rows = reading.fetch(
        f"SELECT substr({column}, 1, 80) FROM agents WHERE agents.agent_id = :id", {"id": agent_id}
    )
    return to_text(rows[0][0])[0] if rows else ""


def _begin_around(
    reading: Reading, schema: Schema, agent_id: str, around: int, last: int, limit: int
) -> int:
    """Return where a window begins that has a message in its middle and is full, if it can be."""
    middle = detail.seq_back(reading, schema, agent_id, around, limit // 2 + 1)
    return min(middle, detail.seq_back(reading, schema, agent_id, last, limit))


def _window(
    reading: Reading, schema: Schema, agent_id: str, seqs: list[int]
) -> tuple[list[RawMessage], int]:
    """Read messages up to the byte limit; return them and how many of the numbers that was."""
    messages: list[RawMessage] = []
    total, shown = 0, 0
    while shown < len(seqs) and total <= WINDOW_BYTES:
        part = seqs[shown : shown + WINDOW_STEP]
        read = detail.messages_between(reading, schema, agent_id, part[0], part[-1])
        messages += read
        total += sum(min(item.size_bytes, detail.WHOLE_MESSAGE_BYTES) for item in read)
        shown += len(part)
    return messages, shown


def _lacks_own(calls: dict[str, ToolCall], ids: list[str], agent_id: str) -> bool:
    """Tell whether rows are missing or another session's: a copy keeps its own under new ids."""
    return any(key not in calls or calls[key].agent_id != agent_id for key in ids)


def _call_ids(schema: Schema, messages: list[RawMessage]) -> list[str]:
    texts = (to_text(message.content)[0] for message in messages)
    return list(dict.fromkeys(found for text in texts for found in schema.find_call_ids(text)))


def _cut_note(last: int) -> str:
    size = WINDOW_BYTES // (1024 * 1024)
    return f"Shown up to #{last}: the messages of this window are larger than {size} MB."
