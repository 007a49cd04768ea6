"""Refuse any view that does not declare its action, and anybody who may not do it."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.cache import add_never_cache_headers

from dashboard.actions import declared_action
from kodeweb.accounts.roles import allowed
from kodeweb.errors import is_fragment_request
from kodeweb.redirects import safe_next

__all__ = ["RequireActionMiddleware"]


class RequireActionMiddleware:
    """Ask ``allowed`` before each view; a forgotten declaration is a refusal, not a hole."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in process_view, where the view is known."""
        return self.get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        view: Callable[..., HttpResponse],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
    ) -> HttpResponse | None:
        """Return None to go on, a redirect to sign in, or raise PermissionDenied."""
        decision = allowed(request.user, declared_action(view))
        if decision:
            return None
        if decision.needs_sign_in:
            return _to_sign_in(request)
        raise PermissionDenied(decision.reason)


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    """Send to the sign-in page and back to where the person is, never to another site."""
    is_fragment = is_fragment_request(request)
    page = request.get_full_path() if request.method in ("GET", "HEAD") else "/"
    if is_fragment:
        page = _current_page(request)
    target = f"{reverse('sign_in')}?{urlencode({'next': safe_next(page)})}"
    response = HttpResponse(status=403) if is_fragment else HttpResponseRedirect(target)
    if is_fragment:
        response["HX-Redirect"] = target
    add_never_cache_headers(response)
    response["Cache-Control"] = "private, no-store"
    return response


def _current_page(request: HttpRequest) -> str:
    """Return the path and query that htmx says the person is on; a header is only a claim."""
    try:
        parts = urlsplit(request.headers.get("HX-Current-URL", "/"))
    except ValueError:
        return "/"
    return f"{parts.path}?{parts.query}" if parts.query else parts.path
