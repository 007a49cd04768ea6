"""The public face of the data side. Pages and commands import from here and nowhere else."""

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
from stores.browse.store_records import Facet, StoreDescription, StoreOverview
from stores.errors import (
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
from stores.kode.event_log import Event, EventPage, EventPosition
from stores.kode.todos import Todo, TodoList
from stores.models import Store
from stores.registration import register_store, remove_store
from stores.registry import close_readers, get_store, list_stores, open_reader

__all__ = [
    "BLOCK_TYPES",
    "PAGE_SIZES",
    "TOOL_CALL_STATES",
    "Approval",
    "AuditEntry",
    "Block",
    "BlockContent",
    "ChildSession",
    "Count",
    "Cursor",
    "Event",
    "EventPage",
    "EventPosition",
    "Facet",
    "InvalidCursor",
    "InvalidQuery",
    "MessageNotFound",
    "MessageQuery",
    "MessageRow",
    "Page",
    "Query",
    "Reader",
    "SessionDetail",
    "SessionNotFound",
    "SessionQuery",
    "SessionRow",
    "SessionStatus",
    "SnapshotRow",
    "Store",
    "StoreDescription",
    "StoreError",
    "StoreNotFound",
    "StoreOverview",
    "StoreUnavailable",
    "Todo",
    "TodoList",
    "ToolCall",
    "ToolCallNotFound",
    "ToolCallQuery",
    "ToolCallRow",
    "Transcript",
    "Turn",
    "UnsupportedOperation",
    "close_readers",
    "get_store",
    "inspect_sqlite",
    "list_stores",
    "mask_secrets",
    "open_reader",
    "parse_json",
    "register_store",
    "remove_store",
    "repair_json_prefix",
]
