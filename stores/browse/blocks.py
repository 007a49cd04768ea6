"""Turn the content blocks of one message into records that are small enough to show."""

import base64
import binascii
import json
from collections.abc import Mapping
from typing import Any, Final

from stores.browse.json_text import cut_text, parse_json
from stores.browse.previews import block_type
from stores.browse.records import Block, BlockContent

__all__ = ["MEDIA_TYPES", "block_content", "block_from_item"]

MEDIA_TYPES: Final = frozenset({"image", "audio", "video", "file", "image_url"})
_PAYLOADS: Final = frozenset(
    {"text", "reasoning", "input", "content", "base64", "data", "meta", "type", "image_url"}
)
_MAX_FIELD: Final = 300
_MAX_FIELDS: Final = 20
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def block_from_item(index: int, item: Any, *, preview_bytes: int) -> Block:
    """Return the record of one decoded element of a message's content."""
    if not isinstance(item, dict):
        text, size, is_cut = cut_text(_ENCODER.encode(item), preview_bytes)
        return Block(index, "unknown", text, size, is_cut=is_cut)
    kind = block_type(item) or "unknown"
    if kind in MEDIA_TYPES:
        return _media_block(index, kind, item)
    text, value = _payload(kind, item)
    text, size, is_cut = cut_text(text, preview_bytes)
    return Block(
        index,
        kind,
        text,
        size,
        is_cut=is_cut,
        fields=_short_members(item),
        value=None if is_cut else value,
    )


def block_content(content: str, index: int) -> BlockContent | None:
    """Return the whole payload of one block of a stored message, None when there is none.

    ``content`` is the stored JSON. Inline media come as bytes, all else as text; media that are
    elsewhere have neither.
    """
    items, _ = parse_json(content)
    if not isinstance(items, list) or not 0 <= index < len(items):
        return None
    item = items[index]
    kind = (block_type(item) or "unknown") if isinstance(item, dict) else "unknown"
    if isinstance(item, dict) and kind in MEDIA_TYPES:
        inline, mime_type = _inline(item)
        return BlockContent(kind, None, _decoded(inline), mime_type)
    text = _payload(kind, item)[0] if isinstance(item, dict) else _ENCODER.encode(item)
    is_json = kind in ("tool_use", "unknown") or not text
    return BlockContent(kind, text, None, "application/json" if is_json else "text/plain")


def _payload(kind: str, item: Mapping[str, Any]) -> tuple[str, Any]:
    """Return the text of a block and, where it is JSON, its value."""
    if kind in ("text", "reasoning"):
        text = item.get(kind)
        return (text, None) if isinstance(text, str) else (_ENCODER.encode(text), None)
    if kind == "tool_use":
        value = item.get("input")
        return _ENCODER.encode(value), value
    if kind == "tool_result":
        value = item.get("content")
        return (value if isinstance(value, str) else _ENCODER.encode(value)), value
    return _ENCODER.encode(item), None


def _short_members(item: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (name[:40], shown)
        for name, value in list(item.items())[:_MAX_FIELDS]
        if name not in _PAYLOADS and (shown := _shown(value))
    )


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return "" if value.startswith("data:") else value[:_MAX_FIELD]
    return str(value)[:_MAX_FIELD] if isinstance(value, int | float) else ""


def _media_block(index: int, kind: str, item: Mapping[str, Any]) -> Block:
    """Describe an image or file; its bytes are loaded on demand, never with the page."""
    inline, mime_type = _inline(item)
    url = _linked_url(item)
    members = [pair for pair in _short_members(item) if pair[0] not in ("mime_type", "url")]
    if mime_type:
        members.append(("mime_type", mime_type[:_MAX_FIELD]))
    if url and not inline:
        members.append(("url", url[:2_000]))
    source = "inline" if inline else "url" if url else "file_id" if item.get("file_id") else ""
    size = len(inline) * 3 // 4 - inline[-2:].count("=") if inline else 0
    return Block(index, kind, size_bytes=size, fields=(*members, ("source", source)))


def _inline(item: Mapping[str, Any]) -> tuple[str, str]:
    """Return the base64 text that a media block carries, if any, and its media type."""
    stored = item.get("mime_type")
    mime_type = stored if isinstance(stored, str) else ""
    payload = item.get("base64")
    if isinstance(payload, str) and payload:
        return payload, mime_type
    url = _linked_url(item)
    if not url.startswith("data:"):
        return "", mime_type
    head, _, payload = url.partition(",")
    named = head.removeprefix("data:").partition(";")[0]
    return (payload if head.endswith(";base64") else ""), mime_type or named


def _linked_url(item: Mapping[str, Any]) -> str:
    nested = item.get("image_url")
    url = nested.get("url") if isinstance(nested, dict) else nested if nested else item.get("url")
    return url if isinstance(url, str) else ""


def _decoded(inline: str) -> bytes | None:
    try:
        return base64.b64decode(inline, validate=True) if inline else None
    except (binascii.Error, ValueError):
        return None
