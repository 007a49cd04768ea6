"""The bare SQL, in a process of its own: one line of JSON in, one line of JSON out.

A separate process, so that neither the load generator's threads nor its garbage slow it down.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter
from typing import Any

from bench.pages import Page

__all__ = ["RawSql"]


class RawSql:
    """The parent's end: ``times_ms`` runs one statement a few times in the child."""

    def __init__(self, database: Path) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "bench.raw", str(database)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def times_ms(self, page: Page, repeat: int) -> list[float]:
        """Time ``repeat`` runs of the statements of a page, each with fetching its rows."""
        request = {"sql": page.sql, "params": page.bindings, "details": page.details}
        times: list[float] = self._ask({**request, "repeat": repeat})["ms"]
        return times

    def rows(self, sql: str, params: Mapping[str, object]) -> list[dict[str, Any]]:
        """Return the rows of ``sql``."""
        request = {"sql": sql, "params": dict(params), "details": [], "repeat": 1}
        rows: list[dict[str, Any]] = self._ask(request)["rows"]
        return rows

    def close(self) -> None:
        """End the child; it stops at the end of its input."""
        if self._child.stdin is not None and self._child.stdout is not None:
            self._child.stdin.close()
            self._child.wait(timeout=60)
            self._child.stdout.close()

    def _ask(self, request: Mapping[str, object]) -> dict[str, Any]:
        child = self._child
        if child.stdin is None or child.stdout is None:
            raise RuntimeError("the child for bare SQL has no pipes")
        child.stdin.write(json.dumps(request) + "\n")
        child.stdin.flush()
        line = child.stdout.readline()
        if not line:
            raise RuntimeError("the child for bare SQL ended; its message is above")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _serve(database: str) -> None:
    """Answer until the input ends. Rows come back only for a single run."""
    uri = f"{Path(database).resolve().as_uri()}?mode=ro"
    connection = sqlite3.connect(uri, uri=True, isolation_level=None)
    for line in sys.stdin:
        request = json.loads(line)
        times: list[float] = []
        rows: list[tuple[Any, ...]] = []
        for _ in range(request["repeat"]):
            started = perf_counter()
            cursor = connection.execute(request["sql"], request["params"])
            rows = cursor.fetchall()
            keys = {"first_column": json.dumps([row[0] for row in rows])}
            for statement in request["details"]:
                connection.execute(statement, keys).fetchall()
            times.append((perf_counter() - started) * 1000)
        names = [column[0] for column in cursor.description]
        shown = [dict(zip(names, row, strict=True)) for row in rows] if len(times) == 1 else []
        sys.stdout.write(json.dumps({"ms": times, "rows": shown}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    _serve(sys.argv[1])
