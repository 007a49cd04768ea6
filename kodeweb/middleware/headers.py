"""Headers that Django and django-csp do not set, on every response, errors and static included."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse

__all__ = ["PrivacyHeadersMiddleware"]

_UNUSED_FEATURES = (
    "accelerometer=(), autoplay=(), camera=(), "
    "display-capture=(), fullscreen=(), geolocation=(), gyroscope=(), magnetometer=(), "
    "microphone=(), midi=(), payment=(), picture-in-picture=(), publickey-credentials-get=(), "
    "screen-wake-lock=(), usb=(), xr-spatial-tracking=()"
)


class PrivacyHeadersMiddleware:
    """No browser feature, no foreign embedding, no copy of a page in any cache."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add what the response does not carry yet."""
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", _UNUSED_FEATURES)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not (request.path.startswith(settings.STATIC_URL) and response.status_code < 400):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
