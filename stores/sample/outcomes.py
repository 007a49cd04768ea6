"""What can become of one tool call: every ending that the SDK records.

A story says ``Call("bash_run", {...}, ok(...))``; how that ending looks in the record, the
conversation and the event log is worked out in ``batch``.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

__all__ = [
    "Ask",
    "Call",
    "Outcome",
    "aborted",
    "failed",
    "hook_denied",
    "hook_result",
    "invalid",
    "never",
    "ok",
    "policy_denied",
    "queued",
    "shell",
    "threw",
    "thrown",
    "unknown",
]

CHECK_LOGIC = (
    "Check if the tool logic matches expectations",
    "Verify the completeness of input data",
    "Consider retrying or using an alternative approach",
    "Review error details and adjust strategy",
)
CHECK_FILE = (
    "Confirm file content matches expectations",
    "Check if the file was modified externally",
    "Verify the path and pattern are correct",
    "Use fs_read to confirm current file state",
)
CHECK_SYSTEM = (
    "Check system resources are available",
    "Confirm the file/path exists and is accessible",
    "Consider adding error handling logic",
    "The operation can be retried",
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """One ending: the record's state and audit note, and what the model is told.

    ``timing``: ``run`` executes and ends; ``abort`` executes and is cut off, so that no
    duration is recorded; ``instant`` ends before execution; ``never`` does not end;
    ``queued`` does not begin.
    """

    state: str
    note: str
    timing: str = "run"
    result: Any = None
    error: str | None = None
    told: str | None = None
    error_type: str | None = None
    is_retryable: bool | None = None
    recommendations: Sequence[str] = ()
    decided_by: str | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """An approval: how long a person took, what they said; no decision means still waiting."""

    wait_ms: int
    decision: str | None = "allow"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """One call of a story.

    ``lead_ms`` is the time in the queue before it starts, ``not_before_ms`` a time to wait
    for; ``effect`` runs as the tool ends, to emit what the tool itself causes.
    """

    name: str
    input: Mapping[str, Any]
    outcome: Outcome
    duration_ms: int = 0
    ask: Ask | None = None
    lead_ms: int = 0
    not_before_ms: int = 0
    effect: Callable[[], None] | None = None

    def after(self, ask: Ask) -> "Call":
        """Return the same call, to be approved first."""
        return replace(self, ask=ask)


def ok(result: Any) -> Outcome:
    """End well, with this result."""
    return Outcome("COMPLETED", "execution complete", result=result)


def shell(output: str, code: int = 0) -> Outcome:
    """End a shell command; a bad exit code is still stored as completed."""
    return ok({"background": False, "code": code, "output": output})


def failed(error: str, *, is_file: bool = False, **detail: Any) -> Outcome:
    """The tool reported failure: it returned ``{ok: false}``."""
    return Outcome(
        "FAILED",
        "tool reported failure",
        result={"ok": False, "error": error, **detail},
        error=error,
        error_type="logical",
        is_retryable=True,
        recommendations=CHECK_FILE if is_file else CHECK_LOGIC,
    )


def thrown(error: str) -> Outcome:
    """A built-in tool threw; its wrapper turned that into ``{ok: false}``."""
    return Outcome(
        "FAILED",
        "tool reported failure",
        result={"ok": False, "error": error, "_thrownError": True},
        error=error,
        error_type="runtime",
        is_retryable=True,
        recommendations=CHECK_SYSTEM,
    )


def threw(error: str) -> Outcome:
    """A custom tool threw: no result, no end time."""
    return Outcome(
        "FAILED",
        "execution failed",
        timing="abort",
        error=error,
        error_type="exception",
        is_retryable=True,
        recommendations=CHECK_SYSTEM,
    )


def aborted() -> Outcome:
    """The time-out or an interrupt cut the tool off."""
    return Outcome(
        "FAILED",
        "tool aborted",
        timing="abort",
        error="Tool execution aborted",
        error_type="aborted",
        is_retryable=False,
        recommendations=(
            "Check if manually interrupted",
            "Re-trigger the tool if needed",
            "Consider adjusting the timeout",
        ),
    )


def invalid(error: str) -> Outcome:
    """The input did not fit the tool's schema."""
    return Outcome(
        "FAILED",
        "input schema invalid",
        timing="instant",
        error=error,
        recommendations=(
            "Check if tool input matches the schema",
            "Fix parameters based on the error and retry",
        ),
    )


def unknown(name: str) -> Outcome:
    """The model called a tool that does not exist."""
    return Outcome(
        "FAILED",
        "tool missing",
        timing="instant",
        error=f"Tool not found: {name}",
        recommendations=(
            "Check if the tool is registered",
            "Check the tool list in template or config",
        ),
    )


def policy_denied() -> Outcome:
    """The template's permissions forbid the tool."""
    return Outcome(
        "DENIED",
        "policy deny",
        timing="instant",
        error="Tool denied by policy",
        decided_by="policy",
        recommendations=(
            "Check the allow/deny list in template or permissions config",
            "Adjust permission mode or approval policy to allow this tool",
        ),
    )


def hook_denied(reason: str, told: str) -> Outcome:
    """A hook forbade this call; the model is told another text than the record."""
    return Outcome(
        "DENIED",
        "hook deny",
        timing="instant",
        error=reason,
        told=told,
        decided_by="hook",
        recommendations=("Adjust input or strategy based on the hook rejection reason",),
    )


def hook_result(value: Any) -> Outcome:
    """A hook answered in the tool's place."""
    return Outcome("COMPLETED", "hook provided result", timing="instant", result=value)


def never() -> Outcome:
    """Still running when the log ends, or when the process died."""
    return Outcome("EXECUTING", "execution start", timing="never")


def queued() -> Outcome:
    """Not begun: other calls of the batch hold all places."""
    return Outcome("PENDING", "", timing="queued")
