"""Entry point for a WSGI server: ``kodeweb.wsgi:application``."""

from typing import TYPE_CHECKING

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from kodeweb import env
from kodeweb.home import prepare_home

if TYPE_CHECKING:
    from collections.abc import Iterable
    from wsgiref.types import StartResponse, WSGIEnvironment

__all__ = ["application"]

env.use_settings()
prepare_home()
_django = get_wsgi_application()


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> "Iterable[bytes]":
    """Answer one request; the scheme is what the owner declared, never what a header claims."""
    environ["wsgi.url_scheme"] = "https" if settings.IS_HTTPS else "http"
    return _django(environ, start_response)
