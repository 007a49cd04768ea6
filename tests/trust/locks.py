"""Who holds SQLite's lock on a file, and for how long, seen from outside: ``/proc/locks``.

``python -m tests.trust.locks FILE PID`` looks a thousand times a second, leaves the process PID
(the agent) out, and prints one line of JSON when standard input ends. A process that let the lock
go and took it again between two looks counts as having held it throughout, so that the figure is
never too small.
"""

import json
import os
import sys
import threading
import time
from pathlib import Path

__all__ = ["main"]

_EVERY_S = 0.001
_LOCKS = Path("/proc/locks")


def main(path: Path, agent: int) -> int:
    """Look until standard input ends; print the longest hold of each process, in ms."""
    inode = f":{path.stat().st_ino}"
    done = threading.Event()
    threading.Thread(target=_wait_for_end, args=(done,), daemon=True).start()
    since: dict[int, float] = {}
    longest: dict[int, float] = {}
    looks, blind_ms, last = 0, 0.0, time.perf_counter()
    if not _LOCKS.exists():  # not Linux: nothing to look at, and zero looks say so
        done.wait()
    while not done.is_set():
        now = time.perf_counter()
        blind_ms = max(blind_ms, (now - last) * 1000)
        holders = _holders(inode) - {agent}
        for pid in since.keys() - holders:
            held_ms = (last - since.pop(pid)) * 1000
            longest[pid] = max(longest.get(pid, 0.0), held_ms)
        for pid in holders:
            since.setdefault(pid, now)
        looks, last = looks + 1, now
        time.sleep(_EVERY_S)
    answer = {"longest_ms": longest, "looks": looks, "blind_ms": blind_ms}
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0


def _wait_for_end(done: threading.Event) -> None:
    sys.stdin.read()
    done.set()


def _holders(inode: str) -> set[int]:
    """Return the processes with a shared lock: a read lock on SQLite's shared bytes."""
    found = set()
    with _LOCKS.open(encoding="ascii") as file:
        for line in file:
            fields = line.split()
            if fields[1] == "POSIX" and fields[-3].endswith(inode) and fields[-5] == "READ":
                found.add(int(fields[-4]))
    return found


if __name__ == "__main__":
    os.nice(-5) if os.geteuid() == 0 else None
    sys.exit(main(Path(sys.argv[1]), int(sys.argv[2])))
