"""The data directory: the one place where kodeweb keeps what is its own.

It holds kodeweb's database, its secret key, the collected static files and, after ``kodeweb
demo``, the sample store. Nobody but the owner may enter it.
"""

import os
import secrets
import stat
from pathlib import Path

import platformdirs

from kodeweb import env

__all__ = ["HomeError", "home_path", "prepare_home", "read_address", "secret_key", "write_address"]

_PRIVATE_DIR = 0o700
_PRIVATE_FILE = 0o600


class HomeError(Exception):
    """The data directory cannot be used; the message says why and what to do."""


def home_path() -> Path:
    """Return where the data directory is or would be."""
    return env.optional_path("KODEWEB_HOME") or Path(platformdirs.user_data_dir("kodeweb"))


def prepare_home() -> Path:
    """Make the data directory and its secret key, private to the owner, and return it.

    Raises:
        HomeError: the directory cannot be made, or belongs to somebody else.
    """
    home = home_path()
    try:
        home.mkdir(mode=_PRIVATE_DIR, parents=True, exist_ok=True)
        if home.stat().st_uid != os.getuid():
            raise HomeError(
                f"The data directory {home} belongs to another user; set KODEWEB_HOME to your own."
            )
        if stat.S_IMODE(home.stat().st_mode) != _PRIVATE_DIR:
            home.chmod(_PRIVATE_DIR)
        _create_secret(home / "secret_key")
    except OSError as exc:
        raise HomeError(
            f"The data directory {home} cannot be used ({exc.strerror}); "
            "set KODEWEB_HOME to a directory that you may write."
        ) from exc
    return home


def secret_key() -> str:
    """Return the secret key; empty while there is none, which Django refuses at first use."""
    given = env.text("KODEWEB_SECRET_KEY")
    if given:
        return given
    try:
        return (home_path() / "secret_key").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def write_address(url: str) -> None:
    """Remember where kodeweb serves, for ``kodeweb login-link``."""
    (home_path() / "address").write_text(url, encoding="ascii")


def read_address() -> str:
    """Return where kodeweb served last; empty when it never did."""
    try:
        return (home_path() / "address").read_text(encoding="ascii").strip()
    except OSError:
        return ""


def _create_secret(path: Path) -> None:
    """Write the key once; O_EXCL, so that of two first starts one wins and both use it."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE_FILE)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
