"""Refuse what another site makes a browser send, and any host name that is not ours.

A page on any site can post to 127.0.0.1, and a name can be rebound to it. Browsers label such
requests with ``Sec-Fetch-Site`` and ``Origin``, which no page can forge.
"""

from collections.abc import Callable

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

__all__ = ["SameOriginMiddleware"]

_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN_SITES = frozenset({"same-origin", "none"})
_REFUSED = "This request came from another site and was refused."


class SameOriginMiddleware:
    """Check Host, Sec-Fetch-Site and Origin before anything else looks at the request."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass own requests on; raise for the others.

        Raises:
            DisallowedHost: the Host header names another machine (400).
            PermissionDenied: another site or origin sent this (403).
        """
        own_origin = f"{request.scheme}://{request.get_host()}"
        site = request.headers.get("Sec-Fetch-Site", "")
        if request.method in _SAFE_METHODS:
            if site and site not in _OWN_SITES and not _is_followed_link(request):
                raise PermissionDenied(_REFUSED)
            return self.get_response(request)
        if site and site not in _OWN_SITES:
            raise PermissionDenied(_REFUSED)
        origin = request.headers.get("Origin", "")
        if origin == "null" and site == "same-origin":
            # Our no-referrer policy makes browsers send "null" with plain forms (Fetch standard,
            # "append a request Origin header"); Django's own check would refuse them.
            request.META["HTTP_ORIGIN"] = own_origin
        elif origin and origin.lower() != own_origin.lower():
            raise PermissionDenied(_REFUSED)
        return self.get_response(request)


def _is_followed_link(request: HttpRequest) -> bool:
    """Tell a person's click on a link elsewhere from an embedded or scripted read."""
    return (
        request.headers.get("Sec-Fetch-Mode") == "navigate"
        and request.headers.get("Sec-Fetch-Dest", "document") == "document"
    )
