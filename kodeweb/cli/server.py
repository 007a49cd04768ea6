"""The web server: gunicorn inside this process, quiet, and gone within three seconds."""

import logging
import os
import signal
import socket
import subprocess
import sys
import webbrowser
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Thread
from typing import Any

from django.db import connections
from gunicorn.app.base import BaseApplication

from kodeweb import env

__all__ = ["keep_alive", "open_browser", "run_server"]

logger = logging.getLogger("kodeweb.server")

_OPTIONS: dict[str, Any] = {
    "worker_class": "gthread",
    "workers": 2,
    "threads": 4,
    "graceful_timeout": 1,
    "timeout": 60,
    "keepalive": 15,
    "limit_request_line": 8190,
    "limit_request_fields": 60,
    "loglevel": "warning",
    "accesslog": None,  # our own middleware writes the request line
    # Nothing that a client claims about itself is believed, see kodeweb.wsgi.
    "forwarded_allow_ips": "",
    "secure_scheme_headers": {},
    "control_socket_disable": True,
}


class _Server(BaseApplication):  # type: ignore[misc]  # gunicorn has no types
    """Gunicorn on a socket that is already bound."""

    def __init__(self, listener: socket.socket, when_ready: Callable[[], None]) -> None:
        self._listener = listener
        self._when_ready = when_ready
        super().__init__()

    def load_config(self) -> None:
        """Set our options; no file, no variable of gunicorn's is read."""
        for name, value in _OPTIONS.items():
            self.cfg.set(name, value)
        self.cfg.set("bind", f"fd://{self._listener.fileno()}")
        self.cfg.set("when_ready", self._announce)
        self.cfg.set("pre_fork", _close_connections)
        self.cfg.set("post_worker_init", _settle_worker)
        self.cfg.set("worker_exit", _end_at_once)

    def load(self) -> Any:
        """Return the application, made in each worker."""
        from kodeweb.wsgi import application

        return application

    def _announce(self, arbiter: Any) -> None:
        self._when_ready()


def run_server(listener: socket.socket, *, when_ready: Callable[[], None]) -> None:
    """Serve until SIGTERM or SIGINT; ``when_ready`` runs once, just before the workers start."""
    connections.close_all()
    _Server(listener, when_ready).run()


def _close_connections(arbiter: Any, worker: Any) -> None:
    """A database connection must not be shared by a parent and its child."""
    connections.close_all()


def _settle_worker(worker: Any) -> None:
    """A terminal sends Ctrl-C to the whole group; only the parent may act on it, once.

    Threads pass the interpreter lock on sooner than by default (5 ms): the one that ends long
    statements, so that agents can commit, must not queue behind those that render pages. And where
    agents and pages want the same processor, agents come first (figures in docs/trust.md).
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    sys.setswitchinterval(0.0005)
    os.nice(5)


def _end_at_once(arbiter: Any, worker: Any) -> None:
    """Leave without waiting for threads that wait for a browser's idle connection."""
    logging.shutdown()
    os._exit(0)


def open_browser(url: str) -> None:
    """Open the address in a graphical browser; a text browser would take over the terminal."""
    if env.has_display():
        Thread(target=webbrowser.open, args=(url,), daemon=True).start()


@contextmanager
def keep_alive(path: Path) -> Iterator[None]:
    """Run the sample store's live agent beside the server.

    A process of its own: gunicorn forks, and a fork while a thread is inside SQLite can leave the
    child with a lock that nobody releases. The child ends when its standard input does, so it
    cannot outlive this process, however that one ends.
    """
    command = [sys.executable, "-m", "kodeweb.cli.live", str(path)]
    child = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 (our own module)
    parent = os.getpid()
    try:
        yield
    finally:
        if os.getpid() == parent and child.stdin:
            child.stdin.close()
            # Never killed: a writer that dies inside a save leaves a journal to roll back.
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=1)
