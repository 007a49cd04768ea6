"""Values that agents, other SDK versions and crashed writers could leave in the cells of a row."""

import json
import sqlite3
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from tests.trust.small import agent_id

__all__ = ["Hit", "hit_rows", "loosen"]

_DEEP: Final = "[" * 5000 + "]" * 5000
_TABLES: Final = ("agents", "messages", "tool_calls")

#: Values that fit nowhere.
_ANYWHERE: Final[tuple[Any, ...]] = (
    None,
    b"\xff\xfe\x00 not UTF-8 \xc3",
    "NUL \x00 in the middle",
    "",
    "{broken",
    _DEEP,
    '{"a": ' * 3000 + "1" + "}" * 3000,
    '"\\ud800 lone surrogate"',
    "9" * 5000,
    "NaN",
    "null",
    "[]",
    "{}",
    "[1, 2, null]",
    '{"type": 5}',
    1.5,
    float("inf"),
    -1,
    2**62,
    -(2**63),
    "\u202e reversed \x1b[31m <script>alert(1)</script> {{ braces }}",
    "long " * 20_000,
)

#: Values made for one column.
_FITTING: Final[dict[tuple[str, str], tuple[Any, ...]]] = {
    ("agents", "lineage"): (
        '["agt-01SMALL0001"]',
        json.dumps([agent_id(1), agent_id(2)] * 2000),
        "[[]]",
        json.dumps([f"agt-{number}" for number in range(3000)]),
    ),
    ("agents", "created_at"): ("yesterday", "9999-99-99T99:99:99Z", "-271821-04-20T00:00:00Z", 5),
    ("agents", "metadata"): ("[]", '{"updatedAt": {"a": 1}}', '{"metadata": [[[]]]}'),
    ("agents", "message_count"): ("many", 2**53, -5),
    ("messages", "content"): (
        '[{"type":"text"}]',
        '[{"type":"tool_use","id":7,"name":null,"input":"x"}]',
        '[{"type":"image","base64":"!!!","mime_type":"text/html"}]',
        '[{"type":"tool_result","tool_use_id":["x"],"content":{"a":[1]}}]',
        '["text", 5, null, [], {"type":"text","text":{"a":1}}]',
        '[{"type":"text","text":"torn',
        '[{"type":"text","text":"\\ud83d"}]',
        "[" + ",".join(['{"type":"text","text":"x"}'] * 3000) + "]",
        json.dumps([{"type": "no-such-type", "text": "y" * 300_000}]),
    ),
    ("messages", "created_at"): ("soon", -(2**60), 2**62, 1.25),
    ("messages", "seq"): ("seventh", -3, 2**40, 2.5, b"\x07"),
    ("tool_calls", "state"): ("completed", "EXPLODED", "<b>", 7),
    ("tool_calls", "approval"): ('{"required":"yes"}', '{"meta":{"reason":[1]}}', '"x"'),
    ("tool_calls", "audit_trail"): (
        '[{"state":1,"timestamp":"x"}]',
        json.dumps([{"state": "PENDING", "timestamp": 1}] * 3000),
        '[null]',
    ),
    ("tool_calls", "duration_ms"): (-50, 2**62, "long"),
    ("tool_calls", "created_at"): ("then", -(2**60), 2**62),
    ("tool_calls", "id"): ("a/b/../c", "x" * 100_000, "~~", "id with \n newline", b"\xff\xfe"),
    ("tool_calls", "name"): ("n" * 100_000, "<img src=x onerror=alert(1)>", b"\xff"),
}  # fmt: skip


@dataclass(frozen=True)
class Hit:
    """One cell that was overwritten."""

    table: str
    rowid: int
    column: str
    value: str


def loosen(db: sqlite3.Connection, rng: Random) -> str:
    """Rebuild the tables so that any value fits, or with a column less or more; say which."""
    how = rng.choice(("strict", "loose", "loose", "missing", "extra"))
    if how == "strict":
        return how
    for table in _TABLES:
        names = [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")]
        kept = list(names)
        if how == "missing":
            optional = [name for name in names if name not in ("agent_id", "id", "seq")]
            kept.remove(rng.choice(optional))
        if how == "extra":
            kept.append("'from a later SDK' AS later")
        indexes = db.execute(
            "SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql NOT NULL",
            (table,),
        ).fetchall()
        db.execute(f"CREATE TABLE made AS SELECT {', '.join(kept)} FROM {table}")
        columns = ", ".join(str(row[1]) for row in db.execute("PRAGMA table_info(made)"))
        db.execute(f"CREATE TABLE loose ({columns})")  # no types, nothing is refused
        db.execute("INSERT INTO loose SELECT * FROM made")
        db.execute("DROP TABLE made")
        db.execute(f"DROP TABLE {table}")
        db.execute(f"ALTER TABLE loose RENAME TO {table}")
        for (sql,) in indexes:
            try:
                db.execute(sql)
            except sqlite3.OperationalError:
                continue  # its column is the one that is missing
    return how


def hit_rows(db: sqlite3.Connection, rng: Random, count: int) -> list[Hit]:
    """Overwrite one cell in each of ``count`` rows; rows that refuse a value are tried again."""
    hits: dict[tuple[str, int], Hit] = {}
    columns = {
        table: [str(row[1]) for row in db.execute(f"PRAGMA table_info({table})")]
        for table in _TABLES
    }
    rowids = {
        table: [int(row[0]) for row in db.execute(f"SELECT rowid FROM {table}")]
        for table in _TABLES
    }
    while len(hits) < count:
        table = rng.choice(_TABLES)
        rowid, column = rng.choice(rowids[table]), rng.choice(columns[table])
        value = rng.choice((*_FITTING.get((table, column), ()), *_ANYWHERE))
        if (table, rowid) in hits:
            continue
        try:
            db.execute(f"UPDATE {table} SET {column} = ? WHERE rowid = ?", (value, rowid))
        except sqlite3.IntegrityError:
            continue  # the strict schema does its duty
        _store_as_text(db, table, column, rowid, value, rng)
        hits[table, rowid] = Hit(table, rowid, column, repr(value)[:60])
    return list(hits.values())


def _store_as_text(
    db: sqlite3.Connection, table: str, column: str, rowid: int, value: Any, rng: Random
) -> None:
    """Turn bytes into text that is not UTF-8, every other time: SQLite does not check."""
    if isinstance(value, bytes) and rng.random() < 0.5:
        db.execute(
            f"UPDATE OR IGNORE {table} SET {column} = CAST({column} AS TEXT) WHERE rowid = ?",
            (rowid,),
        )
