"""The process that keeps one session of the sample store alive: ``python -m kodeweb.cli.live``."""

import signal
import sys
from pathlib import Path
from threading import Event, Thread

from stores.sample.live import LiveAgent

__all__ = ["main"]


def main(path: Path) -> None:
    """Write to the store until standard input ends or a signal comes."""
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and closes our input

    def watch() -> None:
        sys.stdin.buffer.read()
        stop.set()

    Thread(target=watch, daemon=True).start()
    LiveAgent(path).run(stop)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
