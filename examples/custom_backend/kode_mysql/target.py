"""Where a MySQL or MariaDB server is, read from an address; the password is never shown."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote, urlsplit

from stores.errors import StoreError

__all__ = ["MySQLTarget"]

_DEFAULT_PORT: Final = 3306


@dataclass(frozen=True, kw_only=True)
class MySQLTarget:
    """One database on one server; ``repr`` leaves the password out."""

    host: str
    port: int = _DEFAULT_PORT
    database: str
    user: str
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, connection: object) -> "MySQLTarget":
        """Read ``mysql://user:password@host:port/database``, or a mapping of the same parts.

        Raises:
            StoreError: a part is missing or unknown.
        """
        if isinstance(connection, str):
            return cls._from_url(connection)
        if not isinstance(connection, Mapping):
            raise StoreError("connection of a mysql store is an address or a mapping of its parts.")
        try:
            return cls(**connection)
        except TypeError as exc:
            raise StoreError(
                "connection of a mysql store has host, port, database, user and password."
            ) from exc

    @classmethod
    def _from_url(cls, url: str) -> "MySQLTarget":
        try:
            parts = urlsplit(url)
            port = parts.port or _DEFAULT_PORT
        except ValueError as exc:
            raise StoreError("The address of a mysql store is not a valid address.") from exc
        given: dict[str, Any] = {
            "host": parts.hostname or "",
            "database": unquote(parts.path.removeprefix("/")),
            "user": unquote(parts.username or ""),
        }
        missing = ", ".join(name for name, value in given.items() if not value)
        if parts.scheme != "mysql" or missing:
            raise StoreError(
                "A mysql store has an address like mysql://user@host:3306/database"
                + (f"; this one lacks: {missing}." if missing else ".")
            )
        return cls(**given, port=port, password=unquote(parts.password or ""))
