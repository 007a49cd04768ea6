"""Copy a live SQLite file as of one moment, letting its agents write.

SQLite's own backup begins anew whenever somebody commits in between, so on a rollback journal a
busy store is copied in one step while that is quick, and in small steps, with a limit, when it is
large. A WAL store is read within one transaction, which holds up nobody and is never begun anew.
"""

import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Final

from stores.backends.sqlite.failures import DRIVER_ERRORS, translate
from stores.backends.sqlite.header import HeaderWatch
from stores.errors import StoreError, StoreUnavailable

__all__ = ["copy_database", "count_tables", "verify_database"]

#: What one step copies in well under a second, a writer waiting up to five.
ONE_STEP_BYTES: Final = 128 << 20
STEP_PAGES: Final = 2_000
_PAUSE_S: Final = 0.01
#: How long a large store may keep beginning anew.
LIMIT_S: Final = 600.0
TABLES: Final = ("agents", "messages", "tool_calls", "snapshots")

# Called with the bytes that are copied and those that there are.
Progress = Callable[[int, int], None]


def copy_database(source: Path, destination: Path, *, progress: Progress | None = None) -> str:
    """Write a copy to a path where nothing is; return how: one step, steps or one snapshot.

    Raises:
        StoreUnavailable: the source cannot be read, or was written all the time.
    """
    watch = HeaderWatch(source)
    try:
        header = watch.look()
        is_quiet = header.is_wal and not any(
            os.path.exists(f"{source}{ending}")  # noqa: PTH110 - a name beside the file
            for ending in ("-wal", "-shm")
        )
        is_stepped = not header.is_wal and header.size_bytes > ONE_STEP_BYTES
        options = "mode=ro&readonly_shm=1" + ("&immutable=1" if is_quiet else "")
        os.close(os.open(destination, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        try:
            with (
                closing(_connect(source, options)) as origin,
                closing(_connect(destination, "mode=rw")) as copy,
            ):
                _copy(origin, copy, is_wal=header.is_wal, is_stepped=is_stepped, progress=progress)
        except DRIVER_ERRORS as exc:
            raise _translated(exc) from exc
        if is_quiet and watch.look() != header:
            message = "An agent opened this store while it was copied. Begin anew."
            raise StoreUnavailable(message, reason="locked")
    finally:
        watch.close()
    return "one snapshot" if header.is_wal else "steps" if is_stepped else "one step"


def verify_database(path: Path) -> None:
    """Read a copy whole and prove that it is sound.

    Rows that belong to no session are no damage: whoever deletes sessions by hand leaves them,
    and such a store can be backed up like any other.

    Raises:
        StoreUnavailable: it is not.
    """
    try:
        with closing(_connect(path, "mode=ro&immutable=1")) as connection:
            found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    except DRIVER_ERRORS as exc:
        raise _translated(exc) from exc
    if found != ["ok"]:
        message = f"SQLite finds the database damaged: {str(found[0])[:200]}."
        raise StoreUnavailable(message, reason="damaged")


def count_tables(path: Path) -> dict[str, int]:
    """Return the number of rows of each of the SDK's tables of a copy."""
    try:
        with closing(_connect(path, "mode=ro&immutable=1")) as connection:
            return {
                table: connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
                for table in TABLES
            }
    except DRIVER_ERRORS as exc:
        raise _translated(exc) from exc


def _connect(path: Path, options: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"{path.absolute().as_uri()}?{options}", uri=True, isolation_level=None, timeout=5
    )


def _copy(
    origin: sqlite3.Connection,
    copy: sqlite3.Connection,
    *,
    is_wal: bool,
    is_stepped: bool,
    progress: Progress | None,
) -> None:
    # The lock on the source is given back after the copy is on disk: do not wait for a slow one.
    copy.execute("PRAGMA synchronous = OFF")
    page_bytes = origin.execute("PRAGMA page_size").fetchone()[0]
    if is_wal:
        origin.execute("BEGIN")
        origin.execute("SELECT count(*) FROM sqlite_master").fetchone()
    deadline = time.monotonic() + LIMIT_S

    def step(_status: int, remaining: int, total: int) -> None:
        if progress is not None:
            progress((total - remaining) * page_bytes, total * page_bytes)
        if remaining and time.monotonic() > deadline:
            message = "Agents write to this store all the time. Stop them, or try again later."
            raise StoreUnavailable(message, reason="locked")
        if remaining and is_stepped:
            time.sleep(_PAUSE_S)

    origin.backup(copy, pages=STEP_PAGES if is_stepped or is_wal else -1, progress=step, sleep=0.05)


def _translated(exc: Exception) -> StoreError:
    error = translate(exc)
    if isinstance(error, StoreError):
        return error
    return StoreUnavailable("A row of the store is too large to be copied.", reason="damaged")
