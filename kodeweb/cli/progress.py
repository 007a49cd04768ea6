"""One line on a terminal that says how far something is; silent where nobody watches."""

import sys
import time
from shutil import get_terminal_size
from types import TracebackType
from typing import Final, Self, TextIO

from kodeweb.logs import escape_control

__all__ = ["ProgressLine"]

_EVERY_S: Final = 0.1
_BAR: Final = 24


class ProgressLine:
    """Draw over the same line of standard error again and again; wiped at the end."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._is_shown = self._stream.isatty()
        self._drawn_at = 0.0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._drawn_at:
            self._write("")

    def __call__(self, done: int, total: int, what: str) -> None:
        """Show how much is done, of how much (0: not known), and what is being done."""
        now = time.monotonic()
        if not self._is_shown or now - self._drawn_at < _EVERY_S:
            return
        self._drawn_at = now
        if total:
            filled = _BAR * done // total
            bar = f"[{'#' * filled}{'.' * (_BAR - filled)}] {done * 100 // total:3d} % "
        else:
            bar = f"{done} " if done else ""
        self._write(bar + escape_control(what))

    def _write(self, text: str) -> None:
        width = get_terminal_size().columns - 1
        self._stream.write(f"\r\x1b[K{text[:width]}")
        self._stream.flush()
