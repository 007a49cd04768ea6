"""The wall clock in the unit of every ``*_at``; tests replace it here."""

import time

__all__ = ["now_ms"]


def now_ms() -> int:
    """Return the time in milliseconds UTC."""
    return time.time_ns() // 1_000_000
