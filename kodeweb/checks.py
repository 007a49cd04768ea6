"""System checks: what must be there before a page is served, each with what to do about it."""

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.contrib.staticfiles import finders
from django.core.checks import CheckMessage, Error, Tags, Warning, register

from kodeweb import assets, env
from kodeweb.home import secret_key

__all__ = ["check_assets", "check_environment", "check_secret_key"]

_WANTED = (assets.CHART_JS, "img/icons.svg", "css/tokens.css", "css/base.css")


@register(Tags.staticfiles)
def check_assets(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Find each file that pages link, Chart.js and htmx included."""
    htmx = "django_htmx/htmx-2.min.js"
    return [
        Error(
            f"The static file {name} is missing.",
            hint="Install requirements/base.txt again; Chart.js comes from django-unfold 0.91.0.",
            id="kodeweb.E001",
        )
        for name in (*_WANTED, htmx)
        if finders.find(name) is None
    ]


@register(Tags.security)
def check_secret_key(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Require a secret key of at least 50 characters."""
    # settings.SECRET_KEY itself raises while it is empty, so look where it is read.
    if len(secret_key()) >= 50:
        return []
    return [
        Error(
            "The secret key is shorter than 50 characters.",
            hint="Remove KODEWEB_SECRET_KEY, or the file secret_key in the data directory, "
            "and a new one is made.",
            id="kodeweb.E002",
        )
    ]


@register(Tags.security)
def check_environment(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say so when a wish of the environment was not followed."""
    found: list[CheckMessage] = []
    if env.flag("KODEWEB_DEBUG") and not settings.DEBUG:
        found.append(
            Warning(
                "KODEWEB_DEBUG is ignored: the server is not bound to loopback.", id="kodeweb.W001"
            )
        )
    if any("*" in host for host in env.names("KODEWEB_HOSTS")):
        found.append(Error("KODEWEB_HOSTS holds a wildcard; name each host.", id="kodeweb.E003"))
    return found
