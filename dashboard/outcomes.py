"""The words, icons and tones of tool-call states and session statuses, the same on every page.

``tone`` is the value of ``data-state`` that ``tokens.css`` colours.
"""

from dataclasses import dataclass
from typing import Final

from stores.interface import SessionStatus

__all__ = ["CALL_STATES", "STATUSES", "Outcome", "call_outcome", "status_outcome"]


@dataclass(frozen=True)
class Outcome:
    """How one state is shown."""

    word: str
    icon: str
    tone: str


CALL_STATES: Final[dict[str, Outcome]] = {
    "PENDING": Outcome("Pending", "pending", "pending"),
    "APPROVAL_REQUIRED": Outcome("Awaiting approval", "awaiting", "awaiting"),
    "APPROVED": Outcome("Approved", "check", "running"),
    "EXECUTING": Outcome("Executing", "running", "running"),
    "COMPLETED": Outcome("Completed", "completed", "completed"),
    "FAILED": Outcome("Failed", "failed", "failed"),
    "DENIED": Outcome("Denied", "denied", "denied"),
    "SEALED": Outcome("Sealed", "sealed", "sealed"),
}

STATUSES: Final[dict[SessionStatus, Outcome]] = {
    SessionStatus.RUNNING: Outcome("Running", "running", "running"),
    SessionStatus.AWAITING: Outcome("Awaiting approval", "awaiting", "awaiting"),
    SessionStatus.STUCK: Outcome("No event", "stuck", "soft"),
    SessionStatus.IDLE: Outcome("Idle", "idle", "pending"),
    SessionStatus.EMPTY: Outcome("No messages", "pending", "pending"),
    SessionStatus.UNKNOWN: Outcome("Unknown", "help", "pending"),
}


def call_outcome(state: str) -> Outcome:
    """Return how a call's state is shown; a state of the future keeps its own word."""
    return CALL_STATES.get(state) or Outcome(state[:40] or "Unknown", "help", "pending")


def status_outcome(status: SessionStatus) -> Outcome:
    """Return how a session's status is shown."""
    return STATUSES.get(status, STATUSES[SessionStatus.UNKNOWN])
