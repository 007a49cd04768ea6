"""Whole payloads: a block in place, an image, and downloads of what is stored, as plain text.

What agents stored is never served as a document of this site: text is text/plain for saving,
only four picture formats are drawn, told by their first bytes, and each answer is sandboxed.
"""

from typing import Final

from django.http import HttpRequest, HttpResponse
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from dashboard.actions import action
from dashboard.pickers import as_of, store_picker
from dashboard.render.call_view import exit_code_of
from dashboard.render.parts import code_part
from dashboard.render.payload import Payload, decoded, unwrapped
from dashboard.render.place import Place
from dashboard.render.tools import result_part
from dashboard.views._htmx import render_page_or_partial, wanted_partial
from dashboard.views._store import now_ms, open_store
from stores.interface import BlockContent, MessageNotFound, list_stores

__all__ = ["block_detail", "block_image", "message_text", "tool_call_text"]

#: Most characters of one block in a page; beyond, a download.
_BLOCK_CHARACTERS: Final = 300_000
_SANDBOX: Final = "sandbox; default-src 'none'; frame-ancestors 'none'"
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
)


@require_safe
@action("browse.read")
def block_detail(
    request: HttpRequest, store: str, seq: int, index: int, agent_id: str
) -> HttpResponse:
    """Show one whole block, alone for HTMX or on a page of its own."""
    record, reader = open_store(store)
    content = reader.get_block(agent_id, seq, index)
    place = Place.of(record.slug, agent_id, now_ms=now_ms(), origin=request.GET.get("list"))
    context = {
        "store": record,
        "whole": _block_html(content, seq, index, place),
        "seq": seq,
        "index": index,
        "turn_href": place.turn(seq),
        "store_picker": store_picker(list_stores(), record.slug, url_name="session_list"),
        "as_of": as_of(place.now_ms, reader),
    }
    return render_page_or_partial(
        request, "dashboard/block.html", partial=wanted_partial(request, "block"), context=context
    )


def _block_html(content: BlockContent, seq: int, index: int, place: Place) -> SafeString:
    raw = place.message_text(seq)
    if content.text is None:
        size_bytes = len(content.data or b"")
        payload = Payload(None, size_bytes, raw=place.image(seq, index))
        words = content.mime_type if content.data else "This block has no bytes in the store."
        return code_part("Media", words, payload, limit=_BLOCK_CHARACTERS)
    size_bytes = len(content.text.encode(errors="replace"))
    if content.type in ("text", "reasoning"):
        payload = Payload(content.text, size_bytes, raw=raw)
        return code_part("Text", content.text, payload, limit=_BLOCK_CHARACTERS)
    value = decoded(content.text)
    if content.type == "tool_result":
        value = unwrapped(value)
    payload = Payload(value, size_bytes, raw=raw)
    label = "Input" if content.type == "tool_use" else "Result"
    parts = result_part(
        payload, exit_code=exit_code_of(value), limit=_BLOCK_CHARACTERS, label=label
    )
    return SafeString("".join(parts))


@require_safe
@action("browse.read")
def block_image(
    request: HttpRequest, store: str, seq: int, index: int, agent_id: str
) -> HttpResponse:
    """Serve the bytes of an inline image, or of any other media as a download."""
    _record, reader = open_store(store)
    content = reader.get_block(agent_id, seq, index)
    if content.data is None:
        raise MessageNotFound(f"Block {index} of message #{seq} has no bytes in this store.")
    kind = _image_type(content.data)
    response = HttpResponse(content.data, content_type=kind or "application/octet-stream")
    name = f"message-{seq}-block-{index}"
    return _sandboxed(response, "inline" if kind else f'attachment; filename="{name}.bin"')


@require_safe
@action("browse.read")
def message_text(request: HttpRequest, store: str, seq: int, agent_id: str) -> HttpResponse:
    """Download the stored content of one message."""
    _record, reader = open_store(store)
    return _download(reader.get_message_text(agent_id, seq), f"message-{seq}.txt")


@require_safe
@action("browse.read")
def tool_call_text(request: HttpRequest, store: str, part: str, call_id: str) -> HttpResponse:
    """Download the stored input, result or error of one call."""
    _record, reader = open_store(store)
    return _download(reader.get_tool_call_text(call_id, part), f"call-{part}.txt")


def _download(text: str, name: str) -> HttpResponse:
    body = text.encode("utf-8", "replace")
    response = HttpResponse(body, content_type="text/plain; charset=utf-8")
    return _sandboxed(response, f'attachment; filename="{name}"')


def _sandboxed(response: HttpResponse, disposition: str) -> HttpResponse:
    response.headers["Content-Disposition"] = disposition
    response.headers["Content-Security-Policy"] = _SANDBOX
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def _image_type(data: bytes) -> str:
    """Return the picture format that the bytes begin with, empty for anything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for start, kind in _MAGIC if data.startswith(start)), "")
