"""Django settings: one file; every value that a deployment decides is read through env.py."""

from ipaddress import ip_address
from typing import Any

import dj_database_url
from csp.constants import NONE, SELF

from kodeweb import assets, env, home, logs

HOME = home.home_path()
BASE_DIR = assets.BASE_DIR

# --- Where we listen, and how browsers reach us --------------------------------------
HOST = env.text("KODEWEB_HOST", "127.0.0.1")
PORT = env.integer("KODEWEB_PORT", 8710, low=1, high=65535)
IS_HTTPS = env.flag("KODEWEB_HTTPS")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _allowed_hosts() -> list[str]:
    """List loopback names, our own address and what the owner adds; never a wildcard."""
    own = [] if HOST in ("0.0.0.0", "::", "") else [f"[{HOST}]" if ":" in HOST else HOST]  # noqa: S104 (compared, not bound)
    added = [host for host in env.names("KODEWEB_HOSTS") if "*" not in host]
    return ["localhost", "127.0.0.1", "[::1]", *own, *added]


IS_LOOPBACK = _is_loopback(HOST)
ALLOWED_HOSTS = _allowed_hosts()
DEBUG = env.flag("KODEWEB_DEBUG") and IS_LOOPBACK
SECRET_KEY = home.secret_key()

# --- Applications --------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "django_tables2",
    "django_filters",
    "template_partials",
    "stores",
    "dashboard",
    "kodeweb",
    "kodeweb.accounts",
]

# The order is the security design, see docs/decisions/0003-request-guards.md.
MIDDLEWARE = [
    "kodeweb.middleware.requestlog.RequestLogMiddleware",
    "kodeweb.middleware.headers.PrivacyHeadersMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "kodeweb.middleware.origin.SameOriginMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "kodeweb.middleware.sessions.SessionLimitsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "kodeweb.middleware.actions.RequireActionMiddleware",
    "kodeweb.middleware.errors.StoreErrorsMiddleware",
]

ROOT_URLCONF = "kodeweb.urls"
WSGI_APPLICATION = "kodeweb.wsgi.application"

TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "kodeweb.context.shell",
                "dashboard.navigation.navigation",
            ],
        },
    }
]
DJANGO_TABLES2_TEMPLATE = "tables/table.html"

# --- kodeweb's own database ----------------------------------------------------------
_SQLITE: dict[str, Any] = {
    "ENGINE": "django.db.backends.sqlite3",
    "NAME": HOME / "kodeweb.sqlite3",
    "CONN_MAX_AGE": None,
    "OPTIONS": {
        "timeout": 5,
        "transaction_mode": "IMMEDIATE",
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;",
    },
}


def _database(url: str) -> dict[str, Any]:
    """Read DATABASE_URL; SQLite gets our options wherever its file is."""
    if not url:
        return _SQLITE
    try:
        found = dict(dj_database_url.parse(url, conn_max_age=600, conn_health_checks=True))
    except ValueError as exc:
        # The value may hold a password, so it is not repeated.
        raise env.EnvError(
            "DATABASE_URL cannot be read; write it like postgres://user:password@host:5432/name."
        ) from exc
    return {**_SQLITE, "NAME": found["NAME"]} if "sqlite" in str(found["ENGINE"]) else found


DATABASES: dict[str, Any] = {"default": _database(env.text("DATABASE_URL"))}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Sign-in -------------------------------------------------------------------------
LOGIN_URL = "sign_in"
LOGIN_REDIRECT_URL = "/"
LOGOUT_REDIRECT_URL = "sign_in"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Cookies are shared by all ports of a host, so on plain loopback the name carries the port.
_COOKIE_NAME = "__Host-kodeweb{}" if IS_HTTPS else "kodeweb{}_" + str(PORT)
SESSION_ENGINE = "kodeweb.accounts.session_store"
SESSION_SERIALIZER = "django.contrib.sessions.serializers.JSONSerializer"
SESSION_COOKIE_NAME = _COOKIE_NAME.format("")
SESSION_COOKIE_AGE = 7 * 24 * 3600  # the absolute limit, seconds
SESSION_IDLE_SECONDS = 8 * 3600
SESSION_TOUCH_SECONDS = 300  # how stale "last seen" may be, so that reading does not write
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IS_HTTPS
SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = _COOKIE_NAME.format("-csrf")
CSRF_FAILURE_VIEW = "kodeweb.errors.csrf_failure"
THEME_COOKIE_NAME = _COOKIE_NAME.format("-theme")

# --- Headers -------------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
        "report-uri": "/csp-report/",
    }
}
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "no-referrer"
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if IS_HTTPS else 0
X_FRAME_OPTIONS = "DENY"
USE_X_FORWARDED_HOST = False
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 500

# --- Static files --------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = HOME / "static"
WHITENOISE_ALLOW_ALL_ORIGINS = False
STATICFILES_DIRS = assets.static_dirs()
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Everything else -----------------------------------------------------------------
LANGUAGE_CODE = "en"
USE_I18N = False
USE_TZ = True
TIME_ZONE = "UTC"
LOGGING = logs.logging_config(env.text("KODEWEB_LOG_LEVEL", "INFO"))
SILENCED_SYSTEM_CHECKS: list[str] = []
