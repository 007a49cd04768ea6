"""A process that saves agents as fast as it can: ``python -m tests.stores.kode.writer CONFIG ...``.

Each of its threads saves an agent of its own and, in turn, one that all threads of all processes
share. All that one save writes bears the same token ``<writer>:<number>``, so that a reader sees at
once whether saves were lost or mixed. A token is acknowledged on standard output once it is saved.
"""

import argparse
import json
import sys
import threading
import time
from typing import Any

from stores.agent_stores import create_extended_store
from stores.conformance.samples import make_call, make_info
from stores.errors import StoreError
from stores.kode.records import Message, ToolCallRecord
from stores.kode.store import ExtendedStore

__all__ = ["SHARED_ID", "main", "own_id", "token_of_calls", "token_of_messages"]

SHARED_ID = "agt-shared"
_MESSAGES = 12
_CALLS = 4


def own_id(writer: str) -> str:
    """Return the id of the agent that only this writer saves."""
    return f"agt-own-{writer}"


def token_of_messages(messages: list[Message]) -> str:
    """Return the token that all messages of one save bear; "" without messages.

    Raises:
        AssertionError: the messages are of different saves, or some are missing.
    """
    tokens = {message.content[0]["text"] for message in messages}
    assert len(tokens) <= 1, f"saves were mixed: {sorted(tokens)}"
    assert not messages or len(messages) == _MESSAGES
    return str(tokens.pop()) if tokens else ""


def token_of_calls(calls: list[ToolCallRecord]) -> str:
    """Return the token that all calls of one save bear; see ``token_of_messages``."""
    tokens = {call.input["token"] for call in calls}
    assert len(tokens) <= 1, f"saves were mixed: {sorted(tokens)}"
    assert not calls or len(calls) == _CALLS
    return str(tokens.pop()) if tokens else ""


def main() -> int:
    """Save for so many seconds with so many threads; print acknowledgements, then a summary."""
    parser = argparse.ArgumentParser()
    parser.add_argument("config")
    parser.add_argument("process")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=1.0)
    arguments = parser.parse_args()
    errors: list[str] = []
    with create_extended_store(json.loads(arguments.config)) as store:
        _say({"ready": True})
        threads = [
            threading.Thread(
                target=_write,
                args=(store, f"{arguments.process}-{number}", arguments.seconds, errors),
            )
            for number in range(arguments.threads)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    _say({"errors": errors})
    return 0


def _write(store: ExtendedStore, writer: str, seconds: float, errors: list[str]) -> None:
    agent_id = own_id(writer)
    deadline = time.monotonic() + seconds
    number = 0
    while time.monotonic() < deadline:
        number += 1
        token = f"{writer}:{number}"
        try:
            _save(store, agent_id, token, with_info=True)
            _say({"saved": agent_id, "number": number})
            _save(store, SHARED_ID, token, with_info=False)
        except StoreError as exc:
            errors.append(str(exc))


def _save(store: ExtendedStore, agent_id: str, token: str, *, with_info: bool) -> None:
    messages = [
        Message(role="user", content=[{"type": "text", "text": token}, {"seq": seq}])
        for seq in range(_MESSAGES)
    ]
    if with_info:
        store.save_info(agent_id, make_info(agent_id, message_count=_MESSAGES))
    store.save_messages(agent_id, messages)
    calls = (make_call(f"{agent_id}-{n}", input={"token": token}) for n in range(_CALLS))
    store.save_tool_call_records(agent_id, calls)


_OUTPUT = threading.Lock()


def _say(answer: dict[str, Any]) -> None:
    with _OUTPUT:
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
