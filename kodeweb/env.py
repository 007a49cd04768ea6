"""Typed reads of the environment, failing early with a sentence.

The only module of the project that touches ``os.environ``. Every variable that kodeweb reads is
named here once, so that the documentation can be tested against ``DOCUMENTED``.
"""

import os
import sys
from pathlib import Path

__all__ = [
    "DOCUMENTED",
    "EnvError",
    "flag",
    "integer",
    "names",
    "optional_path",
    "put",
    "text",
    "use_settings",
]

DOCUMENTED = (
    "KODEWEB_HOME",
    "KODEWEB_SECRET_KEY",
    "DATABASE_URL",
    "KODEWEB_HOST",
    "KODEWEB_PORT",
    "KODEWEB_HOSTS",
    "KODEWEB_HTTPS",
    "KODEWEB_DEBUG",
    "KODEWEB_LOG_LEVEL",
    "KODE_STORE_TYPE",
    "KODE_SQLITE_PATH",
    "KODE_STORE_PATH",
    "POSTGRES_HOST",
    "POSTGRES_PORT",
    "POSTGRES_DB",
    "POSTGRES_USER",
    "POSTGRES_PASSWORD",
)

_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"", "0", "false", "no", "off"})


class EnvError(ValueError):
    """A variable holds a value that kodeweb cannot use; the message names both."""


def text(name: str, default: str = "") -> str:
    """Read a variable as text without surrounding blanks; unset and empty give the default."""
    _check(name)
    return os.environ.get(name, "").strip() or default


def integer(name: str, default: int, *, low: int, high: int) -> int:
    """Read a whole number within bounds."""
    value = text(name)
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and low <= int(value) <= high):
        raise EnvError(f"{name} is {value!r}; it must be a whole number from {low} to {high}.")
    return int(value)


def flag(name: str) -> bool:
    """Read a yes-or-no variable; unset is no."""
    value = text(name).lower()
    if value in _TRUE:
        return True
    if value in _FALSE:
        return False
    raise EnvError(f"{name} is {value!r}; write 1 or 0.")


def names(name: str) -> list[str]:
    """Read a comma-separated list."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def optional_path(name: str) -> Path | None:
    """Read a path, with ``~`` expanded; None when unset."""
    value = text(name)
    return Path(value).expanduser() if value else None


def put(name: str, value: str) -> None:
    """Set a variable for this process and its children, before Django reads its settings."""
    _check(name)
    os.environ[name] = value


def _check(name: str) -> None:
    if name not in DOCUMENTED:
        raise LookupError(f"{name} is not listed in kodeweb.env.DOCUMENTED")


def use_settings() -> None:
    """Point Django at the project's one settings file."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kodeweb.settings")


def has_display() -> bool:
    """Tell whether a graphical browser can be shown: always, but on Linux only with a display."""
    return sys.platform != "linux" or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
