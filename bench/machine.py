"""The machine and the store that the figures belong to; without them a figure means nothing."""

import os
import platform
import sqlite3
from pathlib import Path

from bench.generate import Generated

__all__ = ["describe", "load_average"]


def load_average() -> float:
    """Return the load of the last minute, 0 where the platform does not tell."""
    return os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0


def describe(store: Generated) -> dict[str, object]:
    """Describe the machine and the store in the words of the report."""
    return {
        "processors": os.cpu_count() or 0,
        "memory_gb": _memory_gb(),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "load_at_start": load_average(),
        "messages": store.messages,
        "tool_calls": store.tool_calls,
        "failures": store.failures,
        "sessions": store.sessions,
        "store_gb": round(store.size_bytes / 1e9, 2),
        "build_s": store.build_s,
    }


def _memory_gb() -> float | None:
    """Read the size of memory from Linux; None elsewhere."""
    try:
        first = Path("/proc/meminfo").read_text(encoding="utf-8").split(maxsplit=2)
    except OSError:
        return None
    return round(int(first[1]) / 1e6, 1)
