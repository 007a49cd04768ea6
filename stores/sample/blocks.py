"""Content blocks that every story needs."""

from collections.abc import Sequence

from stores.kode.records import JsonObject

__all__ = ["kept_blocks", "text_block"]

_MEDIA = frozenset({"image", "audio", "video", "file"})


def text_block(text: str) -> JsonObject:
    """Return a text block."""
    return {"type": "text", "text": text}


def kept_blocks(role: str, blocks: Sequence[JsonObject]) -> JsonObject | None:
    """Return the metadata with which the SDK keeps reasoning and media blocks, or None."""
    kinds = {block["type"] for block in blocks}
    if len(blocks) < 2 or not kinds & (_MEDIA | {"reasoning"}):
        return None
    transport = "provider" if role == "user" or "reasoning" in kinds else "omit"
    return {"content_blocks": list(blocks), "transport": transport}
