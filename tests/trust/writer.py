"""An agent's saves as a process of its own: ``python -m tests.trust.writer DB AGENT_ID``.

It locks as the SDK does (rollback journal, one transaction per save, 5 s busy time-out) and saves
the same session over and over. Commands come on standard input, one number of seconds a line; each
is answered by one line of JSON, so that idle and busy stretches share one process and one file.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreError
from stores.kode.records import Message

__all__ = ["main"]

SAVES_PER_S = 20
MESSAGES = 200


def main() -> int:
    """Answer each line of standard input with the saves of that many seconds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("db", type=Path)
    parser.add_argument("agent_id")
    arguments = parser.parse_args()
    messages = [
        Message(
            role="assistant" if seq % 2 else "user",
            content=[{"type": "text", "text": f"{seq} " * 400}],
        )
        for seq in range(MESSAGES)
    ]
    with SqliteStore(arguments.db) as store:
        store.save_messages(arguments.agent_id, messages)
        _say({"ready": True})
        for line in sys.stdin:
            _say(_save_for(store, arguments.agent_id, messages, float(line)))
    return 0


def _save_for(
    store: SqliteStore, agent_id: str, messages: list[Message], seconds: float
) -> dict[str, Any]:
    """Save at a steady rate; a save that takes longer than its turn loses the turns it took."""
    latencies_ms: list[float] = []
    errors: list[str] = []
    began = time.perf_counter()
    turn = 0
    while (due := turn / SAVES_PER_S) < seconds:
        time.sleep(max(0.0, began + due - time.perf_counter()))
        started = time.perf_counter()
        try:
            store.save_messages(agent_id, messages)
        except StoreError as exc:
            errors.append(str(exc))
        ended = time.perf_counter()
        latencies_ms.append((ended - started) * 1000)
        turn = max(turn + 1, int((ended - began) * SAVES_PER_S))
    return {"latencies_ms": latencies_ms, "errors": errors}


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
