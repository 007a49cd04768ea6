"""The Reader of JSON folders: lists from the index, payloads from the files themselves."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from stores.backends.jsondir.copies import SessionCopies, SessionCopy
from stores.backends.jsondir.folders import look_at
from stores.backends.jsondir.index import PROGRESS, Index
from stores.backends.jsondir.index_file import IndexFile, IndexSchema
from stores.backends.jsondir.keeper import IndexKeeper, progress_text
from stores.backends.jsondir.search import TextSearch
from stores.backends.sqlite.connection import Reading as SqliteReading
from stores.backends.sqlite.shape import read_schema
from stores.browse.queries import MessageQuery, Page, SessionQuery, ToolCallQuery
from stores.browse.records import (
    BlockContent,
    MessageRow,
    SessionDetail,
    SessionRow,
    ToolCall,
    ToolCallRow,
    Transcript,
    Turn,
)
from stores.browse.sql.lists import List
from stores.browse.sql.reader import SqlReader, clock_ms
from stores.browse.sql.reading import Reading
from stores.browse.sql.schema import Schema
from stores.browse.store_records import StoreOverview
from stores.errors import SessionNotFound, StoreUnavailable, ToolCallNotFound
from stores.kode.file_reader import SessionFiles

__all__ = ["JsonReader"]

#: Reasons of the index file that say: throw it away and make it anew.
_BAD_INDEX: Final = frozenset({"missing", "damaged", "not-sqlite", "foreign", "journal"})


class JsonReader(SqlReader):
    """Read one JSON folder; see :class:`stores.browse.reader.Reader` for the promises."""

    def __init__(
        self,
        store_id: str,
        base: Path,
        index_folder: Path,
        *,
        on_read: Callable[[], None] | None = None,
        now_ms: Callable[[], int] = clock_ms,
    ) -> None:
        files = SessionFiles(base)
        super().__init__(store_id, files, now_ms=now_ms)
        self._base = base
        index = Index(base, index_folder)
        self._keeper = IndexKeeper(store_id, index)
        self._file = IndexFile(index.path, on_read=on_read)
        self._copies = SessionCopies(base, files, now_ms)
        self._search = TextSearch(base)

    def close(self) -> None:
        """Close the pooled connections."""
        self._keeper.close()
        self._file.close()

    def list_sessions(self, query: SessionQuery) -> Page[SessionRow]:
        """Return one page of sessions; what is wrong with their files is said of each."""
        page = super().list_sessions(query)
        with self._reading() as (reading, _):
            problems = _problems(reading, [row.agent_id for row in page.rows])
            rows = tuple(_marked(row, problems) for row in page.rows)
            return replace(page, rows=rows, notices=page.notices + _notices(reading))

    def list_messages(self, query: MessageQuery) -> Page[MessageRow]:
        """Return one page of messages, without their payloads."""
        return self._noticed(super().list_messages(query))

    def list_tool_calls(self, query: ToolCallQuery) -> Page[ToolCallRow]:
        """Return one page of tool calls, without their payloads."""
        return self._noticed(super().list_tool_calls(query))

    def get_session(self, agent_id: str, *, whole: bool = False) -> SessionDetail:
        """Return one session; its metadata, sizes and all relations only when ``whole``."""
        self._keeper.refresh_session(agent_id)
        try:
            detail = super().get_session(agent_id, whole=whole)
        except SessionNotFound as exc:
            if self._is_awaited(agent_id):
                message = "This session is not in kodeweb's index yet; it is being built. Reload."
                raise StoreUnavailable(message, reason="index") from exc
            raise
        with self._reading() as (reading, _):
            return replace(detail, row=_marked(detail.row, _problems(reading, [agent_id])))

    def get_transcript(
        self,
        agent_id: str,
        *,
        around: int | None = None,
        start: int | None = None,
        limit: int = 100,
    ) -> Transcript:
        """Return a window of turns: around a seq, from a seq on, or from the beginning."""
        copy = self._copies.get(agent_id)
        found = copy.get_transcript(agent_id, around=around, start=start, limit=limit)
        with self._reading() as (reading, _):
            names = _unique_ids(reading, (agent_id, *copy.lineage))
        return replace(found, turns=_renamed(found.turns, names)) if names else found

    def find_call_seq(self, agent_id: str, call_id: str) -> int | None:
        """Return the seq of the message that holds the tool_use block of a call, if any."""
        local_id = call_id.removesuffix(f"@{agent_id}")
        return self._copies.get(agent_id).find_call_seq(agent_id, local_id)

    def get_tool_call(self, call_id: str) -> ToolCall:
        """Return one call in full, texts cut at the reader's limit."""
        copy, local_id = self._copy_of_call(call_id)
        return replace(copy.get_tool_call(local_id), id=call_id)

    def get_tool_call_text(self, call_id: str, part: str) -> str:
        """Return ``input``, ``result`` or ``error`` of a call whole, as stored."""
        copy, local_id = self._copy_of_call(call_id)
        return copy.get_tool_call_text(local_id, part)

    def get_block(self, agent_id: str, seq: int, index: int) -> BlockContent:
        """Return the whole payload of one block."""
        return self._copies.get(agent_id).get_block(agent_id, seq, index)

    def get_message_text(self, agent_id: str, seq: int) -> str:
        """Return the stored content of one message, whole."""
        return self._copies.get(agent_id).get_message_text(agent_id, seq)

    @contextmanager
    def _reading(self) -> Iterator[tuple[SqliteReading, Schema]]:
        """Check out a connection to the index, brought up to date and made anew if it is bad."""
        self._keeper.refresh()
        with ExitStack() as stack:
            try:
                reading = stack.enter_context(self._file.read())
                schema = IndexSchema(read_schema(reading).tables)
            except StoreUnavailable as exc:
                if exc.reason not in _BAD_INDEX:
                    raise
                self._keeper.renew()
                with _index_alone_is_bad():
                    reading = stack.enter_context(self._file.read())
                    schema = IndexSchema(read_schema(reading).tables)
            with _index_alone_is_bad(self._keeper.renew):
                yield reading, schema

    def _is_awaited(self, agent_id: str) -> bool:
        """Tell whether a session is in the folder, and not in the index because that is built."""
        with self._reading() as (reading, _):
            is_building = bool(_notices(reading))
        return is_building and look_at(self._base, agent_id) is not None

    def _with_facts(self, reading: Reading, overview: StoreOverview) -> StoreOverview:
        size = reading.fetch("SELECT sum(size_bytes) FROM kodeweb_folders")[0][0]
        return replace(overview, size_bytes=size or 0, message=" ".join(_notices(reading)))

    def _messages(self, reading: Reading, schema: Schema, query: MessageQuery) -> List:
        what = super()._messages(reading, schema, replace(query, text=None))
        if query.text:
            what.where.accept = self._search.in_messages(query.text)
        return what

    def _tool_calls(self, reading: Reading, schema: Schema, query: ToolCallQuery) -> List:
        what = super()._tool_calls(reading, schema, replace(query, text=None))
        if query.text:
            what.where.accept = self._search.in_calls(query.text)
        return what

    def _metadata(self, reading: Reading, schema: Schema, agent_id: str) -> Any:
        return self._copies.get(agent_id).metadata

    def _noticed(self, page: Page[Any]) -> Page[Any]:
        with self._reading() as (reading, _):
            return replace(page, notices=page.notices + _notices(reading))

    def _copy_of_call(self, call_id: str) -> tuple[SessionCopy, str]:
        statement = "SELECT agent_id, local_id FROM tool_calls WHERE id = :id"
        with self._reading() as (reading, _):
            rows = reading.fetch(statement, {"id": call_id})
        if not rows:
            raise ToolCallNotFound("This store has no tool call with this id.")
        return self._copies.get(rows[0][0]), str(rows[0][1])


@contextmanager
def _index_alone_is_bad(renew: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Say of a bad index that it is the index: the store's own folder is as it was.

    Raises:
        StoreUnavailable: reason ``index`` in the place of what is wrong with that file.
    """
    try:
        yield
    except StoreUnavailable as exc:
        if exc.reason not in _BAD_INDEX:
            raise
        renew()
        message = "kodeweb's index of this folder was damaged and is made anew. Reload."
        raise StoreUnavailable(message, reason="index") from exc


def _notices(reading: Reading) -> tuple[str, ...]:
    rows = reading.fetch("SELECT value FROM kodeweb_state WHERE name = :name", {"name": PROGRESS})
    text = progress_text(str(rows[0][0])) if rows else ""
    return (text,) if text else ()


def _problems(reading: Reading, ids: list[str]) -> dict[str, tuple[str, ...]]:
    """Return what is wrong with the files of some sessions."""
    params = {f"i{index}": value for index, value in enumerate(ids)}
    marks = ", ".join(f":{name}" for name in params)
    statement = f"""
        SELECT agent_id, problems FROM kodeweb_folders
        WHERE problems != '' AND agent_id IN ({marks})
    """
    rows = reading.fetch(statement, params) if ids else []
    return {str(agent_id): tuple(str(problems).split("\n")) for agent_id, problems in rows}


def _marked(row: SessionRow, problems: Mapping[str, tuple[str, ...]]) -> SessionRow:
    found = problems.get(row.agent_id)
    return replace(row, problems=row.problems + found) if found else row


def _unique_ids(reading: Reading, sessions: tuple[str, ...]) -> dict[tuple[str, str], str]:
    """Return the store-wide ids of those calls that share their id with others."""
    names: dict[tuple[str, str], str] = {}
    statement = """
        SELECT agent_id, local_id, id FROM tool_calls
        WHERE agent_id = :agent_id AND id != local_id LIMIT 20000
    """
    for session in dict.fromkeys(sessions):
        for agent_id, local_id, unique in reading.fetch(statement, {"agent_id": session}):
            names[str(agent_id), str(local_id)] = str(unique)
    return names


def _renamed(turns: tuple[Turn, ...], names: Mapping[tuple[str, str], str]) -> tuple[Turn, ...]:
    """Give the calls of a transcript the ids by which they are found in the whole store."""
    renamed = []
    for turn in turns:
        blocks = []
        for block in turn.blocks:
            call = block.call
            unique = names.get((call.agent_id, call.id)) if call else None
            if call is not None and unique is not None:
                block = replace(block, call=replace(call, id=unique))
            blocks.append(block)
        renamed.append(replace(turn, blocks=tuple(blocks)))
    return tuple(renamed)
