"""Template tags that every page may use: ``{% load kodeweb %}``."""

from django import template
from django.utils.safestring import SafeString

from dashboard.icons import icon_html

__all__ = ["icon", "register"]

register = template.Library()


@register.simple_tag
def icon(name: str, size: str = "", label: str = "") -> SafeString:
    """Draw an icon of the sprite, as in ``{% icon "failed" size="s" label="Failed" %}``."""
    return icon_html(name, size=size, label=label)
