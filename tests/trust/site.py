"""Drive :mod:`tests.trust.child` and notice when it dies or hangs."""

import json
import os
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.servers import with_environment

__all__ = ["Site", "Visit"]

_START_S = 60.0


@dataclass(frozen=True)
class Visit:
    """What one address answered. ``text`` is what the page says, ``error`` a traceback."""

    url: str
    status: int
    ms: float
    text: str
    rows: int
    marks: int
    error: str


@dataclass
class Site:
    """kodeweb in a child process; a child that dies or hangs is counted and replaced."""

    home: Path
    deaths: list[str] = field(default_factory=list)
    _child: "subprocess.Popen[bytes] | None" = None

    def visit(self, db: Path, paths: list[str], *, limit_s: float) -> list[Visit]:
        """Fetch addresses below a store's; empty when the child died or took too long."""
        is_first = self._child is None
        child = self._child or self._start()
        request = json.dumps({"db": str(db), "paths": paths}) + "\n"
        answer = self._ask(child, request, limit_s + (_START_S if is_first else 0))
        if answer is None:
            code = child.poll()
            how = "hung" if code is None else f"died with {code}"
            self.deaths.append(f"{how}: {(self.home / 'child.log').read_text()[-400:]}")
            self.close()
            return []
        return [Visit(**page) for page in answer["pages"]]

    def _ask(
        self, child: "subprocess.Popen[bytes]", request: str, limit_s: float
    ) -> dict[str, Any] | None:
        assert child.stdin is not None
        assert child.stdout is not None
        try:
            child.stdin.write(request.encode())
            child.stdin.flush()
        except BrokenPipeError:
            return None
        ready, _, _ = select.select([child.stdout], [], [], limit_s)
        line = child.stdout.readline() if ready else b""
        return json.loads(line) if line else None

    def _start(self) -> "subprocess.Popen[bytes]":
        self.home.mkdir(parents=True, exist_ok=True)
        environment = {
            "KODEWEB_HOME": str(self.home / "kodeweb"),
            "DJANGO_SETTINGS_MODULE": "kodeweb.settings",
            "PYTHONFAULTHANDLER": "1",
        }
        command = [sys.executable, "-m", "tests.trust.child"]
        with (self.home / "child.log").open("ab") as log:
            self._child = subprocess.Popen(
                with_environment(environment, command),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=Path(__file__).resolve().parents[2],
                env={name: value for name, value in os.environ.items() if "KODEWEB" not in name},
            )
        return self._child

    def close(self) -> None:
        """End the child."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            for pipe in (self._child.stdin, self._child.stdout):
                if pipe is not None:
                    pipe.close()
        self._child = None

    def __enter__(self) -> "Site":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
