"""Every error that leaves the data side, so that callers handle kinds and not drivers.

StoreError
├── StoreUnavailable       the store could not be read just now (locked, gone, damaged)
├── AgentLocked            somebody else holds the lock of this session
├── InvalidAgentId         an id that would lead out of the store, or is no id at all
├── StoreNotFound          no store is registered under this name
├── SessionNotFound        the store has no session with this id
├── MessageNotFound        the session has no message at this place
├── ToolCallNotFound       the store has no tool call with this id
├── InvalidQuery           a filter, sort or page size that cannot be answered
├── InvalidCursor          a page cursor that does not belong to this list
└── UnsupportedOperation   this kind of store cannot do what was asked

``str(error)`` is one sentence for people. It never carries a password, a connection
string or bytes of a peer's answer.
"""

__all__ = [
    "AgentLocked",
    "InvalidAgentId",
    "InvalidCursor",
    "InvalidQuery",
    "MessageNotFound",
    "SessionNotFound",
    "StoreError",
    "StoreNotFound",
    "StoreUnavailable",
    "ToolCallNotFound",
    "UnsupportedOperation",
]


class StoreError(Exception):
    """Say in one sentence what went wrong with a store and what to do."""


class StoreUnavailable(StoreError):
    """Tell that the store cannot be read now; ``reason`` is one word for styling and tests.

    ``reason``: ``missing``, ``locked``, ``damaged``, ``not-sqlite``, ``foreign``,
    ``permission``, ``journal`` (a crashed writer's journal waits to be rolled back), ``slow``,
    ``index`` (kodeweb's own index of a folder), ``refused`` (nobody listens there),
    ``credentials``, ``full`` (too many clients, or no space on the disk) or ``closed``.
    """

    def __init__(self, message: str, *, reason: str) -> None:
        super().__init__(message)
        self.reason = reason


class AgentLocked(StoreError):
    """Tell that somebody else holds the lock of this session."""


class InvalidAgentId(StoreError, ValueError):
    """Tell that an id would lead out of the store, or is no id at all."""


class StoreNotFound(StoreError):
    """Tell that no store is registered under the name that was asked for."""


class SessionNotFound(StoreError):
    """Tell that the store has no session with the id that was asked for."""


class MessageNotFound(StoreError):
    """Tell that the session has no message or block at the place that was asked for."""


class ToolCallNotFound(StoreError):
    """Tell that the store has no tool call with the id that was asked for."""


class InvalidQuery(StoreError):
    """Tell that a filter, sort key or page size cannot be answered."""


class InvalidCursor(InvalidQuery):
    """Tell that a page cursor is unreadable or belongs to another list, sort or filter."""


class UnsupportedOperation(StoreError):
    """Tell that this kind of store cannot do what was asked."""
