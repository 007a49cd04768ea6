"""One tool call as its card and its page show it, from a block, a row, or both."""

from dataclasses import dataclass
from typing import Any, Final

from dashboard.outcomes import Outcome, call_outcome
from dashboard.render.payload import (
    Payload,
    advice_of,
    block_result,
    call_input,
    call_result,
)
from dashboard.render.place import Place
from stores.interface import Block, ToolCall

__all__ = ["CallView", "exit_code_of", "from_block", "from_call"]

_OPEN_STATES: Final = frozenset({"failed", "denied", "sealed", "awaiting"})
_EXIT_NAMES: Final = ("code", "exitCode", "exit_code")
_OUTPUT_NAMES: Final = frozenset({"output", "stdout", "stderr", "background", "shell_id"})


@dataclass(frozen=True)
class CallView:
    """``error`` is that of the row, ``told`` what the model was told, ``advice`` what to do.

    ``exit_code`` is that of a shell command.
    """

    id: str
    name: str
    outcome: Outcome
    input: Payload
    result: Payload | None
    error: str = ""
    told: str = ""
    advice: str = ""
    exit_code: int | None = None
    call: ToolCall | None = None
    is_inherited: bool = False

    @property
    def is_open(self) -> bool:
        """Tell whether the card shows its inside at once: nobody should miss a failure."""
        return self.outcome.tone in _OPEN_STATES or bool(self.exit_code)


def from_block(block: Block, seq: int, place: Place) -> CallView:
    """Join a tool_use block with what is known of it."""
    call, result = block.call, block_result(block, place)
    told, advice = advice_of(block)
    return CallView(
        id=block.get("id"),
        name=block.get("name") or (call.name if call else ""),
        outcome=_outcome(block),
        input=call_input(block, seq, place),
        result=result,
        error=(call.error or "") if call else told,
        told=told,
        advice=advice,
        exit_code=exit_code_of(result.value) if result else None,
        call=call,
        is_inherited=block.is_inherited,
    )


def from_call(call: ToolCall, place: Place) -> CallView:
    """Take a call from its row alone."""
    result = call_result(call, place)
    value: Any = call.input
    if value is None and call.input_text.strip() != "null":
        value = call.input_text
    raw = place.call_text("input", call.id)
    return CallView(
        id=call.id,
        name=call.name,
        outcome=call_outcome(call.state),
        input=Payload(value, call.input_size_bytes, call.is_input_cut, "", raw),
        result=result,
        error=call.error or "",
        exit_code=exit_code_of(result.value) if result else None,
        call=call,
    )


def _outcome(block: Block) -> Outcome:
    """Return the row's state; without a row, what the result says; without that, unknown."""
    if block.call is not None:
        return call_outcome(block.call.state)
    if block.result is None:
        return Outcome("No record yet", "pending", "pending")
    return call_outcome("FAILED" if block.result.get("is_error") == "true" else "COMPLETED")


def exit_code_of(value: Any) -> int | None:
    """Return the exit code in a result that looks like a shell's."""
    if not isinstance(value, dict) or not _OUTPUT_NAMES & value.keys():
        return None
    found = next((value[name] for name in _EXIT_NAMES if name in value), None)
    return found if type(found) is int and abs(found) < 1 << 32 else None
