"""Lists of messages: their filters and orders in SQL, their rows as records."""

import json
from collections.abc import Sequence
from typing import Any, Final

from stores.browse.json_text import to_text
from stores.browse.previews import message_preview
from stores.browse.queries import BLOCK_TYPES, MessageQuery
from stores.browse.records import MessageRow
from stores.browse.sql.keyset import Order
from stores.browse.sql.reading import RawText, Reading
from stores.browse.sql.schema import Schema
from stores.browse.sql.walk import Source
from stores.browse.sql.where import Where
from stores.errors import InvalidQuery

__all__ = ["message_order", "message_row", "message_source", "message_where"]

PREFIX_CHARS: Final = 800


def message_source(schema: Schema) -> Source:
    """Return what the list reads of each row."""
    role, saved = schema.column("messages", "role"), schema.column("messages", "created_at")
    head = ("messages.agent_id", "messages.seq", role, saved)
    full = (
        schema.head("messages", "content", PREFIX_CHARS),
        schema.size("messages", "content"),
    )
    return Source("messages", schema.key("messages"), (*head, *full), (*head, "NULL", "NULL"))


def message_order(schema: Schema, sort: str) -> Order:
    """Return the order of a sort key. Raises InvalidQuery for an unknown one."""
    if sort.removeprefix("-") == "saved":
        key = schema.sort_key("messages", "created_at", "0")
        order = Order(key, schema.tie("messages"), is_first_descending=True)
        return order if sort.startswith("-") else order.reversed()
    if sort.removeprefix("-") == "session":
        order = Order("messages.agent_id", "messages.seq")
        if any(schema.is_nullable("messages", name) for name in ("agent_id", "seq")):
            # Not the SDK's table: nothing says that the two are there, or unique.
            order = Order(schema.sort_key("messages", "agent_id", "''"), schema.tie("messages"))
        return order.reversed() if sort.startswith("-") else order
    raise InvalidQuery(f"Messages cannot be sorted by {sort.removeprefix('-')!r}.")


def message_where(reading: Reading, schema: Schema, query: MessageQuery) -> Where:
    """Return the conditions of a query. Raises InvalidQuery for a filter this file lacks."""
    where = Where()
    if query.agent_id is not None:
        where.one_session("messages", query.agent_id)
    if query.role:
        schema.among(reading, where, "messages", "role", query.role)
    if query.saved_from is not None or query.saved_to is not None:
        saved = schema.need("messages", "created_at")
        where.between(saved, query.saved_from, query.saved_to)
        where.is_scan = where.is_scan or not query.sort.endswith("saved")
    if query.type:
        _add_types(schema, where, query.type)
    if query.text:
        schema.need("messages", "content")
        # Content is JSON text: a quote or a new line in what is sought is escaped in there.
        in_json = json.dumps(query.text, ensure_ascii=False)[1:-1]
        content = schema.column("messages", "content")
        where.add(schema.contains(where, content, in_json), is_scan=True)
    if where.is_sorted:
        where.is_scan = False
    return where


def message_row(row: Sequence[Any]) -> MessageRow:
    """Return the record of one row of :func:`message_source`."""
    agent_id, seq, role, saved_at, prefix, size_bytes = row[:6]
    types, preview = message_preview(prefix)
    problems = []
    if prefix is None:
        problems.append("content was not read: it is missing or too large")
    elif _is_torn(to_text(prefix)[0], types):
        problems.append("content is not a list of blocks, or not all of one")
    if isinstance(prefix, RawText | bytes):
        problems.append("content is not UTF-8 text")
    if not isinstance(seq, int):
        problems.append("seq is not a number")
    if not isinstance(saved_at, int):
        problems.append("created_at is not a time in milliseconds")
    return MessageRow(
        agent_id=to_text(agent_id)[0],
        seq=seq if isinstance(seq, int) else None,
        role=to_text(role)[0],
        block_types=types,
        preview=preview,
        size_bytes=size_bytes if isinstance(size_bytes, int) else None,
        saved_at=saved_at if isinstance(saved_at, int) else None,
        problems=tuple(problems),
    )


def _is_torn(text: str, types: Sequence[str]) -> bool:
    """Tell from the start of a content whether the list would be shown short."""
    text = text if len(text) == PREFIX_CHARS else text.strip()
    is_whole = len(text) < PREFIX_CHARS
    return (not types and text != "[]") or (is_whole and not text.endswith("]"))


def _add_types(schema: Schema, where: Where, types: Sequence[str]) -> None:
    unknown = [name for name in types if name not in BLOCK_TYPES]
    if unknown:
        raise InvalidQuery(f"There is no content type {unknown[0]!r}.")
    schema.need("messages", "content")
    schema.holds_types(where, types)
