"""The main navigation: where one can go from here, and which key goes there."""

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import NoReverseMatch

from dashboard.address import address_of
from stores.interface import list_stores

__all__ = ["NavItem", "navigation"]

# URL name, words, icon, key after "g". Pages of a store need its slug.
_STORE_PAGES = (
    ("session_list", "Sessions", "sessions", "s"),
    ("message_list", "Messages", "file", "m"),
    ("tool_call_list", "Tool calls", "tools", "t"),
)


@dataclass(frozen=True)
class NavItem:
    """One link of the navigation; ``key`` is what follows ``g`` on the keyboard."""

    label: str
    icon: str
    href: str
    key: str
    is_current: bool


def navigation(request: HttpRequest) -> dict[str, Any]:
    """Add ``nav_items``: the overview, and the pages of the store that the address names.

    Where it names none, the pages of the first store: no page is a dead end.
    """
    match = request.resolver_match
    slug = str(match.kwargs.get("store", "")) if match else ""
    user = getattr(request, "user", None)  # absent where a guard refused the request
    if not slug and user is not None and user.is_authenticated:
        slug = next((store.slug for store in list_stores()), "")
    items = [NavItem("Overview", "overview", "/", "o", request.path == "/")]
    for name, label, icon, key in _STORE_PAGES if slug else ():
        try:
            href = address_of(name, slug)
        except NoReverseMatch:
            continue
        items.append(NavItem(label, icon, href, key, request.path.startswith(href)))
    stores = address_of("store_list")
    is_current = request.path.startswith(stores)
    return {
        "nav_items": items,
        "stores_item": NavItem("Stores", "stores", stores, "d", is_current),
    }
