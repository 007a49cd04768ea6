"""Which store ``kodeweb open`` means: the path given, or the SDK's own variables."""

from dataclasses import dataclass
from pathlib import Path

from kodeweb import env

__all__ = ["Target", "UserError", "find_target"]


class UserError(Exception):
    """A mistake that the user can mend: one sentence, what was found and what to do."""


@dataclass(frozen=True)
class Target:
    """A SQLite file, and the folder of its file half where one was named; or a folder of JSON.

    ``kind`` is ``sqlite`` or ``json``, the words of KODE_STORE_TYPE.
    """

    kind: str
    path: Path
    files: Path | None = None


def find_target(path: Path | None, files: Path | None) -> Target:
    """Return what was named, on the command line or in the environment.

    Raises:
        UserError: nothing says which store, or it is of a type that cannot be opened yet.
    """
    if path is None:
        return _from_environment(files)
    if not _is_folder(path):
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
    if kind != "sqlite":
        raise UserError(
            f"KODE_STORE_TYPE is {kind!r}; this version opens SQLite and JSON stores, "
            "so set it to sqlite or json, or give a path."
        )
    path = env.optional_path("KODE_SQLITE_PATH")
    if path is None:
        raise UserError(
            "No store was named: give the path of the SQLite file or the folder of JSON, or set "
            "KODE_SQLITE_PATH."
        )
    return Target("sqlite", path, files or env.optional_path("KODE_STORE_PATH"))


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
