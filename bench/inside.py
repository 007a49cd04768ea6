"""What can only be asked inside kodeweb, in a process of its own.

``prepare`` registers stores and signs in; ``look`` counts the statements of each page and walks to
the deep pages' cursors. One JSON document on stdin, one on stdout; the environment names the
bench's own data directory, so nobody's kodeweb is touched. Imports are inside the functions, since
Django's models can be imported only after its set-up.
"""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from time import perf_counter
from typing import Any

import django

__all__: list[str] = []

_WALK_ROWS = 200


def _prepare(request: dict[str, Any]) -> dict[str, Any]:
    """Register the stores at the paths given; return their slugs and a signed-in cookie."""
    from django.conf import settings
    from django.test import Client

    from kodeweb.accounts.links import owner
    from stores.interface import register_store

    slugs = []
    for path in map(Path, request["paths"]):
        store = register_store(path, files=path.parent / "store", name=path.parent.name)
        slugs.append(store.slug)
    client = Client()
    client.force_login(owner())
    name = settings.SESSION_COOKIE_NAME
    return {"slugs": slugs, "cookie": f"{name}={client.cookies[name].value}"}


class _Statements:
    """What the SQLite reader ran since the last look."""

    def __init__(self) -> None:
        self.count = 0
        self.spent_ms = 0.0
        self.longest_ms = 0.0

    def take(self) -> dict[str, float]:
        """Return the figures and start again."""
        taken = {"count": self.count, "spent_ms": self.spent_ms, "longest_ms": self.longest_ms}
        self.count, self.spent_ms, self.longest_ms = 0, 0.0, 0.0
        return taken


@contextmanager
def _counted() -> Iterator[_Statements]:
    """Count each statement of the reader by wrapping the one method that runs them."""
    from stores.backends.sqlite.connection import Reading

    seen = _Statements()
    plain: Callable[..., Any] = Reading.fetch

    def fetch(self: Reading, *args: Any, **kwargs: Any) -> Any:
        started = perf_counter()
        try:
            return plain(self, *args, **kwargs)
        finally:
            spent = (perf_counter() - started) * 1000
            seen.count += 1
            seen.spent_ms += spent
            seen.longest_ms = max(seen.longest_ms, spent)

    Reading.fetch = fetch  # type: ignore[method-assign]  # for this short-lived process only
    try:
        yield seen
    finally:
        Reading.fetch = plain  # type: ignore[method-assign]


def _look(request: dict[str, Any]) -> dict[str, Any]:
    """Fetch each path twice and describe the second time: first visits fill caches."""
    from django.test import Client

    host = f"127.0.0.1:{request['port']}"
    name, _, value = request["cookie"].partition("=")
    client = Client(headers={"host": host})
    client.cookies[name] = value
    pages: dict[str, Any] = {}
    with _counted() as seen:
        for key, (path, region) in request["pages"].items():
            for is_partial in (True, False):
                headers = {"HX-Request": "true", "HX-Target": region} if is_partial else {}
                client.get(path, headers=headers)
                seen.take()
                response = client.get(path, headers=headers)
                label = key if is_partial else f"{key} (full)"
                pages[label] = {**seen.take(), "status": response.status_code}
    return {"pages": pages}


def _walk(request: dict[str, Any]) -> dict[str, Any]:
    """Return the cursor behind ``rows`` rows of each list, walked page by page."""
    from stores.interface import (
        MessageQuery,
        SessionQuery,
        ToolCallQuery,
        get_store,
        open_reader,
    )

    reader: Any = open_reader(get_store(request["slug"]))
    lists = {
        "sessions": (SessionQuery(), reader.list_sessions),
        "messages": (MessageQuery(), reader.list_messages),
        "tool calls": (ToolCallQuery(), reader.list_tool_calls),
    }
    cursors: dict[str, str] = {}
    for name, rows in request["rows"].items():
        query, read = lists[name]
        query = replace(query, limit=_WALK_ROWS)
        left = rows
        while left > 0:
            page = read(replace(query, limit=min(left, _WALK_ROWS)))
            left -= len(page.rows)
            if page.next is None:
                break
            query = replace(query, cursor=page.next)
        if left <= 0 and query.cursor is not None:
            cursors[name] = query.cursor.encode(scope=query.scope(reader.store_id))
    return {"cursors": cursors}


_TASKS = {"prepare": _prepare, "look": _look, "walk": _walk}


def main() -> int:
    """Answer the one task named on the command line."""
    django.setup()
    answer = _TASKS[sys.argv[1]](json.loads(sys.stdin.read()))
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
