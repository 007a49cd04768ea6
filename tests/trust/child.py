"""The whole site in a process that may die: ``python -m tests.trust.child``.

One JSON request a line: ``{"db": path, "paths": [...]}`` with addresses below the store's. The
answer names, for each, its status, the time it took and what the page says; a crash of SQLite, a
hang or an exception therefore belongs to the one store that was being read.
"""

import json
import re
import sys
import time
import traceback
from html import unescape
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.core.signals import got_request_exception

__all__: list[str] = []

_TAGS = re.compile(r"<(script|style|svg).*?</\1>|<[^>]+>", re.DOTALL)
_MAIN = re.compile(r"<main.*?</main>", re.DOTALL)
_BROKEN = "(the export broke off)"


def main() -> int:
    """Answer request after request until standard input ends."""
    _start()
    from django.test import Client

    from kodeweb.accounts.links import owner
    from stores.interface import register_store

    client = Client(raise_request_exception=False)
    client.force_login(owner())
    caught: list[str] = []
    got_request_exception.connect(lambda **_: caught.append(traceback.format_exc()), weak=False)
    for line in sys.stdin:
        request = json.loads(line)
        store = register_store(Path(request["db"]))
        answers = []
        for path in request["paths"]:
            caught.clear()
            url = path if path.startswith("/") else f"/browse/{store.slug}/{path}"
            answers.append(_visit(client, url, caught))
        sys.stdout.write(json.dumps({"pages": answers}) + "\n")
        sys.stdout.flush()
    return 0


def _start() -> None:
    """Configure Django for this process alone: the environment names its data directory."""
    import logging

    from django.core.management import call_command

    from kodeweb.home import prepare_home

    prepare_home()
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}
    settings.STATIC_ROOT.mkdir(exist_ok=True)
    django.setup()
    logging.disable(logging.CRITICAL)
    call_command("migrate", interactive=False, verbosity=0)


def _visit(client: Any, url: str, caught: list[str]) -> dict[str, Any]:
    """Fetch one address to its last byte."""
    began = time.monotonic()
    response = client.get(url, headers={"host": "127.0.0.1"})
    note = ""
    if response.streaming:
        parts = []
        try:
            parts.extend(response.streaming_content)
        except Exception as exc:  # any kind is what is being looked for
            note = f"{_BROKEN} {type(exc).__name__}: {exc}"
        body = b"".join(parts).decode("utf-8", "replace")
    else:
        body = response.content.decode("utf-8", "replace")
    is_html = "html" in response.get("Content-Type", "")
    found = _MAIN.search(body) if is_html else None
    text = " ".join(unescape(_TAGS.sub(" ", found.group() if found else body)).split())
    return {
        "url": url,
        "status": response.status_code,
        "ms": (time.monotonic() - began) * 1000,
        "text": note or text[:600],
        "rows": body.count("<tr") if is_html else body.count("\n"),
        "marks": body.count("data-problem"),
        "error": caught[-1][-1500:] if caught else "",
    }


if __name__ == "__main__":
    sys.exit(main())
