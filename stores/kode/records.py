"""The SDK's own records: what an agent is, said, did and left behind.

Field names are the SDK's in snake case; ``to_json`` gives its camelCase shape back, in its
key order and without absent fields, so that the text is the SDK's to the byte. A field that a
later SDK adds is kept in ``extra`` and written again after the known ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from typing import Any, ClassVar, Self

__all__ = [
    "AgentInfo",
    "Approval",
    "AuditEntry",
    "Bookmark",
    "CompressionRecord",
    "HistoryWindow",
    "JsonObject",
    "MediaCacheRecord",
    "Message",
    "Record",
    "RecoveredFile",
    "Snapshot",
    "Timeline",
    "TodoItem",
    "TodoSnapshot",
    "ToolCallRecord",
]

JsonObject = dict[str, Any]


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


# Field, JSON key, record that it holds, whether it must be there.
_Plan = tuple[tuple[str, str, type["Record"] | None, bool], ...]
_PLANS: dict[type["Record"], _Plan] = {}


def _plan(kind: type["Record"]) -> _Plan:
    """Return how each field is read and written, in writing order."""
    if kind not in _PLANS:
        _PLANS[kind] = tuple(
            (item.name, _camel(item.name), kind.nested.get(item.name), item.default is MISSING)
            for item in fields(kind)
            if item.name != "extra"
        )
    return _PLANS[kind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What all records share: the way between a dataclass and the SDK's JSON."""

    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)
    nested: ClassVar[Mapping[str, type["Record"]]] = {}

    @classmethod
    def from_json(cls, value: Any) -> Self:
        """Read the SDK's JSON form.

        Raises:
            ValueError: not an object, or a field that must be there is missing.
        """
        if type(value) is not dict and not isinstance(value, Mapping):
            raise ValueError(f"{cls.__name__} is not a JSON object")
        known = {
            name: value[key] if kind is None else _read_nested(kind, value[key])
            for name, key, kind, _ in _plan(cls)
            if key in value
        }
        extra: Mapping[str, Any] = {}
        if len(known) < len(value):
            keys = {key for _, key, _, _ in _plan(cls)}
            extra = {key: item for key, item in value.items() if key not in keys}
        try:
            return cls(**known, extra=extra)
        except TypeError as exc:
            raise ValueError(f"{cls.__name__} misses a field: {exc}") from exc

    def to_json(self) -> JsonObject:
        """Give the SDK's JSON form; an optional field that is None is left out, as undefined is.

        One that must be there stays, as null: a call's input may be that.
        """
        shape = {
            key: _write_nested(getattr(self, name))
            for name, key, _, is_needed in _plan(type(self))
            if is_needed or getattr(self, name) is not None
        }
        shape.update(self.extra)
        return shape


def _read_nested(kind: type[Record], value: Any) -> Any:
    if value is None:
        return value
    if isinstance(value, list):
        return tuple(kind.from_json(item) for item in value)
    return kind.from_json(value)


def _write_nested(value: Any) -> Any:
    if isinstance(value, Record):
        return value.to_json()
    if isinstance(value, tuple):
        return [_write_nested(item) for item in value]
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark(Record):
    """A place in an agent's event stream."""

    seq: int
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeline(Record):
    """One line of an event log; the event repeats the bookmark, as the SDK does."""

    cursor: int
    bookmark: Bookmark
    event: JsonObject
    nested: ClassVar[Mapping[str, type[Record]]] = {"bookmark": Bookmark}


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentInfo(Record):
    """A row of ``agents``; ``metadata`` is the SDK's and may hold provider keys."""

    agent_id: str
    template_id: str
    created_at: str
    lineage: Sequence[str] | None = None
    config_version: str
    message_count: int
    last_sfp_index: int
    last_bookmark: Bookmark | None = None
    breakpoint: str | None = None
    metadata: JsonObject | None = None
    nested: ClassVar[Mapping[str, type[Record]]] = {"last_bookmark": Bookmark}


@dataclass(frozen=True, slots=True, kw_only=True)
class Message(Record):
    """One message; content blocks stay the JSON objects that the model gave."""

    role: str
    content: Sequence[JsonObject]
    metadata: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(Record):
    """Whether a call had to be asked for, and who decided what."""

    required: bool
    decision: str | None = None
    decided_by: str | None = None
    decided_at: int | None = None
    note: str | None = None
    meta: JsonObject | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry(Record):
    """One state that a call went through; the note names the cause."""

    state: str
    timestamp: int
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ToolCallRecord(Record):
    """A row of ``tool_calls``: times in ms, ``input`` and ``result`` any JSON."""

    id: str
    name: str
    input: Any
    state: str
    approval: Approval
    result: Any = None
    error: str | None = None
    is_error: bool | None = None
    started_at: int | None = None
    completed_at: int | None = None
    duration_ms: int | None = None
    created_at: int
    updated_at: int
    audit_trail: tuple[AuditEntry, ...] = ()
    nested: ClassVar[Mapping[str, type[Record]]] = {
        "approval": Approval,
        "audit_trail": AuditEntry,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot(Record):
    """The whole conversation at a safe fork point."""

    id: str
    messages: tuple[Message, ...]
    last_sfp_index: int
    last_bookmark: Bookmark
    created_at: str
    metadata: JsonObject | None = None
    nested: ClassVar[Mapping[str, type[Record]]] = {
        "messages": Message,
        "last_bookmark": Bookmark,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoItem(Record):
    """One line of an agent's own plan."""

    id: str
    title: str
    status: str
    assignee: str | None = None
    notes: str | None = None
    created_at: int
    updated_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TodoSnapshot(Record):
    """The plan as it stands; the version grows by one with each change."""

    todos: tuple[TodoItem, ...]
    version: int
    updated_at: int
    nested: ClassVar[Mapping[str, type[Record]]] = {"todos": TodoItem}


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryWindow(Record):
    """Everything that a compression dropped from the live conversation."""

    id: str
    messages: tuple[Message, ...]
    events: tuple[Timeline, ...]
    stats: JsonObject
    timestamp: int
    nested: ClassVar[Mapping[str, type[Record]]] = {"messages": Message, "events": Timeline}


@dataclass(frozen=True, slots=True, kw_only=True)
class CompressionRecord(Record):
    """What one compression did; ``ratio`` is messages kept over messages before."""

    id: str
    window_id: str
    config: JsonObject
    summary: str
    ratio: float
    recovered_files: Sequence[str]
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveredFile(Record):
    """A file that a compression kept beside the summary; ``mtime`` is ms with a fraction."""

    path: str
    content: str
    mtime: float
    timestamp: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaCacheRecord(Record):
    """A file that was uploaded to a provider, by the hash of its bytes."""

    key: str
    provider: str
    mime_type: str
    size_bytes: int
    file_id: str | None = None
    file_uri: str | None = None
    created_at: int
