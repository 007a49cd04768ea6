"""What the shell of every page shows: theme, who is signed in, what they may do."""

from typing import Any

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest

from kodeweb.accounts.roles import ACTIONS, allowed, role_of

__all__ = ["THEMES", "shell"]

# "system" follows the browser; the button walks the list in a circle.
THEMES = ("system", "light", "dark")


def shell(request: HttpRequest) -> dict[str, Any]:
    """Add ``theme``, ``theme_next``, ``role`` and ``may``, as in ``{% if may.stores_manage %}``."""
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    theme = theme if theme in THEMES else THEMES[0]
    user = getattr(request, "user", AnonymousUser())
    return {
        "theme": theme,
        "theme_next": THEMES[(THEMES.index(theme) + 1) % len(THEMES)],
        "role": role_of(user).name.lower(),
        "may": {name.replace(".", "_"): bool(allowed(user, name)) for name in ACTIONS},
    }
