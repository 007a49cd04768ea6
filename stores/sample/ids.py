"""Ids, times and pictures of the shapes that the SDK and the model providers give."""

import base64
import struct
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random

__all__ = ["agent_id", "base36", "call_id", "from_iso", "iso", "png_base64"]

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"


def agent_id(at_ms: int, rng: Random) -> str:
    """Name an agent as ``Agent.create`` does: the time, then chance."""
    head = []
    for _ in range(10):
        at_ms, rest = divmod(at_ms, 32)
        head.append(_CROCKFORD[rest])
    return "agt-" + "".join(reversed(head)) + "".join(rng.choices(_CROCKFORD, k=16))


def base36(number: int) -> str:
    """Write a number as JavaScript's ``toString(36)`` does."""
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits or "0"


def call_id(rng: Random) -> str:
    """Name a tool call as the model does."""
    return "toolu_" + "".join(rng.choices(_BASE58, k=22))


def iso(at_ms: int) -> str:
    """Write a time as JavaScript's ``toISOString`` does."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


def from_iso(text: str) -> int:
    """Read what ``iso`` wrote."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def png_base64(width: int, height: int, colour: Callable[[int, int], tuple[int, int, int]]) -> str:
    """Draw a small PNG, pixel by pixel, and return it as base64."""
    rows = b"".join(
        b"\0" + bytes(part for x in range(width) for part in colour(x, y)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + body).decode("ascii")
