"""UUID version 7: ids that sort by the time they were made. Python has them from 3.14 on."""

import secrets
import time
import uuid

__all__ = ["new_id"]


def new_id() -> str:
    """Make a UUIDv7 (RFC 9562), lower-case and hyphenated."""
    milliseconds = time.time_ns() // 1_000_000
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76 | secrets.randbits(12) << 64
    value |= 0b10 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=value))
