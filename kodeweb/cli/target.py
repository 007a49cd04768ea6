"""Which store ``kodeweb open`` means: the path given, or the SDK's own variables."""

from dataclasses import dataclass
from pathlib import Path

from kodeweb import env

__all__ = ["Target", "UserError", "find_target"]


class UserError(Exception):
    """A mistake that the user can mend: one sentence, what was found and what to do."""


@dataclass(frozen=True)
class Target:
    """A SQLite file, and the folder of its file half where one was named."""

    path: Path
    files: Path | None


def find_target(path: Path | None, files: Path | None) -> Target:
    """Return what was named, on the command line or in the environment.

    Raises:
        UserError: nothing says which store, or it is of a type that cannot be opened yet.
    """
    if path is None:
        path, files = _from_environment(files)
    return Target(path=path, files=files)


def _from_environment(files: Path | None) -> tuple[Path, Path | None]:
    kind = env.text("KODE_STORE_TYPE", "sqlite").lower()
    if kind != "sqlite":
        raise UserError(
            f"KODE_STORE_TYPE is {kind!r}; this version opens SQLite stores only, "
            "so set it to sqlite or give a path."
        )
    path = env.optional_path("KODE_SQLITE_PATH")
    if path is None:
        raise UserError(
            "No store was named: give the path of the SQLite file, or set KODE_SQLITE_PATH."
        )
    return path, files or env.optional_path("KODE_STORE_PATH")
