"""The real server in a process of its own: the ``kodeweb`` command, gunicorn, hashed static files.

Nothing of production is replaced: the same settings, headers and policy, and the one-time link
that the command prints is how the browser signs in.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

__all__ = ["PASSWORD", "Kodeweb", "run_kodeweb", "seed"]

PASSWORD = "correct horse battery staple"
_START_SECONDS = 60
_KODEWEB = "import sys; from kodeweb.cli import main; sys.exit(main())"
_SEED = """
import json, sys
from pathlib import Path
from kodeweb.cli import boot
boot.start_django()
from django.contrib.auth.models import User
from kodeweb.accounts.roles import Role, set_role
from stores.interface import register_store
password, stores = json.load(sys.stdin)
for name, path in stores.items():
    register_store(Path(path), name=name)
set_role(User.objects.create_user("reader", password=password), Role.VIEWER)
"""


@dataclass
class Kodeweb:
    """A server that runs. ``link`` signs in once."""

    url: str
    link: str
    log: Path
    _seen: int = field(default=0, repr=False)

    def new_log(self) -> str:
        """Return what the server logged since the last call."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        fresh, self._seen = text[self._seen :], len(text)
        return fresh

    def csp_reports(self) -> list[str]:
        """Return the violation reports that browsers sent since the last look at the log."""
        return [line for line in self.new_log().splitlines() if "content security policy" in line]

    def wait_for_csp_report(self, seconds: float = 10) -> str:
        """Return the next violation report; browsers send them when they find the time."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if found := self.csp_reports():
                return found[0]
            time.sleep(0.05)
        raise RuntimeError(f"no violation report within {seconds} s")


def _environment(home: Path) -> dict[str, str]:
    """Return the environment without a display, and with a data directory of its own."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("KODE", "DATABASE_URL", "DJANGO", "DISPLAY", "WAYLAND"))
    }
    return {**kept, "KODEWEB_HOME": str(home), "PYTHONUNBUFFERED": "1"}


def seed(home: Path, stores: Mapping[str, Path]) -> None:
    """Register stores by name without serving, and add the user ``reader``, who may only read."""
    subprocess.run(
        [sys.executable, "-c", _SEED],
        input=json.dumps([PASSWORD, {name: str(path) for name, path in stores.items()}]),
        text=True,
        check=True,
        env=_environment(home),
    )


@contextmanager
def run_kodeweb(home: Path, *arguments: str | Path) -> Iterator[Kodeweb]:
    """Run ``kodeweb`` with these arguments on a free port until the block ends."""
    log = home.parent / f"{home.name}.log"
    command: Sequence[str] = [
        *(sys.executable, "-c", _KODEWEB),
        *map(str, arguments),
        *("--port", "0", "--no-browser"),
    ]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env=_environment(home)
        )
        try:
            yield _wait_until_ready(process, log)
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _wait_until_ready(process: "subprocess.Popen[bytes]", log: Path) -> Kodeweb:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        text = log.read_text(encoding="utf-8", errors="replace")
        url = re.search(r"kodeweb serves on (http\S+)/", text)
        link = re.search(r"Sign in, once, within 15 minutes: (\S+)", text)
        if url and link:
            return Kodeweb(url=url[1], link=link[1], log=log)
        if process.poll() is not None:
            raise RuntimeError(f"kodeweb ended with {process.returncode}:\n{text}")
        time.sleep(0.05)
    raise RuntimeError(f"kodeweb did not start within {_START_SECONDS} s:\n{log.read_text()}")
