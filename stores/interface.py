"""The public face of the data side. Pages and commands import from here and nowhere else.

``Store`` is the registered store of the dashboard; the SDK's interface of that name is
``AgentStore`` here, and its ``Approval`` and ``AuditEntry`` end in ``Record``.
"""

from stores.agent_stores import create_extended_store, create_store
from stores.backends.jsondir.agent_store import JSONStore
from stores.backends.jsondir.inspect import inspect_json
from stores.backends.postgres.agent_store import PostgresStore
from stores.backends.postgres.inspect import inspect_postgres
from stores.backends.sqlite.agent_store import SqliteStore
from stores.backends.sqlite.inspect import inspect_sqlite
from stores.browse.json_text import parse_json, repair_json_prefix
from stores.browse.metadata import mask_secrets
from stores.browse.queries import (
    BLOCK_TYPES,
    PAGE_SIZES,
    TOOL_CALL_STATES,
    Count,
    Cursor,
    MessageQuery,
    Page,
    Query,
    SessionQuery,
    ToolCallQuery,
)
from stores.browse.reader import Reader
from stores.browse.records import (
    Approval,
    AuditEntry,
    Block,
    BlockContent,
    ChildSession,
    MessageRow,
    SessionDetail,
    SessionRow,
    SessionStatus,
    SnapshotRow,
    ToolCall,
    ToolCallRow,
    Transcript,
    Turn,
)
from stores.browse.store_records import Facet, ReplicaState, StoreDescription, StoreOverview
from stores.connections import read_target
from stores.errors import (
    AgentLocked,
    InvalidAgentId,
    InvalidCursor,
    InvalidQuery,
    MessageNotFound,
    SessionNotFound,
    StoreError,
    StoreNotFound,
    StoreUnavailable,
    ToolCallNotFound,
    UnsupportedOperation,
)
from stores.kode.agent_folders import BrokenFile
from stores.kode.event_log import Event, EventPage, EventPosition
from stores.kode.filters import MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.plugins import inspect_plugin
from stores.kode.records import (
    AgentInfo,
    Bookmark,
    CompressionRecord,
    HistoryWindow,
    MediaCacheRecord,
    Message,
    RecoveredFile,
    Snapshot,
    Timeline,
    TodoItem,
    TodoSnapshot,
    ToolCallRecord,
)
from stores.kode.records import Approval as ApprovalRecord
from stores.kode.records import AuditEntry as AuditRecord
from stores.kode.results import (
    ConsistencyResult,
    SessionInfo,
    StoreHealth,
    StoreMetrics,
    StoreStats,
)
from stores.kode.row_values import BrokenRow
from stores.kode.store import ExtendedStore, FileHalf, QueryableStore
from stores.kode.store import Store as AgentStore
from stores.kode.todos import Todo, TodoList
from stores.models import Store
from stores.named_places import resolve_place
from stores.registration import (
    register_json_store,
    register_plugin_store,
    register_postgres_store,
    register_store,
    remove_store,
)
from stores.registry import close_readers, get_store, list_stores, open_reader
from stores.tools.backup import back_up
from stores.tools.check import StoreCheck, check_store
from stores.tools.migrate import Migration, migrate
from stores.tools.places import Place, check_same_store, exists, open_source, open_target
from stores.tools.prune import Candidate, Journal, Pruning, Rule, age_ms, find_old, prune
from stores.tools.restore import restore

__all__ = [
    "BLOCK_TYPES",
    "PAGE_SIZES",
    "TOOL_CALL_STATES",
    "AgentInfo",
    "AgentLocked",
    "AgentStore",
    "Approval",
    "ApprovalRecord",
    "AuditEntry",
    "AuditRecord",
    "Block",
    "BlockContent",
    "Bookmark",
    "BrokenFile",
    "BrokenRow",
    "Candidate",
    "ChildSession",
    "CompressionRecord",
    "ConsistencyResult",
    "Count",
    "Cursor",
    "Event",
    "EventPage",
    "EventPosition",
    "ExtendedStore",
    "Facet",
    "FileHalf",
    "HistoryWindow",
    "InvalidAgentId",
    "InvalidCursor",
    "InvalidQuery",
    "JSONStore",
    "Journal",
    "MediaCacheRecord",
    "Message",
    "MessageFilter",
    "MessageNotFound",
    "MessageQuery",
    "MessageRow",
    "Migration",
    "Page",
    "Place",
    "PostgresStore",
    "Pruning",
    "Query",
    "QueryableStore",
    "Reader",
    "RecoveredFile",
    "ReplicaState",
    "Rule",
    "SessionDetail",
    "SessionFilter",
    "SessionInfo",
    "SessionNotFound",
    "SessionQuery",
    "SessionRow",
    "SessionStatus",
    "Snapshot",
    "SnapshotRow",
    "SqliteStore",
    "Store",
    "StoreCheck",
    "StoreDescription",
    "StoreError",
    "StoreHealth",
    "StoreMetrics",
    "StoreNotFound",
    "StoreOverview",
    "StoreStats",
    "StoreUnavailable",
    "Timeline",
    "Todo",
    "TodoItem",
    "TodoList",
    "TodoSnapshot",
    "ToolCall",
    "ToolCallFilter",
    "ToolCallNotFound",
    "ToolCallQuery",
    "ToolCallRecord",
    "ToolCallRow",
    "Transcript",
    "Turn",
    "UnsupportedOperation",
    "age_ms",
    "back_up",
    "check_same_store",
    "check_store",
    "close_readers",
    "create_extended_store",
    "create_store",
    "exists",
    "find_old",
    "get_store",
    "inspect_json",
    "inspect_plugin",
    "inspect_postgres",
    "inspect_sqlite",
    "list_stores",
    "mask_secrets",
    "migrate",
    "open_reader",
    "open_source",
    "open_target",
    "parse_json",
    "prune",
    "read_target",
    "register_json_store",
    "register_plugin_store",
    "register_postgres_store",
    "register_store",
    "remove_store",
    "repair_json_prefix",
    "resolve_place",
    "restore",
]
