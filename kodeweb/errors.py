"""Error pages: one place that renders them, for Django's handlers and for the store errors.

A full request gets a page with a way back. An HTMX fragment request gets a notice, which
``base.html`` shows above the content: the page that a person reads is never thrown away.
"""

from dataclasses import dataclass, field
from http import HTTPStatus

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

__all__ = [
    "Link",
    "bad_request",
    "csrf_failure",
    "is_fragment_request",
    "not_found",
    "permission_denied",
    "render_error",
    "server_error",
]


@dataclass(frozen=True)
class Link:
    """A way on from an error page."""

    label: str
    href: str


@dataclass(frozen=True)
class _Words:
    title: str
    message: str
    icon: str = "failed"
    links: tuple[Link, ...] = field(default=(Link("Overview", "/"),))


_WORDS = {
    400: _Words("This request cannot be read", "Something in the address or form is not valid."),
    403: _Words("You may not do this", "Your role does not allow it.", icon="denied"),
    404: _Words("There is nothing here", "The address is not one of kodeweb's.", icon="search"),
    410: _Words("This is gone", "It was here before.", icon="clock"),
    429: _Words("Too many tries", "Wait a moment, then try again.", icon="clock"),
    500: _Words(
        "kodeweb failed on this page",
        "The error is in the server's log. No store was changed.",
    ),
    503: _Words("This store does not answer", "Try again in a few seconds.", icon="sealed"),
}


def is_fragment_request(request: HttpRequest) -> bool:
    """Tell an HTMX request for a region from one for a whole page."""
    headers = request.headers
    return (
        headers.get("HX-Request") == "true"
        and headers.get("HX-Boosted") != "true"
        and headers.get("HX-History-Restore-Request") != "true"
    )


def render_error(
    request: HttpRequest,
    status: int,
    *,
    title: str = "",
    message: str = "",
    note: str = "",
    links: tuple[Link, ...] = (),
) -> HttpResponse:
    """Render the page of a status; empty words fall back to those of the status."""
    words = _WORDS[status]
    user = getattr(request, "user", None)
    context = {
        "shell": "base.html" if user is not None and user.is_authenticated else "bare.html",
        "title": title or words.title,
        "message": message or words.message,
        "note": note,
        "icon_name": words.icon,
        "links": links or words.links,
        "status": status,
    }
    template = "_error_notice.html" if is_fragment_request(request) else f"{status}.html"
    response = render(request, template, context, status=status)
    response.headers["Vary"] = "HX-Request, Cookie"
    return response


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 400, for example to a Host header that is not ours."""
    return render_error(request, HTTPStatus.BAD_REQUEST)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 403 with the reason that the refusal gave."""
    reason = str(exception) if isinstance(exception, PermissionDenied) else ""
    return render_error(request, HTTPStatus.FORBIDDEN, message=reason)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer 403 to a form whose token is missing or old."""
    return render_error(
        request,
        HTTPStatus.FORBIDDEN,
        title="This form is too old",
        message="Go back, reload the page and send it again.",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer 404 to an address that nothing matches."""
    return render_error(request, HTTPStatus.NOT_FOUND)


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 without a word of the exception.

    Rendered without the request: what failed may be the session or the user that it would read.
    """
    words = _WORDS[500]
    context = {
        "shell": "bare.html",
        "title": words.title,
        "message": words.message,
        "icon_name": words.icon,
        "links": words.links,
        "status": 500,
    }
    template = "_error_notice.html" if is_fragment_request(request) else "500.html"
    return HttpResponse(render_to_string(template, context), status=500)
