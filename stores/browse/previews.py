"""Say in one line what a message holds, from the start of its stored text."""

from typing import Any, Final

from stores.browse.json_text import clean_text, parse_json_prefix, to_text

__all__ = ["block_type", "first_human_text", "is_reminder", "message_preview"]

_PREVIEW: Final = 240
_REMINDER: Final = "<system-reminder>"
_TYPE_BY_MEMBER: Final = (
    ("tool_use_id", "tool_result"),
    ("text", "text"),
    ("reasoning", "reasoning"),
    ("image_url", "image_url"),
    ("input", "tool_use"),
    ("name", "tool_use"),
)
_MEDIA_MEMBERS: Final = ("filename", "mime_type", "url", "file_id")


def message_preview(prefix: str | bytes | None) -> tuple[tuple[str, ...], str]:
    """Return the block types in order of first appearance and one line of text.

    ``prefix`` is the start of the stored JSON and may end anywhere; types behind it are not seen.
    """
    blocks = _blocks(prefix)
    types = tuple(dict.fromkeys(name for name in map(block_type, blocks) if name))
    parts: list[str] = []
    length = 0
    for block in blocks:
        part = _one_line(_block_preview(block))
        if part:
            parts.append(part)
            length += len(part)
        if length > _PREVIEW:
            break
    if not blocks:
        parts = [_one_line(to_text(prefix)[0])] if prefix not in (None, "[]", b"[]") else []
    return types, " · ".join(parts)[:_PREVIEW]


def first_human_text(prefix: str | bytes | None) -> str:
    """Return the start of the first text a person wrote in a user message, or nothing."""
    for block in _blocks(prefix):
        text = block.get("text")
        if isinstance(text, str) and text.strip() and not is_reminder(text):
            return _one_line(text)[:_PREVIEW]
    return ""


def is_reminder(text: str) -> bool:
    """Tell whether a text of a user message was put there by the system."""
    return text.lstrip()[: len(_REMINDER)] == _REMINDER


def block_type(block: dict[str, Any]) -> str:
    """Return the type of a block; where a cut took it away, what its members tell."""
    name = block.get("type")
    if isinstance(name, str):
        return name[:40]
    return next((type_ for member, type_ in _TYPE_BY_MEMBER if member in block), "")


def _blocks(prefix: str | bytes | None) -> list[dict[str, Any]]:
    return [item for item in parse_json_prefix(to_text(prefix)[0]) if isinstance(item, dict)]


def _block_preview(block: dict[str, Any]) -> str:
    name = block_type(block)
    if name in ("text", "reasoning"):
        return _as_text(block.get(name))
    if name == "tool_use":
        return f"{_as_text(block.get('name'))}({_as_text(block.get('input'))})"
    if name == "tool_result":
        return f"→ {_as_text(_result_payload(block.get('content')))}"
    detail = next((block[key] for key in _MEDIA_MEMBERS if isinstance(block.get(key), str)), "")
    return f"[{name} {detail}]" if detail else f"[{name}]"


def _result_payload(content: Any) -> Any:
    """Return what the SDK wrapped in ``{ok, data, error}``, else the content itself."""
    if not isinstance(content, dict):
        return content
    return next(
        (content[key] for key in ("error", "data") if content.get(key) is not None), content
    )


def _as_text(value: Any) -> str:
    if isinstance(value, str):
        return value[: 2 * _PREVIEW]
    if isinstance(value, dict):
        pairs = list(value.items())[:8]
        return ", ".join(f"{key}: {_as_text(child)}" for key, child in pairs)[: 2 * _PREVIEW]
    if isinstance(value, list):
        return ", ".join(_as_text(child) for child in value[:8])[: 2 * _PREVIEW]
    return "" if value is None else str(value)[:_PREVIEW]


def _one_line(text: str) -> str:
    return clean_text(" ".join(text[: 4 * _PREVIEW].split()))
