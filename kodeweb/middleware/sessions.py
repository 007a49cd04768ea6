"""End sessions that are idle for 8 hours or 7 days old, without a write per request."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import SESSION_KEY, logout
from django.http import HttpRequest, HttpResponse

from kodeweb.clock import now_ms

__all__ = ["SEEN_AT", "STARTED_AT", "SessionLimitsMiddleware"]

STARTED_AT = "started_at"
SEEN_AT = "seen_at"


class SessionLimitsMiddleware:
    """Keep when a session started and was last seen, in milliseconds, inside the session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Sign out a session past its limits; note a visit at most every five minutes."""
        if SESSION_KEY in request.session:
            now = now_ms()
            started = request.session.get(STARTED_AT, now)
            seen = request.session.get(SEEN_AT, now)
            if (
                now - started > settings.SESSION_COOKIE_AGE * 1000
                or now - seen > settings.SESSION_IDLE_SECONDS * 1000
            ):
                logout(request)
            elif STARTED_AT not in request.session or (
                now - seen > settings.SESSION_TOUCH_SECONDS * 1000
            ):
                # A write pushes the cookie's expiry; the absolute limit is checked here instead.
                request.session[STARTED_AT] = started
                request.session[SEEN_AT] = now
        return self.get_response(request)
