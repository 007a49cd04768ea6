"""Cut rows to what lists show, for an index that stays small beside the files it is made of."""

import json
from typing import Any, Final

from stores.backends.jsondir.rows import Row, json_text

__all__ = ["narrow_call", "narrow_message"]

#: Lists read so many characters of a message's content, and of a call's input and result.
_CONTENT: Final = 800
_PAYLOAD: Final = 400
_ERROR: Final = 2_000
#: Lists do not read longer approvals and audit trails either.
_JSON: Final = 20_000
_TEXT: Final = 300
_MEMBERS: Final = 8
_DEPTH: Final = 4
_MARKS: Final = ("type", "id", "tool_use_id", "name")


def narrow_message(row: Row) -> Row:
    """Keep the content as a list of blocks with all their types, their texts cut."""
    content = row["content"]
    if len(content) <= _CONTENT:
        return row
    try:
        blocks = json.loads(content)
    except (ValueError, RecursionError):
        blocks = None
    if not isinstance(blocks, list):
        return {**row, "content": content[:_CONTENT]}
    narrow: list[Any] = []
    length = 0
    for block in blocks:
        # Behind what is shown only the types matter: they are filtered by.
        kept = _cut(block, _DEPTH) if length < _CONTENT else _marks(block)
        length += len(json_text(kept)) if length < _CONTENT else 0
        narrow.append(kept)
    return {**row, "content": json_text(narrow)}


def narrow_call(row: Row) -> Row:
    """Keep the starts of input, result and error."""
    cuts = {"input": _PAYLOAD, "result": _PAYLOAD, "error": _ERROR}
    cuts |= {"approval": _JSON, "audit_trail": _JSON}
    return {**row, **{name: row[name] and row[name][:length] for name, length in cuts.items()}}


def _cut(value: Any, depth: int) -> Any:
    if isinstance(value, str):
        return value[:_TEXT]
    if isinstance(value, dict):
        items = list(value.items())[: _MEMBERS if depth else 0]
        return {key[:_TEXT]: _cut(child, depth - 1) for key, child in items}
    if isinstance(value, list):
        return [_cut(child, depth - 1) for child in value[: _MEMBERS if depth else 0]]
    return value


def _marks(block: Any) -> Any:
    if not isinstance(block, dict):
        return None
    members = ((name, block.get(name)) for name in _MARKS)
    return {name: value[:_TEXT] for name, value in members if isinstance(value, str)}
