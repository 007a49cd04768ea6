"""Start and stop the servers that are measured, on loopback ports of their own."""

import http.client
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import monotonic, sleep

__all__ = [
    "Server",
    "free_port",
    "is_installed",
    "peer_command",
    "rss_mb",
    "running",
    "with_environment",
]

_START_S = 60.0


@dataclass(frozen=True)
class Server:
    """A running server: its first process and its port."""

    name: str
    process_id: int
    port: int


def free_port() -> int:
    """Return a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def is_installed(module: str) -> bool:
    """Whether a peer is there to be measured."""
    return find_spec(module) is not None


def with_environment(variables: Mapping[str, str], command: Sequence[str]) -> list[str]:
    """Prefix a command so that it runs with further environment variables."""
    return ["/usr/bin/env", *(f"{name}={value}" for name, value in variables.items()), *command]


@contextmanager
def running(name: str, command: Sequence[str], port: int, log: Path) -> Iterator[Server]:
    """Run a server until the block ends; what it prints goes to ``log``."""
    with log.open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        try:
            _wait_for(process, name, port, log)
            yield Server(name, process.pid, port)
        finally:
            process.terminate()
            try:
                process.wait(timeout=15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait(timeout=15)


def _wait_for(process: "subprocess.Popen[bytes]", name: str, port: int, log: Path) -> None:
    """Wait until the server answers a request; a bound port alone may belong to its preparations.

    Raises:
        RuntimeError: it ended or stayed silent; the message has the end of its log.
    """
    deadline = monotonic() + _START_S
    while monotonic() < deadline and process.poll() is None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_START_S)
        try:
            connection.request("GET", "/")
            connection.getresponse().read()
            return
        except OSError:
            sleep(0.05)
        finally:
            connection.close()
    tail = log.read_text(encoding="utf-8", errors="replace")[-2_000:]
    raise RuntimeError(f"{name} did not start on port {port}:\n{tail}")


def peer_command(name: str, database: Path, port: int) -> list[str]:
    """Return the command that serves ``database`` with a peer, as its users would start it."""
    if name == "datasette":
        return [sys.executable, "-m", "datasette", "serve", str(database), "-p", str(port)]
    return [
        sys.executable,
        "-m",
        "sqlite_web.sqlite_web",
        "-x",
        "-r",
        "-q",
        "-p",
        str(port),
        str(database),
    ]


def rss_mb(process_id: int) -> list[float]:
    """Return the resident memory of each child of a process, or of itself without children.

    Empty where there is no ``/proc``.
    """
    proc = Path("/proc")
    if not (proc / str(process_id) / "status").exists():
        return []
    children = [
        number for number in _process_ids(proc) if _status(proc, number, "PPid") == process_id
    ]
    sizes = [_status(proc, number, "VmRSS") for number in children or [process_id]]
    return [size / 1024 for size in sizes if size is not None]


def _process_ids(proc: Path) -> list[int]:
    return [int(entry.name) for entry in proc.iterdir() if entry.name.isdigit()]


def _status(proc: Path, process_id: int, field: str) -> int | None:
    """Read one number of a process's status; None when the process is gone."""
    try:
        lines = (proc / str(process_id) / "status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith(f"{field}:"):
            return int(line.split()[1])
    return None
