"""Take passwords out of what the system shows of this process to everybody on the machine."""

import ctypes
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

__all__ = ["hide_passwords", "without_passwords"]

_STAT: Final = Path("/proc/self/stat")
# Where the command line lies in memory: fields 48 and 49, of which the first two are left out.
_ARG_START, _ARG_END = 45, 46
_MOST_BYTES: Final = 1 << 21
_PASSWORDS: Final = (
    re.compile(rb"://[^/?#\s:@]*:([^\0]*)@"),
    re.compile(rb"password=([^&\0]*)", re.I),
)


def without_passwords(word: bytes) -> bytes:
    """Return an argument of the same length, the passwords of addresses in it as stars."""
    for pattern in _PASSWORDS:
        word = pattern.sub(_starred, word)
    return word


def hide_passwords() -> None:
    """Overwrite the passwords in this process's command line, where the system allows it.

    Arguments that were read already stay as they were given.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        fields = _STAT.read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        start, end = int(fields[_ARG_START]), int(fields[_ARG_END])
    except (OSError, ValueError, IndexError):
        return
    if not 0 < start < end <= start + _MOST_BYTES:
        return
    words = ctypes.string_at(start, end - start)
    hidden = _all_without_passwords(words.split(b"\0"))
    if hidden != words and len(hidden) == len(words):
        ctypes.memmove(start, hidden, len(hidden))


def _all_without_passwords(words: Sequence[bytes]) -> bytes:
    return b"\0".join(without_passwords(word) for word in words)


def _starred(match: re.Match[bytes]) -> bytes:
    whole, begin = match[0], match.start(1) - match.start(0)
    length = len(match[1])
    return whole[:begin] + b"*" * length + whole[begin + length :]
