"""Images, sounds and files of a message. What is elsewhere is named, never fetched."""

from html import escape
from typing import Final

from django.utils.safestring import SafeString

from dashboard.formats import size
from dashboard.icons import icon_html
from dashboard.render.place import Place
from dashboard.render.text import line_html, visible
from stores.interface import Block

__all__ = ["IMAGE_TYPES", "media_html"]

#: Drawn in the page; any other type, SVG above all, is a download.
IMAGE_TYPES: Final = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
_LARGEST_DRAWN: Final = 8 << 20
_WHERE: Final = {
    "url": "at a remote address, not loaded",
    "file_id": "stored with the provider, no bytes here",
    "": "no bytes here",
}


def media_html(block: Block, seq: int, place: Place) -> SafeString:
    """Return one attachment: the picture itself where its bytes are in the store and drawable."""
    kind = "image" if block.type in ("image", "image_url") else block.type
    mime_type, source = block.get("mime_type"), block.get("source")
    name = block.get("filename") or f"{kind} in message #{seq}"
    title = f"<p><b>{line_html(name, 120)}</b></p>"
    if source != "inline":
        words = f"{line_html(mime_type or kind, 80)}, {_WHERE.get(source, _WHERE[''])}"
        return _attachment(kind, f'{title}<p class="muted">{words}</p>{_address(block)}')
    href = escape(place.image(seq, block.index))
    words = f"{line_html(mime_type or 'unknown type', 80)}, {size(block.size_bytes)}"
    body = f'{title}<p class="muted">{words}</p><p><a href="{href}" download>Download</a></p>'
    if mime_type in IMAGE_TYPES and block.size_bytes <= _LARGEST_DRAWN:
        alt = escape(visible(f"{name[:120]}, {mime_type}, {size(block.size_bytes)}"))
        picture = (
            f'<a class="picture" href="{href}"><img src="{href}" alt="{alt}" loading="lazy"></a>'
        )
        return SafeString(
            f'<figure class="media">{picture}<figcaption>{words}</figcaption></figure>'
        )
    return _attachment(kind, body)


def _attachment(kind: str, body: str) -> SafeString:
    icon = icon_html("image" if kind == "image" else "file")
    return SafeString(
        f'<div class="attachment"><span class="thumb">{icon}</span><div>{body}</div></div>'
    )


def _address(block: Block) -> str:
    """Show an address as text: a click must not tell a stranger that somebody looks."""
    address = block.get("url") or block.get("file_id")
    return f'<p class="mono address">{line_html(address, 400)}</p>' if address else ""
