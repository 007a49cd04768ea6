"""Read the ``connection`` of the guide's configuration: where the database is, and the pool."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

from stores.backends.postgres.connection import (
    CONNECT_MS,
    IDLE_MS,
    MAX_CONNECTIONS,
    PostgresTarget,
)
from stores.errors import InvalidQuery

__all__ = ["ConnectionSettings"]

#: Spelling -> our name. Those of the guide and node-pg, and snake case.
_NAMES: Final = {
    "host": "host",
    "port": "port",
    "database": "database",
    "user": "user",
    "password": "password",
    "sslmode": "sslmode",
    "ssl": "ssl",
    "url": "url",
    "connectionString": "url",
    "connection_string": "url",
    "max": "max",
    "idleTimeoutMillis": "idle_ms",
    "idle_timeout_millis": "idle_ms",
    "connectionTimeoutMillis": "connect_ms",
    "connection_timeout_millis": "connect_ms",
}
_TEXTS: Final = ("host", "database", "user", "password", "sslmode")


@dataclass(frozen=True)
class ConnectionSettings:
    """A target and the three settings of its pool; node-pg's defaults, times in milliseconds."""

    target: PostgresTarget
    max_size: int = MAX_CONNECTIONS
    idle_ms: int = IDLE_MS
    connect_ms: int = CONNECT_MS

    @classmethod
    def of(cls, connection: "PostgresTarget | str | Mapping[str, Any]") -> Self:
        """Read a target, the text of a URL, or the guide's mapping.

        Raises:
            InvalidQuery: a setting that is not known or cannot be meant. No value is repeated.
        """
        if isinstance(connection, PostgresTarget):
            return cls(connection)
        if isinstance(connection, str):
            return cls(PostgresTarget.from_url(connection))
        if not isinstance(connection, Mapping):
            raise InvalidQuery("A connection is a URL, or a mapping with host, port, database ...")
        given: dict[str, Any] = {}
        for key, value in connection.items():
            if key not in _NAMES:
                offered = ", ".join(sorted(_NAMES))
                raise InvalidQuery(
                    f"{str(key)[:60]!r} is no connection setting. There are {offered}."
                )
            if value is not None:
                given[_NAMES[key]] = value
        return cls(
            _target(given),
            max_size=_number("max", given.get("max", MAX_CONNECTIONS), low=1),
            idle_ms=_number("idleTimeoutMillis", given.get("idle_ms", IDLE_MS)),
            connect_ms=_number("connectionTimeoutMillis", given.get("connect_ms", CONNECT_MS)),
        )


def _target(given: Mapping[str, Any]) -> PostgresTarget:
    if "url" in given:
        if {"port", *_TEXTS} & set(given):
            raise InvalidQuery("Name the database by a URL or by host, port and so on, not both.")
        return PostgresTarget.from_url(str(given["url"]))
    texts = {name: given[name] for name in _TEXTS if name in given}
    for name, text in texts.items():
        if not isinstance(text, str):
            raise InvalidQuery(f"The {name} of a connection is a text.")
    if given.get("ssl") is True:
        texts.setdefault("sslmode", "require")
    elif given.get("ssl"):
        raise InvalidQuery("ssl is true or false here; set sslmode and libpq's files for more.")
    port = _number("port", given.get("port", 5432), low=1)
    if port > 65535:
        raise InvalidQuery("port is a whole number from 1 to 65535.")
    return PostgresTarget(port=port, **texts)


def _number(name: str, value: Any, low: int = 0) -> int:
    """Read a whole number, also one in text, as it comes from an environment."""
    if isinstance(value, str) and value.isascii() and value.isdigit():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise InvalidQuery(f"{name} is a whole number from {low} on.")
    return value
