"""Count what a store object is asked to do, and how long that takes.

The SDK declares these numbers and always answers 0; here they are real.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final, Literal

from stores.kode.results import OperationMetrics, PerformanceMetrics

__all__ = ["Operation", "Operations"]

Operation = Literal["saves", "loads", "queries", "deletes"]
_KINDS: Final[tuple[Operation, ...]] = ("saves", "loads", "queries", "deletes")


class Operations:
    """The counters of one store object; safe to share among threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts = dict.fromkeys(_KINDS, 0)
        self._total_ms = 0.0
        self._max_ms = 0.0
        self._min_ms = 0.0

    @contextmanager
    def timed(self, kind: Operation) -> Iterator[None]:
        """Count one operation with the time it takes, whether it fails or not."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._note(kind, (time.perf_counter() - began) * 1000)

    def metrics(self) -> tuple[OperationMetrics, PerformanceMetrics]:
        """Return the counts, and the mean, longest and shortest time in milliseconds."""
        with self._lock:
            counts = OperationMetrics(
                saves=self._counts["saves"],
                loads=self._counts["loads"],
                queries=self._counts["queries"],
                deletes=self._counts["deletes"],
            )
            total = sum(self._counts.values())
            performance = PerformanceMetrics(
                avg_latency_ms=self._total_ms / total if total else 0,
                max_latency_ms=self._max_ms,
                min_latency_ms=self._min_ms,
            )
        return counts, performance

    def _note(self, kind: Operation, took_ms: float) -> None:
        with self._lock:
            is_first = not any(self._counts.values())
            self._counts[kind] += 1
            self._total_ms += took_ms
            self._max_ms = max(self._max_ms, took_ms)
            self._min_ms = took_ms if is_first else min(self._min_ms, took_ms)
