"""Getting ready: the listening socket, the data directory, the database, the static files."""

import errno
import logging
import socket
import warnings
from contextlib import suppress
from ipaddress import ip_address
from pathlib import Path

import django
from django.contrib.staticfiles import finders
from django.core.checks import Tags, run_checks
from django.core.management import call_command
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.migrations.executor import MigrationExecutor

from kodeweb import assets, env
from kodeweb.cli.target import UserError
from kodeweb.home import home_path, prepare_home

__all__ = [
    "base_url",
    "bind",
    "check_security",
    "collect_static",
    "is_loopback",
    "migrate",
    "start_django",
]

logger = logging.getLogger("kodeweb.boot")


def bind(host: str, port: int) -> socket.socket:
    """Take the address before anything else is done; the port goes into cookie names.

    Raises:
        UserError: the port is taken or forbidden, or the host is not one of this machine's.
    """
    if not 0 <= port <= 65535:
        raise UserError(f"Port {port} does not exist; choose one from 1 to 65535.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        # Listening now, so that a second kodeweb fails here and not inside its server.
        listener.listen(64)
    except OSError as exc:
        raise UserError(_bind_sentence(host, port, exc)) from exc
    except UnicodeError as exc:
        raise UserError(
            f"{host!r} is no host name or address; choose another with --host."
        ) from exc
    env.put("KODEWEB_HOST", host)
    env.put("KODEWEB_PORT", str(listener.getsockname()[1]))
    return listener


def _bind_sentence(host: str, port: int, exc: OSError) -> str:
    if exc.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; stop what uses it or choose another with --port."
    if exc.errno == errno.EACCES:
        return f"Port {port} may not be used by this user; choose one above 1023 with --port."
    return f"The address {host} cannot be used ({exc.strerror}); choose another with --host."


def base_url(listener: socket.socket, *, is_https: bool) -> str:
    """Return the address that a browser on this machine uses."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, host)  # noqa: S104 (a name for people)
    host = f"[{host}]" if ":" in host and not host.startswith("[") else host
    return f"{'https' if is_https else 'http'}://{host}:{port}"


def is_loopback(listener: socket.socket) -> bool:
    """Tell whether only this machine can connect."""
    return ip_address(listener.getsockname()[0].split("%")[0]).is_loopback


def start_django() -> None:
    """Prepare the data directory, configure Django and bring kodeweb's database up to date."""
    prepare_home()
    env.use_settings()
    django.setup()
    check_security()
    migrate()


def check_security() -> None:
    """Refuse settings that would make kodeweb unsafe, and say which wishes were not followed.

    Raises:
        UserError: the secret key is too short, or a host name is a wildcard.
    """
    for found in run_checks(tags=[Tags.security]):
        if found.is_serious():
            raise UserError(f"{found.msg} {found.hint or ''}".strip())
        logger.warning("%s", found.msg)


def migrate() -> None:
    """Apply the migrations that are missing, if any.

    Raises:
        UserError: kodeweb's own database cannot be reached or written.
    """
    try:
        connection = connections[DEFAULT_DB_ALIAS]
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            call_command("migrate", interactive=False, verbosity=0)
    except DatabaseError as exc:
        raise UserError(
            f"kodeweb's own database cannot be used ({type(exc).__name__}); "
            "look at DATABASE_URL, or at the data directory's owner and free space."
        ) from exc
    _make_private(home_path() / "kodeweb.sqlite3")


def _make_private(path: Path) -> None:
    """Take the database from group and others; its directory is closed to them anyway."""
    with suppress(FileNotFoundError):
        path.chmod(0o600)


def collect_static() -> None:
    """Collect, hash and compress the static files, when any of them changed."""
    sources = [
        Path(storage.path(name))
        for finder in finders.get_finders()
        for name, storage in finder.list([])
    ]
    wanted = assets.fingerprint(sources)
    stamp = home_path() / "static.stamp"
    manifest = home_path() / "static" / "staticfiles.json"
    if manifest.exists() and stamp.exists() and stamp.read_text(encoding="ascii") == wanted:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # Not cleared first: another kodeweb may be serving the files of the last time.
        call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(wanted, encoding="ascii")
