"""The input or the result of a call in one shape, wherever it was read from.

The row holds what the tool returned; the message holds what the model was given, which the SDK
wraps as ``{ok, data, error, recommendations}`` (product F9: a fork has no rows).
"""

from dataclasses import dataclass
from typing import Any, Final

from dashboard.render.place import Place
from stores.interface import Block, ToolCall, parse_json, repair_json_prefix

__all__ = [
    "Payload",
    "advice_of",
    "block_result",
    "call_input",
    "call_result",
    "decoded",
    "is_refusal",
    "result_block",
    "unwrapped",
]

_WRAPPER: Final = {"ok", "data", "error", "errorType", "retryable", "recommendations"}
_REFUSAL: Final = (_WRAPPER | {"_thrownError"}) - {"data"}


@dataclass(frozen=True)
class Payload:
    """``value`` is decoded JSON, as much as there is of it when ``is_cut``.

    ``whole`` is the address of all of it as a page, ``raw`` as a download; either may be empty.
    """

    value: Any
    size_bytes: int
    is_cut: bool = False
    whole: str = ""
    raw: str = ""


def call_input(block: Block, seq: int, place: Place) -> Payload:
    """Return the input of a tool_use block."""
    raw = place.call_text("input", block.call.id) if block.call else ""
    value = decoded(block.text) if block.is_cut else block.value
    return Payload(value, block.size_bytes, block.is_cut, place.block(seq, block.index), raw)


def call_result(call: ToolCall, place: Place, *, whole: str = "") -> Payload | None:
    """Return the result that a row holds, None without one."""
    if call.result_text is None:
        return None
    value = call.result
    if value is None and call.result_text.strip() != "null":
        value = decoded(call.result_text[: 4 * place.limit])
    raw = place.call_text("result", call.id)
    return Payload(value, call.result_size_bytes, call.is_result_cut, whole, raw)


def block_result(block: Block, place: Place) -> Payload | None:
    """Return the result of a tool_use block: the row's, else that of its tool_result block."""
    found, seq = block.result, block.result_seq
    whole = place.block(seq, found.index) if found is not None and seq is not None else ""
    if block.call is not None:
        stored = call_result(block.call, place, whole=whole)
        if stored is not None:
            return stored
    if found is None:
        return None
    return result_block(found, whole)


def result_block(block: Block, whole: str = "") -> Payload:
    """Return the payload of a tool_result block."""
    value = unwrapped(decoded(block.text) if block.is_cut else block.value)
    return Payload(value, block.size_bytes, block.is_cut, whole)


def is_refusal(value: Any) -> bool:
    """Tell whether a result is nothing but an error with its advice."""
    return (
        isinstance(value, dict)
        and value.get("ok") is False
        and isinstance(value.get("error"), str)
        and value.keys() <= _REFUSAL
    )


def advice_of(block: Block) -> tuple[str, str]:
    """Return the error that the model was given and what the SDK advised it to do."""
    value = block.result.value if block.result is not None else None
    if not isinstance(value, dict) or value.get("ok") is not False:
        return "", ""
    error, advice = value.get("error"), value.get("recommendations")
    lines = [line for line in advice if isinstance(line, str)] if isinstance(advice, list) else []
    return error if isinstance(error, str) else "", "; ".join(lines[:8])


def unwrapped(value: Any) -> Any:
    """Return what the tool returned of what the model was given."""
    if not isinstance(value, dict) or not isinstance(value.get("ok"), bool):
        return value
    return value["data"] if "data" in value and value.keys() <= _WRAPPER else value


def decoded(text: str) -> Any:
    """Return what can be decoded of JSON that was cut; a plain text is itself."""
    if not text.lstrip().startswith(("{", "[", '"')):
        return text
    value, problem = parse_json(repair_json_prefix(text))
    return text if problem else value
