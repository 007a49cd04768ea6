"""One agent's clock and event log: numbers events and keeps the two states consistent."""

from typing import Any

from stores.kode.records import Bookmark, Timeline

__all__ = ["EventStream"]


class EventStream:
    """Emit events in time order, as one process of the SDK does."""

    def __init__(self, start_ms: int) -> None:
        self.clock_ms = start_ms
        self.entries: list[Timeline] = []
        self.last_done: Bookmark | None = None
        self.state = "READY"
        self.breakpoint = "READY"
        self._next_seq = 0

    def wait(self, ms: int) -> None:
        """Let time pass."""
        self.clock_ms += max(0, ms)

    def emit(self, channel: str, kind: str, **fields: Any) -> Bookmark:
        """Append one event, dated now; absent (None) fields are left out."""
        bookmark = Bookmark(seq=self._next_seq, timestamp=self.clock_ms)
        event: dict[str, Any] = {"channel": channel, "type": kind}
        event.update((key, value) for key, value in fields.items() if value is not None)
        event["bookmark"] = bookmark.to_json()
        self.entries.append(Timeline(cursor=self._next_seq, bookmark=bookmark, event=event))
        self._next_seq += 1
        return bookmark

    def emit_custom(self, tool: str, kind: str, data: dict[str, Any]) -> None:
        """Append a tool's own event, whose keys the SDK writes in another order."""
        bookmark = Bookmark(seq=self._next_seq, timestamp=self.clock_ms)
        event = {
            "type": "tool_custom_event",
            "toolName": tool,
            "eventType": kind,
            "data": data,
            "timestamp": self.clock_ms,
            "channel": "monitor",
            "bookmark": bookmark.to_json(),
        }
        self.entries.append(Timeline(cursor=self._next_seq, bookmark=bookmark, event=event))
        self._next_seq += 1

    def set_state(self, state: str) -> None:
        """Change READY, WORKING or PAUSED, and say so when it changed."""
        if state != self.state:
            self.state = state
            self.emit("monitor", "state_changed", state=state)

    def set_breakpoint(self, current: str) -> None:
        """Move to another step of the loop, and say so when it moved."""
        if current == self.breakpoint:
            return
        previous, self.breakpoint = self.breakpoint, current
        self.emit(
            "monitor",
            "breakpoint_changed",
            previous=previous,
            current=current,
            timestamp=self.clock_ms,
        )

    def done(self, step: int, reason: str) -> None:
        """End a turn."""
        self.last_done = self.emit("progress", "done", step=step, reason=reason)

    def restart(self, *, seq: int) -> None:
        """Begin a new process, which numbers its events anew from ``seq``."""
        self._next_seq = seq
        self.state = "READY"
