"""Start the programs of database servers for one run, and stop them."""

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

__all__ = ["find", "folder_for", "free_port", "own", "program", "run", "running", "spawn"]

_START_S = 60


def find(*names: str) -> str | None:
    """Return the path of the first of these programs that is installed."""
    folders = [os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/sbin"]
    folders += [str(path) for path in sorted(Path("/usr/lib/postgresql").glob("*/bin"))[::-1]]
    return next(
        (found for name in names if (found := shutil.which(name, path=":".join(folders)))), None
    )


def program(*names: str, package: str) -> str:
    """Return the path of an installed program; on Debian as root install its package first."""
    found = find(*names)
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        for command in (["update"], ["install", "-y", package]):
            subprocess.run(["apt-get", "-q", *command], env=quiet, check=False, capture_output=True)
        found = find(*names)
    if found is None:
        raise RuntimeError(f"These tests need {names[0]}: install your system's package {package}.")
    return found


@contextlib.contextmanager
def folder_for(kind: str) -> Iterator[Path]:
    """Make a folder that goes with the server."""
    with tempfile.TemporaryDirectory(prefix=f"kodeweb-{kind}-", ignore_cleanup_errors=True) as name:
        yield Path(name)


def own(folder: Path, user: str = "postgres") -> None:
    """Give a folder to the server's own user: servers refuse to run as root."""
    if os.geteuid() == 0:
        for path in (folder, *folder.iterdir()):
            shutil.chown(path, user)


def _server_user(*, demoted: bool) -> str | None:
    return "postgres" if demoted and os.geteuid() == 0 else None


def run(command: Sequence[str | Path], *, demoted: bool = False) -> None:
    """Run a program to its end, ``demoted`` as the server's own user; raise with what it said."""
    user = _server_user(demoted=demoted)
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, cwd="/", user=user, group=user
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr[-2000:]}")


def spawn(
    command: Sequence[str | Path], folder: Path, *, demoted: bool = False
) -> subprocess.Popen[bytes]:
    """Start a program that logs into its folder, ``demoted`` as the server's own user."""
    user = _server_user(demoted=demoted)
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd="/", user=user, group=user, start_new_session=True
        )


@contextlib.contextmanager
def running(
    server: subprocess.Popen[bytes],
    answers: Callable[[], bool],
    folder: Path,
    *,
    stop: int = signal.SIGTERM,
) -> Iterator[None]:
    """Wait until a server answers; stop it in the end."""
    try:
        deadline = time.monotonic() + _START_S
        while not answers():
            if server.poll() is not None or time.monotonic() > deadline:
                log = (folder / "log").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"{folder.name} did not start: {log[-2000:]}")
            time.sleep(0.1)
        yield
    finally:
        server.send_signal(stop)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def free_port() -> int:
    """Return a port of loopback that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
