"""Icons as markup for code that builds table rows in Python; templates use the tag."""

from functools import lru_cache

from django.templatetags.static import static
from django.utils.html import format_html
from django.utils.safestring import SafeString

__all__ = ["icon_html"]


@lru_cache(maxsize=256)
def icon_html(name: str, *, size: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite; cached, since a page of rows asks for the same few.

    ``size`` is "s" for the small one. An icon without a label is decoration and hidden from
    assistive technology: the word stands beside it.
    """
    css = f"icon icon-{size}" if size else "icon"
    address = f"{static('img/icons.svg')}#i-{name}"
    if label:
        return format_html(
            '<svg class="{}" role="img" aria-label="{}"><use href="{}"></use></svg>',
            css,
            label,
            address,
        )
    return format_html(
        '<svg class="{}" aria-hidden="true"><use href="{}"></use></svg>', css, address
    )
