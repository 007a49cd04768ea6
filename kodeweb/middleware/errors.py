"""The one place that maps store errors to pages: the tree is drawn in stores/errors.py."""

import logging
from collections.abc import Callable
from datetime import UTC, datetime
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.urls import NoReverseMatch, reverse

from kodeweb.errors import Link, render_error
from stores.interface import (
    InvalidCursor,
    InvalidQuery,
    MessageNotFound,
    SessionNotFound,
    StoreError,
    StoreNotFound,
    ToolCallNotFound,
    UnsupportedOperation,
    get_store,
)

__all__ = ["StoreErrorsMiddleware"]

logger = logging.getLogger("kodeweb.errors")
_RETRY_SECONDS = 5
_NOT_FOUND = {
    StoreNotFound: "No such store",
    SessionNotFound: "No such session",
    ToolCallNotFound: "No such tool call",
    MessageNotFound: "No such message",
}
_BAD = (InvalidCursor, InvalidQuery, UnsupportedOperation)


class StoreErrorsMiddleware:
    """Turn a StoreError that leaves a view into its page; its text is safe to show."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Pass on; the work is in process_exception."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exc: Exception) -> HttpResponse | None:
        """Answer 404, 400 or 503 to a store error; leave any other exception alone."""
        if not isinstance(exc, StoreError):
            return None
        slug = _slug(request)
        if isinstance(exc, StoreNotFound):
            # The navigation reads the store from here, and would lead to more such pages.
            request.resolver_match = None
        for kind, title in _NOT_FOUND.items():
            if isinstance(exc, kind):
                return render_error(
                    request,
                    HTTPStatus.NOT_FOUND,
                    title=title,
                    message=str(exc),
                    links=_ways_back(slug if kind is not StoreNotFound else ""),
                )
        if isinstance(exc, _BAD):
            return render_error(
                request, HTTPStatus.BAD_REQUEST, message=str(exc), links=_ways_back(slug)
            )
        return _unavailable(request, exc, slug)


def _unavailable(request: HttpRequest, exc: StoreError, slug: str) -> HttpResponse:
    """Answer 503 for a store that is gone, locked, damaged or not what it was."""
    logger.warning("store %s: %s: %s", slug or "-", type(exc).__name__, exc)
    name, note = _last_seen(slug)
    response = render_error(
        request,
        HTTPStatus.SERVICE_UNAVAILABLE,
        title=f"{name} cannot be read" if name else "",
        message=str(exc),
        note=note,
        links=(Link("Try again", request.get_full_path()), Link("Overview", "/")),
    )
    response["Retry-After"] = str(_RETRY_SECONDS)
    return response


def _last_seen(slug: str) -> tuple[str, str]:
    """Return the store's name and when it was last readable, in words."""
    try:
        store = get_store(slug)
    except StoreNotFound:
        return "", ""
    if store.last_ok_at is None:
        return store.name, "It has not been readable since it was registered."
    at = datetime.fromtimestamp(store.last_ok_at / 1000, tz=UTC)
    return store.name, f"It was last readable on {at:%-d %B %Y at %H:%M:%S} UTC."


def _slug(request: HttpRequest) -> str:
    match = request.resolver_match
    found = match.kwargs.get("store", "") if match else ""
    return str(found)


def _ways_back(slug: str) -> tuple[Link, ...]:
    """Offer the store's sessions, when a store is known, and the overview."""
    overview = Link("Overview", "/")
    if not slug:
        return (overview,)
    try:
        return (Link(f"Sessions of {slug}", reverse("session_list", args=[slug])), overview)
    except NoReverseMatch:
        return (overview,)
