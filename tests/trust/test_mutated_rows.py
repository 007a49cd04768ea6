"""Rows with hostile values: each costs its own mark, never the page, the next row or the walk."""

import json
import sqlite3
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from stores.backends.sqlite.reader import SqliteReader
from stores.browse.queries import MessageQuery, Page, Query, SessionQuery, ToolCallQuery
from tests.trust.figures import Say
from tests.trust.hostile_rows import Hit, hit_rows, loosen
from tests.trust.site import Site
from tests.trust.small import make_small_store
from tests.trust.test_mutated_files import PAGE_LIMIT_MS, PATHS

ROWS_PER_STORE = 20
PAGE_ROWS = 25
KEYS = {"agents": "agent_id", "messages": "agent_id, seq", "tool_calls": "id"}
LISTS: tuple[tuple[str, str, Query, tuple[str, ...]], ...] = (
    ("agents", "list_sessions", SessionQuery(), ("created", "active", "messages")),
    ("messages", "list_messages", MessageQuery(), ("saved", "session")),
    ("tool_calls", "list_tool_calls", ToolCallQuery(), ("created", "name", "state", "session")),
)
JSON_SHAPES = {
    ("messages", "content"): list,
    ("agents", "lineage"): list,
    ("tool_calls", "approval"): dict,
    ("tool_calls", "audit_trail"): list,
}
TIMES = {("messages", "created_at"), ("tool_calls", "created_at"), ("tool_calls", "started_at")}


@dataclass
class Tally:
    """What was found over all stores."""

    faults: list[str] = field(default_factory=list)
    marked: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    slowest_ms: float = 0.0
    pages: int = 0


def _must_be_marked(table: str, column: str, value: Any) -> bool:
    """Tell, from the stored value alone, whether a list has to point at the row."""
    if (table, column) in TIMES:
        return value is not None and not isinstance(value, int)
    shape = JSON_SHAPES.get((table, column))
    if shape is None or value in (None, ""):
        return False
    try:
        text = value.decode() if isinstance(value, bytes) else str(value)
        return not isinstance(json.loads(text), shape)
    except (ValueError, RecursionError):
        return True


def _key(table: str, row: Any) -> tuple[Any, ...]:
    if table == "tool_calls":
        return (row.id,)
    return (row.agent_id,) if table == "agents" else (row.agent_id, row.seq)


def _walk(list_page: Callable[[Any], Page[Any]], query: Query, most: int) -> list[Any]:
    """Return the rows of all pages; a walk that does not end raises."""
    query, steps = replace(query, limit=PAGE_ROWS), 0
    rows: list[Any] = []
    while True:
        page = list_page(query)
        rows += page.rows
        steps += 1
        assert steps <= most, f"{query.sort}: no end after {steps} pages"
        if page.next is None:
            return rows
        query = replace(query, cursor=page.next)


def _check_lists(
    name: str, db: Path, plain: sqlite3.Connection, hits: Sequence[Hit], tally: Tally
) -> None:
    reader = SqliteReader.open("hostile", db, db.parent / "store")
    hit_rowids = {(hit.table, hit.rowid): hit for hit in hits}
    for table, method, query, sorts in LISTS:
        stored = plain.execute(f"SELECT rowid, {KEYS[table]} FROM {table}").fetchall()
        whole = {tuple(key) for rowid, *key in stored if (table, rowid) not in hit_rowids}
        for sort in (sign + name for name in sorts for sign in ("", "-")):
            rows = _walk(getattr(reader, method), replace(query, sort=sort), len(stored))
            seen = {_key(table, row): row for row in rows}
            what = f"{name} {table} by {sort}"
            if len(rows) != len(stored):
                tally.faults.append(f"{what}: {len(rows)} of {len(stored)} rows")
            if missing := whole - seen.keys():
                tally.faults.append(f"{what}: unharmed rows are missing: {sorted(missing)[:3]}")
        _check_marks(table, plain, seen, hits, tally)
    reader.close()


def _check_marks(
    table: str,
    plain: sqlite3.Connection,
    seen: dict[tuple[Any, ...], Any],
    hits: Sequence[Hit],
    tally: Tally,
) -> None:
    keys = KEYS[table].split(", ")
    for hit in hits:
        if hit.table != table or hit.column in keys:
            continue
        cell = f"SELECT CAST({hit.column} AS BLOB), typeof({hit.column}) FROM {table}"
        raw, type_ = plain.execute(f"{cell} WHERE rowid = ?", (hit.rowid,)).fetchone()
        value = raw if type_ in ("text", "blob") else _number(plain, hit)
        key = plain.execute(f"SELECT {KEYS[table]} FROM {table} WHERE rowid = ?", (hit.rowid,))
        row = seen.get(tuple(key.fetchone()))
        if row is None or not _must_be_marked(table, hit.column, value):
            continue
        tally.marked += bool(row.problems)
        if not row.problems:
            tally.faults.append(f"{table}.{hit.column} = {hit.value} is not marked")


def _number(plain: sqlite3.Connection, hit: Hit) -> Any:
    statement = f"SELECT {hit.column} FROM {hit.table} WHERE rowid = ?"
    return plain.execute(statement, (hit.rowid,)).fetchone()[0]


def _paths(plain: sqlite3.Connection, hits: Sequence[Hit]) -> list[str]:
    """Return the lists, and the pages of the sessions whose rows were hit."""
    own = []
    for hit in hits:
        key = "agent_id" if hit.table != "tool_calls" else "id"
        value = _number(plain, replace(hit, column=key))
        if isinstance(value, str) and value.isprintable() and 0 < len(value) < 200:
            page = "tool-calls" if hit.table == "tool_calls" else "sessions"
            own.append(f"{page}/{value}/")
    return [*PATHS, "sessions.jsonl", "messages.jsonl", *dict.fromkeys(own)]


def _check_pages(
    name: str, site: Site, db: Path, paths: list[str], plain: sqlite3.Connection, tally: Tally
) -> None:
    visits = site.visit(db, paths, limit_s=len(paths) * PAGE_LIMIT_MS / 1000)
    if not visits:
        tally.faults.append(f"{name}: the process {site.deaths[-1]}")
    for visit in visits:
        tally.pages += 1
        tally.statuses[visit.status] += 1
        tally.slowest_ms = max(tally.slowest_ms, visit.ms)
        lacks_column = "missing" in name and visit.status in (400, 422)
        is_gone = visit.status == 404 and visit.url.count("/") > 3
        if not (visit.status == 200 or lacks_column or is_gone) or visit.ms > PAGE_LIMIT_MS:
            text = visit.error or visit.text
            tally.faults.append(f"{name}: {visit.url} {visit.status} {visit.ms:.0f} ms {text}")
        for page, table in (("messages", "messages"), ("tool-calls", "tool_calls")):
            if visit.url.endswith(f"/{page}.jsonl") and visit.status == 200:
                count = plain.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                if visit.rows != count:
                    tally.faults.append(f"{visit.url}: {visit.rows} of {count} lines {visit.text}")


@pytest.mark.parametrize(
    "count", [60, pytest.param(1000, marks=pytest.mark.slow)], ids=["small", "full"]
)
def test_hostile_rows_never_break_a_page(tmp_path: Path, say: Say, count: int) -> None:
    whole = make_small_store(tmp_path / "whole.db").read_bytes()
    tally = Tally()
    with Site(tmp_path / "site") as site:
        for number in range(count // ROWS_PER_STORE):
            rng = Random(number)  # noqa: S311 - repeatable
            db = tmp_path / "hostile" / "agents.db"
            db.parent.mkdir(exist_ok=True)
            db.unlink(missing_ok=True)
            db.write_bytes(whole)
            plain = sqlite3.connect(db, isolation_level=None)
            plain.text_factory = lambda raw: raw.decode("utf-8", "replace")
            how = loosen(plain, rng)
            hits = hit_rows(plain, rng, ROWS_PER_STORE)
            name = f"store {number} ({how})"
            _check_lists(name, db, plain, hits, tally)
            _check_pages(name, site, db, _paths(plain, hits), plain, tally)
            plain.close()
    say(
        f"{count} hostile rows, {tally.pages} pages: {tally.statuses[500]} answers of 500, "
        f"{len(site.deaths)} dead or hung processes, slowest page {tally.slowest_ms:.0f} ms, "
        f"{tally.marked} rows that no list could show whole, all marked; "
        f"answers {dict(sorted(tally.statuses.items()))}"
    )
    assert not tally.faults, "\n".join(tally.faults[:12]) + f"\n{len(tally.faults)} faults"
