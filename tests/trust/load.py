"""Eight people who browse and export as fast as the server answers, each on its own connection."""

import itertools
import json
import os
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from bench.client import Client

__all__ = ["Browsed", "browse_paths", "browsing"]

#: Filters that hit an index, filters that scan, text that is rare and text that is not there.
_LISTS = (
    "sessions/",
    "sessions/?has=failures",
    "sessions/?has=forks&sort=created",
    "sessions/?status=idle",
    "sessions/?template=code-reviewer",
    "messages/",
    "messages/?role=assistant&type=tool_use",
    "messages/?type=audio",
    "messages/?text=no-such-text-anywhere",
    "messages/?text=the&sort=session",
    "tool-calls/",
    "tool-calls/?state=FAILED&state=DENIED",
    "tool-calls/?tool=bash_run&state=FAILED",
    "tool-calls/?text=no-such-text-anywhere",
    "tool-calls/?min_duration=5s&sort=name",
    "tool-calls/?approval=asked&by=api",
)
_COUNTED = ("messages/", "messages/?type=audio", "tool-calls/?state=FAILED")
_EXPORTS = (
    "sessions.csv",
    "tool-calls.jsonl?state=FAILED",
    "messages.csv?role=user",
    "messages.jsonl?text=no-such-text-anywhere",
)


def browse_paths(base: str, sessions: Sequence[str], calls: Sequence[str]) -> list[list[str]]:
    """Return what each of eight readers asks for, again and again; two of them only export."""
    pages = [base + path for path in _LISTS]
    pages += [f"{base}{path}{'&' if '?' in path else '?'}count=1" for path in _COUNTED]
    pages += [f"{base}sessions/{agent_id}/" for agent_id in sessions]
    pages += [f"{base}sessions/{agent_id}/?seq=100" for agent_id in sessions]
    pages += [f"{base}tool-calls/{call_id}/" for call_id in calls]
    turned = [pages[3 * reader :] + pages[: 3 * reader] for reader in range(6)]
    exports = [base + path for path in _EXPORTS]
    return [*turned, exports, exports[::-1]]


@dataclass
class Load:
    """Readers that run until stopped, and what the server answered them."""

    port: int
    cookie: str
    paths: list[list[str]]
    statuses: Counter[int] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Read with one thread for each list of paths until told to stop."""
        threads = [threading.Thread(target=self._read, args=(mine,)) for mine in self.paths]
        for thread in threads:
            thread.start()
        sys.stdin.read()
        self.stop.set()
        for thread in threads:
            thread.join()

    def _read(self, paths: Sequence[str]) -> None:
        client = Client(self.port, {"Cookie": self.cookie})
        for path in itertools.cycle(paths):
            if self.stop.is_set():
                break
            answer = client.get(path)
            self.statuses[answer.status] += 1
            if answer.status != 200:
                self.failures.append(f"{answer.status} {path}")
        client.close()


@dataclass(frozen=True)
class Browsed:
    """How many answers there were; filled when the readers have stopped."""

    answers: list[int] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


@contextmanager
def browsing(port: int, cookie: str, paths: list[list[str]]) -> Iterator[Browsed]:
    """Let readers run beside the block, in a process of their own."""
    browsed = Browsed()
    request = json.dumps({"port": port, "cookie": cookie, "paths": paths}) + "\n"
    command = [sys.executable, "-m", "tests.trust.load"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        process.stdin.write(request.encode())
        process.stdin.flush()
        yield browsed
        answer = json.loads(process.communicate(timeout=60)[0])
    browsed.answers.append(sum(answer["statuses"].values()))
    browsed.failures.extend(answer["failures"])


if __name__ == "__main__":
    # The readers stand for people at other machines: theirs is not the processor in question.
    os.nice(10)
    load = Load(**json.loads(sys.stdin.readline()))
    load.run()
    sys.stdout.write(json.dumps({"statuses": load.statuses, "failures": load.failures}) + "\n")
