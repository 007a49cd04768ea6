"""The Reader of SQL stores: which statements answer which page, in any dialect."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, TypeVar

from stores.browse.queries import Count, MessageQuery, Page, Query, SessionQuery, ToolCallQuery
from stores.browse.records import MessageRow, SessionRow, ToolCallRow
from stores.browse.sql.facets import distinct_values
from stores.browse.sql.lists import List, read_page
from stores.browse.sql.messages import (
    message_order,
    message_row,
    message_source,
    message_where,
)
from stores.browse.sql.overview import read_overview
from stores.browse.sql.reading import Reading, Row
from stores.browse.sql.schema import Schema
from stores.browse.sql.session_reader import SessionReading
from stores.browse.sql.session_rows import (
    awaiting_sessions,
    fill_session_rows,
    session_row,
    with_status,
)
from stores.browse.sql.sessions import (
    session_order,
    session_sorts,
    session_source,
    session_where,
)
from stores.browse.sql.tool_calls import call_order, call_row, call_source, call_where
from stores.browse.sql.walk import count_rows
from stores.browse.store_records import Facet, StoreOverview
from stores.browse.times import ms_from_iso
from stores.errors import StoreUnavailable
from stores.kode.file_reader import SessionFiles

__all__ = ["SqlReader", "clock_ms"]

RowT = TypeVar("RowT")
QueryT = TypeVar("QueryT", bound=Query)
EXPORT_ROWS: Final = 200
FACET_TTL_S: Final = 10.0


def clock_ms() -> int:
    """Return the time now, in ms UTC."""
    return time.time_ns() // 1_000_000


class SqlReader(SessionReading):
    """Read one SQL store; see :class:`stores.browse.reader.Reader` for the promises.

    ``now_ms`` is the clock that tells running from stuck. A backend says how a connection is
    checked out, in ``_reading``, and what its kind alone knows of a store, in ``_with_facts``.
    """

    def __init__(
        self,
        store_id: str,
        files: SessionFiles,
        *,
        now_ms: Callable[[], int] = clock_ms,
    ) -> None:
        super().__init__(files)
        self.store_id = store_id
        self._now_ms = now_ms
        self._facets: dict[str, tuple[float, tuple[Facet, ...]]] = {}
        self._sorts: tuple[float, tuple[str, ...]] | None = None

    def overview(self) -> StoreOverview:
        """Return the state of the store; a failure is a state."""
        try:
            with self._reading() as (reading, schema):
                found = read_overview(reading, schema, has_files=self._has_files())
                return self._with_facts(reading, found)
        except StoreUnavailable as exc:
            return StoreOverview(state=exc.reason, message=str(exc), has_files=self._has_files())

    def list_sessions(self, query: SessionQuery) -> Page[SessionRow]:
        """Return one page of sessions."""
        with self._reading() as (reading, schema):

            def decode(rows: Sequence[Row]) -> Sequence[SessionRow]:
                bare = [session_row(row) for row in rows]
                return fill_session_rows(reading, schema, bare, self._live(), self._now_ms())

            what = self._sessions(reading, schema, query)
            is_time = query.sort.removeprefix("-") in ("created", "active")
            return read_page(
                reading, what, query, decode, reached=ms_from_iso if is_time else _plain
            )

    def list_messages(self, query: MessageQuery) -> Page[MessageRow]:
        """Return one page of messages, without their payloads."""
        with self._reading() as (reading, schema):
            what = self._messages(reading, schema, query)
            return read_page(reading, what, query, _each(message_row), reached=_plain)

    def list_tool_calls(self, query: ToolCallQuery) -> Page[ToolCallRow]:
        """Return one page of tool calls, without their payloads."""
        with self._reading() as (reading, schema):
            what = self._tool_calls(reading, schema, query)
            return read_page(reading, what, query, _each(call_row), reached=_plain)

    def count_sessions(self, query: SessionQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        with self._reading() as (reading, schema):
            what = self._sessions(reading, schema, query)
            return Count(*count_rows(reading, what.source, what.where, what.order, cap=cap))

    def count_messages(self, query: MessageQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        with self._reading() as (reading, schema):
            what = self._messages(reading, schema, query)
            return Count(*count_rows(reading, what.source, what.where, what.order, cap=cap))

    def count_tool_calls(self, query: ToolCallQuery, *, cap: int = 1000) -> Count:
        """Count the rows of a query, stopping at the cap or the time limit."""
        with self._reading() as (reading, schema):
            what = self._tool_calls(reading, schema, query)
            return Count(*count_rows(reading, what.source, what.where, what.order, cap=cap))

    def session_sorts(self) -> tuple[str, ...]:
        """Return the sort keys that are cheap on this store, a few seconds ago at most."""
        kept, now = self._sorts, time.monotonic()
        if kept is None or now - kept[0] > FACET_TTL_S:
            with self._reading() as (reading, schema):
                kept = self._sorts = now, session_sorts(reading, schema)
        return kept[1]

    def iter_sessions(self, query: SessionQuery) -> Iterator[tuple[SessionRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read."""
        return _chunks(self.list_sessions, query)

    def iter_messages(self, query: MessageQuery) -> Iterator[tuple[MessageRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read."""
        return _chunks(self.list_messages, query)

    def iter_tool_calls(self, query: ToolCallQuery) -> Iterator[tuple[ToolCallRow, ...]]:
        """Yield all rows of a query in chunks, each its own short read."""
        return _chunks(self.list_tool_calls, query)

    def list_templates(self) -> tuple[Facet, ...]:
        """Return the templates of the store, most sessions first, counts capped."""
        return self._facet("agents", "template_id")

    def list_tool_names(self) -> tuple[Facet, ...]:
        """Return the tool names of the store, most calls first, counts capped."""
        return self._facet("tool_calls", "name")

    def _with_facts(self, reading: Reading, overview: StoreOverview) -> StoreOverview:
        """Return the overview with what only this kind of store knows."""
        return overview

    def _sessions(self, reading: Reading, schema: Schema, query: SessionQuery) -> List:
        accept = self._status_test(reading, schema, query.status) if query.status else None
        where = session_where(reading, schema, query, accept)
        where.is_scan = where.is_scan and not schema.is_planned
        where.is_sorted = where.is_sorted or schema.is_planned
        return List(session_source(schema), where, session_order(schema, query.sort))

    def _messages(self, reading: Reading, schema: Schema, query: MessageQuery) -> List:
        where = message_where(reading, schema, query)
        where.is_scan = where.is_scan and not (schema.is_planned and not query.text)
        where.is_sorted = where.is_sorted or schema.is_planned
        return List(message_source(schema), where, message_order(schema, query.sort))

    def _tool_calls(self, reading: Reading, schema: Schema, query: ToolCallQuery) -> List:
        where = call_where(reading, schema, query)
        where.is_scan = where.is_scan and not (schema.is_planned and not query.text)
        where.is_sorted = where.is_sorted or schema.is_planned
        return List(call_source(schema), where, call_order(schema, query.sort))

    def _status_test(
        self, reading: Reading, schema: Schema, wanted: Sequence[str]
    ) -> Callable[[Sequence[Any]], bool]:
        """Return a test of rows of ``session_source`` by what their logs say."""
        awaiting = awaiting_sessions(reading, schema)
        live, now_ms = self._live(), self._now_ms()

        def accept(row: Sequence[Any]) -> bool:
            session = session_row(row)
            session = replace(session, awaiting_count=awaiting.get(session.agent_id, 0))
            return with_status(session, live, now_ms).status.value in wanted

        return accept

    def _facet(self, table: str, column: str) -> tuple[Facet, ...]:
        kept = self._facets.get(table)
        now = time.monotonic()
        if kept is None or now - kept[0] > FACET_TTL_S:
            with self._reading() as (reading, schema):
                kept = now, distinct_values(reading, schema, table, column)
            self._facets[table] = kept
        return kept[1]

    def _has_files(self) -> bool:
        return self._files.is_present()

    def _live(self) -> SessionFiles | None:
        return self._files if self._has_files() else None


def _each(decode: Callable[[Row], RowT]) -> Callable[[Sequence[Row]], list[RowT]]:
    return lambda rows: [decode(row) for row in rows]


def _plain(value: object) -> int | str | None:
    return value if isinstance(value, int | str) else None


def _chunks(list_page: Callable[[QueryT], Page[RowT]], query: QueryT) -> Iterator[tuple[RowT, ...]]:
    """Yield all rows.

    Raises:
        StoreUnavailable: also at the end, when rows were passed over: a file must not hide that.
    """
    query = replace(query, limit=EXPORT_ROWS, cursor=None)
    notices: list[str] = []
    while True:
        page = list_page(query)
        notices += page.notices
        if page.rows:
            yield page.rows
        if page.next is None:
            break
        query = replace(query, cursor=page.next)
    if notices:
        raise StoreUnavailable(" ".join(dict.fromkeys(notices)), reason="slow")
