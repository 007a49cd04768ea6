"""What a store's reader hands to the dashboard: one frozen record per thing shown.

Texts in these records are hostile: agents wrote them. Times are integer ms UTC or None when
unknown. ``problems`` names, in words, what was wrong with a stored row; such a row is shown
with a mark and never stops a page.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

__all__ = [
    "Approval",
    "AuditEntry",
    "Block",
    "BlockContent",
    "ChildSession",
    "MessageRow",
    "SessionDetail",
    "SessionRow",
    "SessionStatus",
    "SnapshotRow",
    "ToolCall",
    "ToolCallRow",
    "Transcript",
    "Turn",
]


class SessionStatus(StrEnum):
    """What a session is doing, read from the end of its monitor log."""

    RUNNING = "running"
    AWAITING = "awaiting"
    STUCK = "stuck"
    IDLE = "idle"
    EMPTY = "empty"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class SessionRow:
    """One row of the session list; counts are None when they were not read in time.

    ``relation``: ``root``, ``fork`` (nested id), ``sub-agent`` or ``copy`` (batchFork or
    spawned: has a lineage and no mark). ``active_at`` is metadata.updatedAt, else created.
    ``first_text`` is the start of the first message that a person wrote.
    """

    agent_id: str
    template_id: str
    created_at: int | None
    active_at: int | None
    message_count: int | None
    relation: str = "root"
    parent_id: str | None = None
    first_text: str = ""
    call_count: int | None = None
    failed_count: int | None = None
    denied_count: int | None = None
    sealed_count: int | None = None
    awaiting_count: int | None = None
    fork_count: int | None = None
    status: SessionStatus = SessionStatus.UNKNOWN
    status_at: int | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ChildSession:
    """A session whose lineage names another one as its direct parent."""

    agent_id: str
    template_id: str
    relation: str
    created_at: int | None


@dataclass(frozen=True)
class SnapshotRow:
    """A snapshot without its messages. ``size_bytes`` is that of the stored message list."""

    snapshot_id: str
    created_at: int | None
    last_sfp_index: int | None
    size_bytes: int | None


@dataclass(frozen=True)
class SessionDetail:
    """One session with what its page shows around the transcript.

    ``metadata`` holds allow-listed fields only, as (label, text) pairs; secrets never get here.
    ``lineage`` is oldest first. ``failures`` are the calls that did not succeed, oldest first,
    without payloads. ``missing`` names parts that could not be read and why.
    """

    row: SessionRow
    lineage: tuple[str, ...]
    children: tuple[ChildSession, ...]
    snapshots: tuple[SnapshotRow, ...]
    metadata: tuple[tuple[str, str], ...]
    config_version: str = ""
    failures: tuple["ToolCallRow", ...] = ()
    missing: tuple[str, ...] = ()


@dataclass(frozen=True)
class MessageRow:
    """One row of the message list. ``saved_at`` is the session's last save (product F2)."""

    agent_id: str
    seq: int | None
    role: str
    block_types: tuple[str, ...]
    preview: str
    size_bytes: int | None
    saved_at: int | None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Approval:
    """What was asked and decided about one call."""

    is_required: bool = False
    decision: str | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    note: str | None = None
    reason: str | None = None


@dataclass(frozen=True)
class AuditEntry:
    """One step in the life of a call."""

    state: str
    at: int | None
    note: str | None = None


@dataclass(frozen=True)
class ToolCallRow:
    """One row of the tool-call list. ``duration_ms`` is recorded, else derived (product F6)."""

    id: str
    agent_id: str
    name: str
    state: str
    is_error: bool
    input_preview: str
    result_preview: str
    result_size_bytes: int | None
    error: str | None
    created_at: int | None
    duration_ms: int | None
    is_duration_derived: bool = False
    approval: Approval = field(default_factory=Approval)
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class ToolCall:
    """One tool call in full. ``input`` and ``result`` are decoded JSON, ``*_text`` as stored.

    ``*_text`` is cut at the reader's limit, ``*_size_bytes`` is the stored size; when the text is
    cut, the decoded value is None and ``is_*_cut`` is true. ``result_text`` is None without result.
    """

    id: str
    agent_id: str
    name: str
    state: str
    is_error: bool
    input: Any
    input_text: str
    input_size_bytes: int
    result: Any
    result_text: str | None
    result_size_bytes: int
    error: str | None
    created_at: int | None
    updated_at: int | None
    started_at: int | None
    completed_at: int | None
    duration_ms: int | None
    is_duration_derived: bool = False
    is_input_cut: bool = False
    is_result_cut: bool = False
    approval: Approval = field(default_factory=Approval)
    audit_trail: tuple[AuditEntry, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Block:
    """One content block of a message, small enough to show at once.

    ``text`` is the block's text or, for other types, the JSON of its payload; cut at the
    preview size (``is_cut``), with ``size_bytes`` the whole size. ``fields`` are the block's short
    members (id, name, mime_type, url, filename, tool_use_id, is_error …) without payloads.
    A ``tool_use`` block carries its ``value`` (decoded input, None when cut) and, where they are
    known, ``call`` (the row), ``result`` (the paired tool_result block) and ``result_seq``.
    ``is_inherited``: the row belongs to an ancestor (product F9). ``is_paired`` on a tool_result
    says that it is drawn at its call, in this window.
    """

    index: int
    type: str
    text: str = ""
    size_bytes: int = 0
    is_cut: bool = False
    fields: tuple[tuple[str, str], ...] = ()
    value: Any = None
    call: ToolCall | None = None
    result: "Block | None" = None
    result_seq: int | None = None
    is_inherited: bool = False
    is_paired: bool = False

    def get(self, name: str) -> str:
        """Return a short member of the block, or the empty string."""
        return dict(self.fields).get(name, "")


@dataclass(frozen=True)
class Turn:
    """One message of the transcript.

    ``kind``: ``user`` (a person wrote it), ``assistant``, ``reminder`` (a system reminder in a
    user message), ``results`` (only tool results), ``summary`` (context summary after a
    compression) or ``system``. ``raw`` holds the stored text when it was not a list of blocks.
    """

    seq: int
    role: str
    kind: str
    blocks: tuple[Block, ...]
    at: int | None = None
    tokens: int | None = None
    size_bytes: int = 0
    raw: str | None = None
    problems: tuple[str, ...] = ()


@dataclass(frozen=True)
class Transcript:
    """A window of turns. ``earlier``/``later`` are seqs to go on from, None at an end.

    ``cut_note`` says why a window is shorter than asked, if it is.
    """

    turns: tuple[Turn, ...]
    message_count: int
    first_seq: int | None
    last_seq: int | None
    earlier: int | None
    later: int | None
    cut_note: str | None = None


@dataclass(frozen=True)
class BlockContent:
    """The whole payload of one block, for showing more, as an image or as a download."""

    type: str
    text: str | None
    data: bytes | None
    mime_type: str
