"""Each view declares what it does; a view that declares nothing is refused.

Only the declaration lives here. Who may do what is decided in one place, by
``kodeweb.accounts.roles.allowed``, which the middleware asks before a view runs.
"""

from collections.abc import Callable
from typing import Any, TypeVar

__all__ = ["action", "declared_action"]

_ATTRIBUTE = "declared_action"
Viewlike = TypeVar("Viewlike", bound=Callable[..., Any])


def action(name: str) -> Callable[[Viewlike], Viewlike]:
    """Declare the action of a view function or view class, as in ``@action("browse.read")``."""

    def declare(view: Viewlike) -> Viewlike:
        setattr(view, _ATTRIBUTE, name)
        return view

    return declare


def declared_action(view: Callable[..., Any]) -> str | None:
    """Return the declared action of a resolved view; None when it declares none."""
    holder = getattr(view, "view_class", view)
    found = getattr(holder, _ATTRIBUTE, None)
    return found if isinstance(found, str) else None
