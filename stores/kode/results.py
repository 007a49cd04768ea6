"""What the query and maintenance methods of an agent store answer.

``to_json`` gives the SDK's camelCase shape. Times are ISO 8601 text in UTC, as the SDK's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import ClassVar

from stores.kode.records import Record

__all__ = [
    "ConsistencyResult",
    "DatabaseHealth",
    "FileSystemHealth",
    "OperationMetrics",
    "PerformanceMetrics",
    "SessionInfo",
    "StorageMetrics",
    "StoreHealth",
    "StoreMetrics",
    "StoreStats",
    "utc_now_iso",
]


def utc_now_iso() -> str:
    """Return the time as JavaScript's ``toISOString`` writes it."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionInfo(Record):
    """A row of ``query_sessions``. ``breakpoint`` is the column, which ``Agent`` leaves empty."""

    agent_id: str
    template_id: str
    created_at: str
    message_count: int
    last_sfp_index: int
    breakpoint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreStats(Record):
    """The numbers of one session; an unknown one has zeros. States are upper case."""

    total_messages: int = 0
    total_tool_calls: int = 0
    total_snapshots: int = 0
    avg_messages_per_session: float = 0
    tool_calls_by_name: Mapping[str, int] = field(default_factory=dict)
    tool_calls_by_state: Mapping[str, int] = field(default_factory=dict)

    @property
    def success_rate(self) -> float | None:
        """Completed calls among all, in percent with two decimals; None without calls."""
        if not self.total_tool_calls:
            return None
        completed = self.tool_calls_by_state.get("COMPLETED", 0)
        return round(completed / self.total_tool_calls * 100, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class DatabaseHealth(Record):
    """Whether the database answers, and how fast. A JSON store has none and counts as connected."""

    connected: bool
    latency_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FileSystemHealth(Record):
    """Whether files can be made in the base directory."""

    writable: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreHealth(Record):
    """The answer of ``health_check``, which never raises; healthy is both halves."""

    healthy: bool
    database: DatabaseHealth
    file_system: FileSystemHealth
    checked_at: str = field(default_factory=utc_now_iso)
    nested: ClassVar[Mapping[str, type[Record]]] = {
        "database": DatabaseHealth,
        "file_system": FileSystemHealth,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistencyResult(Record):
    """What is wrong with one session, in sentences; empty when nothing is."""

    consistent: bool
    issues: tuple[str, ...] = ()
    checked_at: str = field(default_factory=utc_now_iso)


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationMetrics(Record):
    """How often this store object was asked to do what."""

    saves: int = 0
    loads: int = 0
    queries: int = 0
    deletes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PerformanceMetrics(Record):
    """How long those operations took, in milliseconds."""

    avg_latency_ms: float = 0
    max_latency_ms: float = 0
    min_latency_ms: float = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class StorageMetrics(Record):
    """How much the store holds; ``db_size_bytes`` is absent without a database."""

    total_agents: int
    total_messages: int
    total_tool_calls: int
    db_size_bytes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreMetrics(Record):
    """The answer of ``get_metrics``."""

    operations: OperationMetrics
    performance: PerformanceMetrics
    storage: StorageMetrics
    collected_at: str = field(default_factory=utc_now_iso)
    nested: ClassVar[Mapping[str, type[Record]]] = {
        "operations": OperationMetrics,
        "performance": PerformanceMetrics,
        "storage": StorageMetrics,
    }
