"""How a PostgreSQL database is kept on a store's record: its password sealed, the rest plain.

Of a store of another package nobody here knows which part is a secret: it is sealed whole.

A sealed password belongs to one host, port, database and user. Whoever names another one gives the
password again, so that it cannot be led to a machine that it was not meant for.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from stores.backends.postgres.config import ConnectionSettings
from stores.backends.postgres.connection import PostgresTarget
from stores.errors import InvalidQuery, StoreUnavailable
from stores.secrets import seal, unseal

__all__ = [
    "IDENTITY",
    "check_settings",
    "config_of",
    "opened_config",
    "read_target",
    "replica_of",
    "sealed_config",
    "target_of",
]

#: What makes a database the same one.
IDENTITY: Final = ("host", "port", "database")
_KEPT: Final = ("sslrootcert", "target_session_attrs", "channel_binding")
_IGNORED: Final = (
    "application_name",
    "connect_timeout",
    "client_encoding",
    "fallback_application_name",
)


def read_target(connection: str | Mapping[str, Any]) -> PostgresTarget:
    """Return what a URL, or host, port, database, user and password by name, lead to.

    Raises:
        InvalidQuery: it is no address. No value is repeated in the message.
    """
    target = ConnectionSettings.of(connection).target
    check_settings(target)
    return target


def check_settings(target: PostgresTarget) -> None:
    """Refuse settings that would let another file, service or program in.

    Raises:
        InvalidQuery: the address has such a setting.
    """
    unknown = [name for name, _ in target.settings if name not in (*_KEPT, *_IGNORED)]
    if unknown:
        message = f"A store's address cannot have {unknown[0]!r}; it may have sslmode, "
        raise InvalidQuery(message + ", ".join(_KEPT) + ".")


def config_of(
    target: PostgresTarget,
    files: Path | None,
    known: Mapping[str, Any] | None = None,
    replica: PostgresTarget | None = None,
) -> dict[str, Any]:
    """Return the record of a database; ``known`` is the one on record, whose rest is kept.

    A ``replica`` has a record of the same shape in it, with a sealed password of its own.

    Raises:
        InvalidQuery: the address has a setting that would let something else in.
    """
    check_settings(target)
    known = known or {}
    config: dict[str, Any] = {
        "host": target.host,
        "port": target.port,
        "database": target.database or target.user,
        "user": target.user,
        "sslmode": target.sslmode or known.get("sslmode", ""),
        "settings": {name: value for name, value in target.settings if name in _KEPT},
        "files": str(files.resolve()) if files else known.get("files"),
    }
    if target.password:
        config["sealed"] = _sealed(target.password, known)
    elif known.get("sealed") and all(known[name] == config[name] for name in (*IDENTITY, "user")):
        config["sealed"] = known["sealed"]
    kept = known.get("replica")
    if replica is not None:
        config["replica"] = config_of(replica, None, kept)
    elif kept:
        config["replica"] = kept
    return config


def _sealed(password: str, known: Mapping[str, Any]) -> str:
    """Keep what is stored where it is this password: a record that changes reopens its pool."""
    stored = known.get("sealed")
    if stored and _opened(stored) == password:
        return str(stored)
    return seal(password)


def _opened(sealed: str) -> str | None:
    try:
        return unseal(sealed)
    except StoreUnavailable:  # then it is sealed anew
        return None


def target_of(config: Mapping[str, Any]) -> PostgresTarget:
    """Return where the database of a record is, password included.

    Raises:
        StoreUnavailable: reason ``credentials``: the password cannot be read any more.
    """
    return PostgresTarget(
        host=config["host"],
        port=config["port"],
        database=config["database"],
        user=config["user"],
        password=unseal(config["sealed"]) if config.get("sealed") else "",
        sslmode=config.get("sslmode", ""),
        settings=tuple(sorted(config.get("settings", {}).items())),
    )


def replica_of(config: Mapping[str, Any]) -> PostgresTarget | None:
    """Return where the read replica of a record is; None when it has none.

    Raises:
        StoreUnavailable: reason ``credentials``: the password cannot be read any more.
    """
    replica = config.get("replica")
    return target_of(replica) if replica else None


def sealed_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the record of a configuration that may hold a secret anywhere."""
    return {"sealed": seal(json.dumps(dict(config), sort_keys=True))}


def opened_config(record: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration again.

    Raises:
        StoreUnavailable: reason ``credentials``: it cannot be read any more.
    """
    config = json.loads(unseal(record.get("sealed", "")))
    return dict(config)
