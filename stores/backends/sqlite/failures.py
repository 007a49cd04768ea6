"""Turn what the SQLite driver raises into errors that people understand.

``StatementTimeout`` and ``RowTooLarge`` stay inside this backend: its readers answer them with a
shorter read or a marked row. Everything else leaves as ``StoreUnavailable``.
"""

import sqlite3
from typing import Final

from stores.browse.sql.reading import RowTooLarge, StatementTimeout
from stores.errors import InvalidQuery, StoreError, StoreUnavailable

__all__ = ["DRIVER_ERRORS", "UNREADABLE", "translate"]

#: What the driver raises. A broken file can make SQLite's own message undecodable, a broken size
#: can exhaust the memory that it may take.
DRIVER_ERRORS: Final = (
    sqlite3.Error,
    sqlite3.Warning,
    OverflowError,
    UnicodeError,
    MemoryError,
)
_BUSY: Final = "An agent is writing to this store and did not pause for two seconds. Reload."
UNREADABLE: Final = (
    "SQLite reports that this file is damaged. Copy it aside and try the sqlite3 program's "
    ".recover command."
)
_JOURNAL: Final = (
    "A writer died and left its journal beside this file. Reading would have to repair it, which "
    "only the agent should do: start the agent once, then reload."
)
_FOREIGN: Final = "This file's tables are not those of the KODE SDK, or they changed meanwhile."
_GONE: Final = "SQLite cannot open this file. It was moved, deleted or its permissions changed."

#: Primary result code (low byte) -> reason and sentence.
_ANSWERS: Final[dict[int, tuple[str, str]]] = {
    sqlite3.SQLITE_BUSY: ("locked", _BUSY),
    sqlite3.SQLITE_LOCKED: ("locked", _BUSY),
    sqlite3.SQLITE_CORRUPT: ("damaged", UNREADABLE),
    sqlite3.SQLITE_IOERR: ("damaged", UNREADABLE),
    sqlite3.SQLITE_FULL: ("damaged", UNREADABLE),
    sqlite3.SQLITE_NOTADB: ("not-sqlite", "This file is not a SQLite database."),
    sqlite3.SQLITE_READONLY: ("journal", _JOURNAL),
    sqlite3.SQLITE_CANTOPEN: ("missing", _GONE),
    sqlite3.SQLITE_PERM: ("permission", _GONE),
    sqlite3.SQLITE_AUTH: ("foreign", _FOREIGN),
    sqlite3.SQLITE_SCHEMA: ("foreign", _FOREIGN),
    sqlite3.SQLITE_ERROR: ("foreign", _FOREIGN),
    sqlite3.SQLITE_MISMATCH: ("foreign", _FOREIGN),
    sqlite3.SQLITE_CONSTRAINT: ("damaged", UNREADABLE),
}


def translate(exc: Exception) -> StoreError | StatementTimeout | RowTooLarge:
    """Return the error to raise in place of a driver's exception."""
    if isinstance(exc, OverflowError | UnicodeEncodeError):
        return InvalidQuery("A filter holds a number or a character that cannot be stored.")
    if isinstance(exc, UnicodeDecodeError):
        return StoreUnavailable(UNREADABLE, reason="damaged")
    if isinstance(exc, MemoryError):
        return RowTooLarge()
    code = getattr(exc, "sqlite_errorcode", None)
    primary = code & 0xFF if isinstance(code, int) else sqlite3.SQLITE_ERROR
    if primary == sqlite3.SQLITE_INTERRUPT:
        return StatementTimeout()
    if primary in (sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_NOMEM):
        return RowTooLarge()
    reason, message = _ANSWERS.get(primary, ("damaged", UNREADABLE))
    return StoreUnavailable(message, reason=reason)
