"""One log line per request, whatever answered it."""

import logging
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

__all__ = ["RequestLogMiddleware"]

logger = logging.getLogger("kodeweb.request")


class RequestLogMiddleware:
    """Log method, path, status, time and user id; query strings may hold what was searched for."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, then log at a level that fits the status."""
        start = time.perf_counter()
        response = self.get_response(request)
        level = logging.ERROR if response.status_code >= 500 else logging.INFO
        logger.log(
            level,
            "%s %s %d %.0fms user=%s from=%s",
            request.method,
            request.path,
            response.status_code,
            (time.perf_counter() - start) * 1000,
            _user_id(request),
            request.META.get("REMOTE_ADDR", "-"),
        )
        return response


def _user_id(request: HttpRequest) -> str:
    """Return the id if a view or middleware looked at the user; logging must not query."""
    user = getattr(request, "_cached_user", None)
    return str(user.pk) if user is not None and user.pk else "-"
