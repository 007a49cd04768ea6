"""Play one batch of tool calls through the SDK's states, in time order.

Calls of a batch run side by side: each puts its next act on a heap of times, so that their
events interleave as they do in a real log.
"""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from stores.kode.js_text import js_text
from stores.kode.records import Approval, AuditEntry, JsonObject, ToolCallRecord
from stores.sample.outcomes import Call, aborted
from stores.sample.stream import EventStream

__all__ = ["Batch", "call_snapshot", "result_block", "step_record"]

_PREVIEW_UNITS = 200
_APPROVED_TO_START_MS = 4
_APPROVAL_REASON = "Policy requires approval"
_STACK = "    at Object.exec (/srv/agents/app/tools.js:{line}:48)\n    at Agent.processToolCall"


def call_snapshot(record: ToolCallRecord) -> JsonObject:
    """Return the short form of a call that events carry."""
    text = js_text(record.input)
    preview = text if len(text) <= _PREVIEW_UNITS else f"{text[:_PREVIEW_UNITS]}…"
    shape = record.to_json()
    keys = ("id", "name", "state", "approval", "result", "error", "isError")
    times = ("durationMs", "startedAt", "completedAt")
    snapshot = {key: shape[key] for key in keys + times if key in shape}
    return {**snapshot, "inputPreview": preview, "auditTrail": shape["auditTrail"]}


def step_record(
    record: ToolCallRecord, state: str, at_ms: int, note: str, **changes: Any
) -> ToolCallRecord:
    """Move a call to its next state and write that into its audit trail."""
    entry = AuditEntry(state=state, timestamp=at_ms, note=note)
    trail = (*record.audit_trail, entry)
    return replace(record, state=state, updated_at=at_ms, audit_trail=trail, **changes)


def result_block(record: ToolCallRecord, call: Call) -> JsonObject:
    """Return the ``tool_result`` block that the model gets."""
    outcome = call.outcome
    is_ok = record.state == "COMPLETED"
    content: JsonObject = {"ok": is_ok}
    if (
        is_ok
        and isinstance(record.result, dict)
        and record.result.get("ok")
        and ("data" in record.result)
    ):
        content["data"] = record.result["data"]
    elif record.result is not None:
        content["data"] = record.result
    if not is_ok:
        is_refused = call.ask is not None and call.ask.decision == "deny"
        content["error"] = record.error if is_refused else (outcome.told or record.error)
        if not is_refused:
            content |= {
                "errorType": outcome.error_type,
                "retryable": outcome.is_retryable,
                "recommendations": list(outcome.recommendations) or None,
            }
    content = {key: value for key, value in content.items() if value is not None}
    return {
        "type": "tool_result",
        "tool_use_id": record.id,
        "content": content,
        "is_error": not is_ok,
    }


class Batch:
    """The calls of one assistant message, from ``tool:start`` to their ends.

    ``persisted`` is what the table held when an approval was last asked for: the SDK writes
    records then, and when the whole batch has ended, and not in between.
    """

    def __init__(self, stream: EventStream, calls: Sequence[tuple[str, Call]]) -> None:
        self.stream = stream
        self.calls = dict(calls)
        self.records: dict[str, ToolCallRecord] = {}
        self.persisted: dict[str, ToolCallRecord] = {}
        self._acts: list[tuple[int, int, Callable[[], None]]] = []
        self._order = itertools.count()

    @property
    def is_finished(self) -> bool:
        """Tell whether every call has ended."""
        return all(record.state in _FINAL for record in self.records.values())

    def play(self) -> None:
        """Run until nothing more can happen without a person or a restart."""
        self.stream.set_breakpoint("TOOL_PENDING")
        for call_id in self.calls:
            self._register(call_id)
        while self._acts:
            at_ms, _, act = heapq.heappop(self._acts)
            self.stream.clock_ms = max(self.stream.clock_ms, at_ms)
            act()

    def cut_off(self, call_id: str) -> None:
        """Abort a call that is still running."""
        self.calls[call_id] = replace(self.calls[call_id], outcome=aborted())
        self._finish(call_id)

    def _later(self, delay_ms: int, act: Callable[[], None]) -> None:
        heapq.heappush(self._acts, (self.stream.clock_ms + delay_ms, next(self._order), act))

    def _register(self, call_id: str) -> None:
        call, now = self.calls[call_id], self.stream.clock_ms
        self.records[call_id] = ToolCallRecord(
            id=call_id,
            name=call.name,
            input=dict(call.input),
            state="PENDING",
            approval=Approval(required=False),
            created_at=now,
            updated_at=now,
            audit_trail=(AuditEntry(state="PENDING", timestamp=now),),
        )
        self._emit("progress", "tool:start", call_id)
        if call.outcome.timing == "instant":
            self._later(0, lambda: self._end_at_once(call_id))
        elif call.ask:
            self._later(max(2, call.lead_ms), lambda: self._ask(call_id))
        elif call.outcome.timing != "queued":
            lead_ms = max(20, call.lead_ms, call.not_before_ms - now)
            self._later(lead_ms, lambda: self._execute(call_id))

    def _emit(self, channel: str, kind: str, call_id: str, **fields: Any) -> None:
        self.stream.emit(channel, kind, call=call_snapshot(self.records[call_id]), **fields)

    def _step(self, call_id: str, state: str, note: str, **changes: Any) -> None:
        record = self.records[call_id]
        now = self.stream.clock_ms
        self.records[call_id] = step_record(record, state, now, note, **changes)

    def _end_at_once(self, call_id: str) -> None:
        outcome = self.calls[call_id].outcome
        now = self.stream.clock_ms
        changes: JsonObject = {"error": outcome.error, "is_error": True}
        if outcome.state == "COMPLETED":
            changes = {"result": outcome.result, "completed_at": now}
        elif outcome.decided_by:
            changes["approval"] = Approval(
                required=True,
                decision="deny",
                decided_by=outcome.decided_by,
                decided_at=now,
                note=outcome.error,
            )
        self._step(call_id, outcome.state, outcome.note, **changes)
        if outcome.note == "tool missing":
            self._warn(call_id, severity="warn")
        if outcome.state == "COMPLETED":
            self._emit("monitor", "tool_executed", call_id)
        if outcome.state != "FAILED":
            self._emit("progress", "tool:end", call_id)

    def _ask(self, call_id: str) -> None:
        ask = self.calls[call_id].ask
        meta = {"reason": _APPROVAL_REASON, "tool": self.calls[call_id].name}
        approval = Approval(required=True, meta=meta)
        self._step(call_id, "APPROVAL_REQUIRED", "awaiting approval", approval=approval)
        self.stream.set_breakpoint("AWAITING_APPROVAL")
        self.persisted = dict(self.records)
        self._emit("control", "permission_required", call_id)
        self.stream.set_state("PAUSED")
        if ask and ask.decision == "allow":
            self._later(ask.wait_ms, lambda: self._approve(call_id))
        elif ask and ask.decision == "deny":
            self._later(ask.wait_ms, lambda: self._refuse(call_id))

    def _decide(self, call_id: str, state: str, note: str, **changes: Any) -> None:
        ask = self.calls[call_id].ask
        if ask is None:
            return
        approval = Approval(
            required=True,
            decision=ask.decision,
            decided_by="api",
            decided_at=self.stream.clock_ms,
            note=ask.note,
        )
        self._step(call_id, state, note, approval=approval, **changes)
        self.stream.set_breakpoint("PRE_TOOL" if state == "APPROVED" else "POST_TOOL")
        self.stream.emit(
            "control",
            "permission_decided",
            callId=call_id,
            decision=ask.decision,
            decidedBy="api",
            note=ask.note,
        )

    def _approve(self, call_id: str) -> None:
        self._decide(call_id, "APPROVED", "approval granted", is_error=False)
        self.stream.set_state("WORKING")
        if self.calls[call_id].outcome.timing != "queued":
            self._later(_APPROVED_TO_START_MS, lambda: self._execute(call_id))

    def _refuse(self, call_id: str) -> None:
        self._decide(call_id, "DENIED", "approval denied")
        self._step(call_id, "DENIED", "approval denied", error=_APPROVAL_REASON, is_error=True)
        self.stream.set_state("READY")
        self._emit("progress", "tool:end", call_id)

    def _execute(self, call_id: str) -> None:
        call, now = self.calls[call_id], self.stream.clock_ms
        self._step(call_id, "EXECUTING", "execution start", started_at=now)
        self.stream.set_breakpoint("PRE_TOOL")
        self.stream.set_breakpoint("TOOL_EXECUTING")
        if call.outcome.timing != "never":
            self._later(call.duration_ms, lambda: self._finish(call_id))

    def _finish(self, call_id: str) -> None:
        call, record = self.calls[call_id], self.records[call_id]
        outcome, now = call.outcome, self.stream.clock_ms
        if call.effect:
            call.effect()
        changes: JsonObject = {"result": outcome.result}
        if outcome.state == "FAILED":
            changes |= {"error": outcome.error, "is_error": True}
        if outcome.timing == "run":
            started = record.started_at or now
            changes |= {"completed_at": now, "duration_ms": now - started}
        self._step(call_id, outcome.state, outcome.note, **changes)
        if outcome.state == "FAILED":
            self._emit("progress", "tool:error", call_id, error=outcome.error)
            self._warn(call_id, severity="error" if outcome.note == "execution failed" else "warn")
        else:
            self._emit("monitor", "tool_executed", call_id)
        self.stream.set_breakpoint("POST_TOOL")
        self._emit("progress", "tool:end", call_id)

    def _warn(self, call_id: str, *, severity: str) -> None:
        outcome = self.calls[call_id].outcome
        detail: JsonObject = {}
        if isinstance(outcome.result, dict):
            detail = {
                **outcome.result,
                "errorType": outcome.error_type,
                "retryable": outcome.is_retryable,
            }
        elif outcome.error_type:
            kind = "AbortError" if outcome.error_type == "aborted" else "Error"
            stack = f"{kind}: {outcome.error}\n{_STACK.format(line=20 + len(call_id) % 7)}"
            detail = {"errorType": outcome.error_type, "stack": stack}
        self.stream.emit(
            "monitor",
            "error",
            severity=severity,
            phase="tool",
            message=outcome.error,
            detail=detail or None,
        )


_FINAL = frozenset({"COMPLETED", "FAILED", "DENIED", "SEALED"})
