"""What a browser reports about our own policy: one bounded log line, nothing kept."""

import logging
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from dashboard.actions import action

__all__ = ["csp_report"]

logger = logging.getLogger("kodeweb.csp")
_MAX_BODY_BYTES = 16 * 1024
_MAX_LINE = 500


@csrf_exempt
@require_POST
@action("public")
def csp_report(request: HttpRequest) -> HttpResponse:
    """Log a violation report. Browsers send it without a token, and it changes nothing."""
    body = request.read(_MAX_BODY_BYTES + 1)
    if len(body) > _MAX_BODY_BYTES:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    logger.warning("content security policy: %s", body.decode("utf-8", "replace")[:_MAX_LINE])
    return HttpResponse(status=HTTPStatus.NO_CONTENT)
