"""Which store ``kodeweb open`` means: the path given, or the SDK's own variables."""

import os
import re
from dataclasses import dataclass, field
from pathlib import Path

from kodeweb import env

__all__ = ["Target", "UserError", "find_target"]

_SCHEMES = ("postgres://", "postgresql://")
_ADDRESS = re.compile(r"([a-z][a-z0-9+.-]{0,30})://", re.I)
#: What may be an address with a password, written wrongly.
_SECRET = re.compile(r"://|:[^/@]+@|password\s*=", re.I)


class UserError(Exception):
    """A mistake that the user can mend: one sentence, what was found and what to do."""


@dataclass(frozen=True)
class Target:
    """A SQLite file or a PostgreSQL database, and the folder of its file half; or a folder of JSON.

    ``kind`` is ``sqlite``, ``json`` or ``postgres``, the words of KODE_STORE_TYPE, or the kind of
    a plug-in, which is the scheme of its addresses. A database has a ``connection``: its URL, or
    host, port, database, user and password by name.
    """

    kind: str
    path: Path = Path()
    files: Path | None = None
    connection: str | dict[str, str] = field(default="", repr=False)


def find_target(word: str | None, files: Path | None) -> Target:
    """Return what was named, on the command line or in the environment.

    Raises:
        UserError: nothing says which store, or it is of a type that cannot be opened yet.
    """
    if word is None:
        return _from_environment(files)
    if address := _ADDRESS.match(word):
        word = address[0].lower() + word[address.end() :]
        # Whether a package offers another kind is found out when the store is opened.
        kind = "postgres" if word.startswith(_SCHEMES) else address[1].lower()
        return Target(kind, files=files, connection=word)
    path = Path(word)
    if not _is_folder(path):
        if _SECRET.search(word) and not os.path.lexists(path):
            raise UserError(
                "This is neither a path nor an address. Write an address like "
                "postgres://user@host:5432/database. (It is not repeated here: it may hold a "
                "password.)"
            )
        return Target("sqlite", path, files)
    if files is not None:
        raise UserError(
            f"{path} is a folder: a store of JSON keeps its files within, so leave --files out, "
            "or name the SQLite file in it."
        )
    return Target("json", path)


def _from_environment(files: Path | None) -> Target:
    kind = env.text("KODE_STORE_TYPE", "sqlite").lower()
    if kind == "json":
        folder = env.optional_path("KODE_STORE_PATH")
        if folder is None:
            raise UserError("KODE_STORE_TYPE is json, so set KODE_STORE_PATH to the folder.")
        return Target("json", folder)
    if kind in ("postgres", "postgresql"):
        return _postgres_from_environment(files)
    if kind != "sqlite":
        raise UserError(
            f"KODE_STORE_TYPE is {kind!r}; kodeweb opens SQLite, JSON and PostgreSQL stores, "
            "so set it to sqlite, json or postgres, or give a path."
        )
    path = env.optional_path("KODE_SQLITE_PATH")
    if path is None:
        raise UserError(
            "No store was named: give the path of the SQLite file or the folder of JSON, or set "
            "KODE_SQLITE_PATH."
        )
    return Target("sqlite", path, files or env.optional_path("KODE_STORE_PATH"))


def _postgres_from_environment(files: Path | None) -> Target:
    port = env.integer("POSTGRES_PORT", 5432, low=1, high=65535)
    given = {
        "host": env.text("POSTGRES_HOST", "localhost"),
        "port": str(port),
        "database": env.text("POSTGRES_DB"),
        "user": env.text("POSTGRES_USER"),
        "password": env.text("POSTGRES_PASSWORD"),
    }
    if not given["database"]:
        raise UserError("KODE_STORE_TYPE is postgres, so set POSTGRES_DB to the database.")
    connection = {name: value for name, value in given.items() if value}
    return Target(
        "postgres", files=files or env.optional_path("KODE_STORE_PATH"), connection=connection
    )


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
