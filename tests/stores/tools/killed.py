"""Runs of the tools that may be killed: ``python -m tests.stores.tools.killed``.

One JSON request a line, ``{"job": name, "kill_after": seconds or null, ...}``; each runs in a child
of this process. The answer is how the child ended and the seconds that it took.
"""

import json
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from stores.tools.backup import back_up
from stores.tools.migrate import migrate
from stores.tools.places import Place, find_place, open_source, open_target
from stores.tools.prune import Journal, Rule, find_old, prune
from stores.tools.restore import restore

__all__: list[str] = []

Request = dict[str, Any]


def main() -> int:
    """Answer request after request until standard input ends."""
    for line in sys.stdin:
        request = json.loads(line)
        child = os.fork()
        if not child:
            status = 1
            try:
                JOBS[request["job"]](request)
                status = 0
            finally:
                os._exit(status)
        began = time.monotonic()
        if request["kill_after"] is not None:
            time.sleep(request["kill_after"])
            os.kill(child, signal.SIGKILL)
        _, ended = os.waitpid(child, 0)
        answer = [os.waitstatus_to_exitcode(ended), time.monotonic() - began]
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()
    return 0


def _place(request: Request, name: str) -> Place:
    files = request.get(f"{name}_files")
    return find_place(request[name], Path(files) if files else None)


def _migrate(request: Request) -> None:
    with (
        open_source(_place(request, "source")) as source,
        open_target(_place(request, "target")) as target,
    ):
        migrate(source, target)


def _backup(request: Request) -> None:
    back_up(_place(request, "source"), Path(request["archive"]))


def _restore(request: Request) -> None:
    restore(Path(request["archive"]), _place(request, "target"))


def _prune(request: Request) -> None:
    place = _place(request, "source")
    rule = Rule(before_ms=request["before_ms"], now_ms=request["now_ms"], with_forks=True)
    journal = Journal(Path(request["journal"]))
    with open_source(place) as store:
        journal.finish(store)
        found, _spared = find_old(store, place.files, rule)
        prune(store, place.files, found, rule, journal=journal)


JOBS: dict[str, Callable[[Request], None]] = {
    "migrate": _migrate,
    "backup": _backup,
    "restore": _restore,
    "prune": _prune,
}

if __name__ == "__main__":
    sys.exit(main())
