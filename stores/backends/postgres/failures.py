"""What PostgreSQL refuses, in sentences that say what to do next.

A sentence never carries what the server wrote: it may quote data, and it is in the server's own
language. Failed connections come without a code, so those alone are told apart by their text.
"""

import re
from typing import Final

import psycopg
import psycopg.errors
import psycopg_pool

from stores.errors import InvalidQuery, StoreError, StoreUnavailable

__all__ = ["DRIVER_ERRORS", "is_lost", "translate"]

#: What may leave psycopg and its pool.
DRIVER_ERRORS: Final = (psycopg.Error, psycopg_pool.PoolTimeout, psycopg_pool.PoolClosed)

_SERVER: Final = "the PostgreSQL server"

#: Kind of failure -> (reason, sentence).
_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "password": (
        "credentials",
        "{server} refused the password of role {user}. Check both; upper and lower case differ.",
    ),
    "role": (
        "credentials",
        "{server} knows no role {user} that may log in. Check the name, or create the role.",
    ),
    "entry": (
        "credentials",
        "{server} does not let role {user} in from this machine. Add a line for it to "
        "pg_hba.conf, or set sslmode=require if the server asks for encryption.",
    ),
    "database": (
        "missing",
        "{server} has no database {database}. Check its name, or create it with createdb.",
    ),
    "connect": (
        "permission",
        "Role {user} may not connect to database {database}. GRANT CONNECT ON DATABASE to it.",
    ),
    "clients": (
        "full",
        "{server} has too many clients already. Lower `max` and `idleTimeoutMillis` of every "
        "program that uses it, put PgBouncer before it, or raise max_connections.",
    ),
    "pool": (
        "full",
        "All connections to {server} are in use and none came free in time. Raise `max` or "
        "`connectionTimeoutMillis`, or use fewer threads.",
    ),
    "closed": ("closed", "This store was closed. Open it again."),
    "starting": ("refused", "{server} is starting or stopping. Try again in a moment."),
    "tls": (
        "refused",
        "{server} and sslmode do not agree, or something else listens there. Check the port "
        "and sslmode.",
    ),
    "host": ("refused", "No machine is known by the host name of {server}. Check the host."),
    "refused": (
        "refused",
        "{server} does not answer. Check that PostgreSQL is running (pg_isready), that no "
        "firewall is in between, that pg_hba.conf allows this connection and that "
        "listen_addresses in postgresql.conf covers this address.",
    ),
    "lost": ("refused", "The connection to {server} was lost. Try again in a moment."),
    "disk": (
        "full",
        "The disk of {server} is full. Nothing of this was kept; make room, then try again.",
    ),
    "resources": ("full", "{server} lacks memory or another resource. Try again in a moment."),
    "rights": (
        "permission",
        "Role {user} has not the rights for this. GRANT it SELECT on agents, messages, "
        "tool_calls and snapshots to read, INSERT, UPDATE and DELETE to write, and CREATE on "
        "the schema to make the tables.",
    ),
    "read-only": (
        "permission",
        "Database {database} is read-only here: a standby, or a role that may only read. "
        "Write to the primary.",
    ),
    "no tables": (
        "missing",
        "Database {database} has no KODE tables that role {user} can see. Check the database "
        "and its search_path.",
    ),
    "foreign": (
        "foreign",
        "Database {database} has tables of the same names that are not KODE's. Name another "
        "database.",
    ),
    "slow": ("slow", "{server} took longer than its time limit. Ask for less, or try again."),
    "locked": ("locked", "Another program holds a lock on these tables. Try again in a moment."),
    "conflict": ("locked", "Another program changed the same rows at this moment. Try again."),
    # Without a reason it is the record that was refused, not the store that is unavailable.
    "no session": (
        "",
        "The database has no such session. Save its info first. Nothing of this was kept.",
    ),
    "taken": (
        "",
        "Another program saved the same at this moment, or an id is taken already. Nothing of "
        "this was kept; try again.",
    ),
    "incomplete": ("", "A field that must be there is missing. Nothing of this was kept."),
    "too large": (
        "",
        "A value is too large for PostgreSQL: an id above 2,700 bytes, a number out of range, or "
        "JSON that is nested too deep or above 256 MB. Nothing of this was kept.",
    ),
    "damaged": (
        "damaged",
        "{server} reports a damaged table or index. Restore a backup, or ask its administrator.",
    ),
}

#: (pattern in the text of a failed connection, kind). First match wins.
_CONNECT: Final = tuple(
    (re.compile(pattern, re.I), kind)
    for pattern, kind in (
        (r"authentication failed|no password supplied", "password"),
        (r'role ".*" does not exist|is not permitted to log in', "role"),
        (r"pg_hba\.conf|no encryption|SSL off|valid client certificate", "entry"),
        (r'database ".*" does not exist|no such database', "database"),
        (r"permission denied for database", "connect"),
        (r"too many (clients|connections)|connection slots|no more connections", "clients"),
        (r"starting up|shutting down|in recovery mode|not yet accepting", "starting"),
        (r"SSL|certificate|GSSAPI|invalid response", "tls"),
        (r"resolve host|translate host name|name or service", "host"),
    )
)

#: SQLSTATE, or its first two characters -> kind. The whole one wins.
_STATES: Final = {
    "28P01": "password",
    "28": "entry",
    "3D": "database",
    "53300": "clients",
    "53100": "disk",
    "53": "resources",
    "22003": "too large",
    "54": "too large",
    "23502": "incomplete",
    "23503": "no session",
    "23505": "taken",
    "42501": "rights",
    "25006": "read-only",
    "42P01": "no tables",
    "42703": "foreign",
    "57014": "slow",
    "55P03": "locked",
    "40": "conflict",
    "57": "starting",
    "08": "lost",
    "XX001": "damaged",
    "XX002": "damaged",
}


def translate(
    error: Exception, *, server: str = "", user: str = "", database: str = ""
) -> StoreError:
    """Turn what the driver raised into a sentence with a next step.

    ``server`` is a place like ``db.example:5432``; the others are names. All may be left out, as
    for people who need not know them.
    """
    kind = _kind(error)
    state = getattr(error, "sqlstate", None) or ""
    if kind:
        reason, sentence = _SENTENCES[kind]
        text = sentence.format(
            server=f"PostgreSQL at {server}" if server else _SERVER,
            user=f"“{user}”" if user else "of this store",
            database=f"“{database}”" if database else "of this store",
        )
        text = text[:1].upper() + text[1:]
        return StoreUnavailable(text, reason=reason) if reason else StoreError(text)
    what = f" (code {state}, {type(error).__name__})" if state else ""
    if state.startswith(("22", "42")):
        return InvalidQuery(f"PostgreSQL cannot answer this{what}.")
    return StoreError(f"PostgreSQL refused this{what}; nothing of it was kept.")


def is_lost(error: BaseException) -> bool:
    """Tell that the connection is gone, so that asking again on a new one may help."""
    state = getattr(error, "sqlstate", None) or ""
    if not isinstance(error, psycopg.OperationalError) or state == "57014":
        return False
    return not state or state.startswith(("08", "57"))


def _kind(error: Exception) -> str:
    if isinstance(error, psycopg_pool.PoolClosed):
        return "closed"
    if isinstance(error, psycopg_pool.PoolTimeout):
        return "pool"
    state = getattr(error, "sqlstate", None) or ""
    if state:
        return _STATES.get(state) or _STATES.get(state[:2]) or ""
    if not isinstance(error, psycopg.OperationalError):
        return ""
    text = str(error)
    return next((kind for pattern, kind in _CONNECT if pattern.search(text)), "refused")
