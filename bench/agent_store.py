"""The queries of ``SqliteStore`` beside the statements that the SDK runs for the same question.

``python -m bench.agent_store`` prints one table. Both run in this process on the same file, read
whole rows and parse their JSON; the SDK's statements are those of its source, with the limit that
ours has by default. Where both know a filter, their answers are compared.
"""

import argparse
import json
import sqlite3
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from statistics import median
from time import perf_counter
from typing import Any, Final

from bench.generate import ensure_store
from bench.plan import AGENT_OF_5000, RARE_TEMPLATE, TEMPLATES
from bench.pools import RARE_TOOL
from stores.backends.sqlite.agent_store import SqliteStore
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter

__all__ = ["QUESTIONS", "Question", "compare", "main"]

_LIMIT: Final = 100
_TABLES: Final = {SessionFilter: "agents", MessageFilter: "messages", ToolCallFilter: "tool_calls"}
_JSON: Final = {
    "agents": (),
    "messages": ("content", "metadata"),
    "tool_calls": ("input", "approval", "result", "audit_trail"),
}
_COLUMNS: Final = {"tool_name": "name", "template_id": "template_id"}


@dataclass(frozen=True)
class Question:
    """One query: what it asks, and whether the SDK knows its filters."""

    title: str
    query: Filter
    of_sdk: bool = True


@dataclass(frozen=True)
class Compared:
    """The medians of one question in milliseconds; ``sdk_ms`` is None where the SDK has none."""

    title: str
    rows: int
    ours_ms: float
    sdk_ms: float | None


QUESTIONS: Final = (
    Question("newest sessions", SessionFilter()),
    Question("sessions of a frequent template", SessionFilter(template_id=TEMPLATES[0])),
    Question("sessions of a rare template", SessionFilter(template_id=RARE_TEMPLATE)),
    Question("sessions by message_count", SessionFilter(sort_by="message_count")),
    Question("newest messages", MessageFilter()),
    Question("messages of a role", MessageFilter(role="assistant")),
    Question("messages of a session of 5,000", MessageFilter(agent_id=AGENT_OF_5000)),
    Question("messages, offset 250,000", MessageFilter(offset=250_000)),
    Question("newest tool calls", ToolCallFilter()),
    Question("tool calls, frequent name", ToolCallFilter(tool_name="bash_run")),
    Question("tool calls, name of 12 calls", ToolCallFilter(tool_name=RARE_TOOL)),
    Question("tool calls COMPLETED", ToolCallFilter(state="COMPLETED")),
    Question("tool calls FAILED", ToolCallFilter(state="FAILED")),
    Question("tool calls APPROVAL_REQUIRED", ToolCallFilter(state="APPROVAL_REQUIRED")),
    Question("name and state", ToolCallFilter(tool_name="bash_run", state="FAILED")),
    Question("tool calls, offset 200,000", ToolCallFilter(offset=200_000)),
    Question("failed tool calls (is_error)", ToolCallFilter(is_error=True), of_sdk=False),
    Question("calls that were asked for", ToolCallFilter(has_approval=True), of_sdk=False),
    Question("messages with tool_use", MessageFilter(content_type="tool_use"), of_sdk=False),
    Question("messages with an image", MessageFilter(content_type="image"), of_sdk=False),
    Question("messages with audio (none)", MessageFilter(content_type="audio"), of_sdk=False),
)


def compare(path: str, *, rounds: int) -> list[Compared]:
    """Ask every question of both in turn, so that the machine's drift falls on both alike."""
    found = []
    with SqliteStore(path) as store, closing(sqlite3.connect(path)) as db:
        db.row_factory = sqlite3.Row
        for question in QUESTIONS:
            ours_ms: list[float] = []
            sdk_ms: list[float] = []
            for _ in range(rounds + 1):  # the first round warms
                ours, took = _timed(partial(_ask, store, question.query))
                ours_ms.append(took)
                if question.of_sdk:
                    theirs, took = _timed(partial(_ask_sdk, db, question.query))
                    sdk_ms.append(took)
                    if len(ours) != len(theirs):
                        raise AssertionError(f"{question.title}: {len(ours)}, {len(theirs)} rows")
            sdk = median(sdk_ms[1:]) if sdk_ms else None
            found.append(Compared(question.title, len(ours), median(ours_ms[1:]), sdk))
    return found


def _timed(ask: Callable[[], list[Any]]) -> tuple[list[Any], float]:
    began = perf_counter()
    rows = ask()
    return rows, (perf_counter() - began) * 1000


def _ask(store: SqliteStore, query: Filter) -> list[Any]:
    if isinstance(query, SessionFilter):
        return list(store.query_sessions(query))
    if isinstance(query, MessageFilter):
        return list(store.query_messages(query))
    assert isinstance(query, ToolCallFilter)
    return list(store.query_tool_calls(query))


def _ask_sdk(db: sqlite3.Connection, query: Filter) -> list[Any]:
    table = _TABLES[type(query)]
    names = ("agent_id", "template_id", "role", "tool_name", "state")
    given = {name: getattr(query, name, None) for name in names}
    where = {_COLUMNS.get(name, name): value for name, value in given.items() if value is not None}
    conditions = "".join(f" AND {column} = ?" for column in where)
    sort = getattr(query, "sort_by", "created_at")
    statement = f"SELECT * FROM {table} WHERE 1=1{conditions} ORDER BY {sort} DESC"
    statement += " LIMIT ? OFFSET ?"
    rows = db.execute(statement, (*where.values(), _LIMIT, query.offset)).fetchall()
    return [
        {**row, **{name: json.loads(row[name]) for name in _JSON[table] if row[name]}}
        for row in map(dict, rows)
    ]


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.agent_store", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=7)
    arguments = parser.parse_args()
    path = ensure_store(arguments.messages).path
    write = sys.stdout.write
    write("| query | rows | the SDK's statement ms | ours ms | ratio |\n|---|--:|--:|--:|--:|\n")
    for line in compare(path, rounds=arguments.rounds):
        sdk = "-" if line.sdk_ms is None else f"{line.sdk_ms:.2f}"
        ratio = "-" if line.sdk_ms is None else f"{line.ours_ms / line.sdk_ms:.2f}"
        write(f"| {line.title} | {line.rows} | {sdk} | {line.ours_ms:.2f} | {ratio} |\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
