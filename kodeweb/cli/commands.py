"""What the commands do, once Django is configured. Each is thin: the work is elsewhere."""

import argparse
import getpass
import socket
import sys
import time
from contextlib import nullcontext
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.urls import reverse

from kodeweb.accounts import links
from kodeweb.accounts.roles import Role, role_of, set_role
from kodeweb.accounts.session_store import SessionStore
from kodeweb.cli import boot, server
from kodeweb.cli.target import Target, UserError
from kodeweb.home import home_path, read_address, write_address
from stores.interface import (
    Store,
    StoreError,
    inspect_json,
    inspect_plugin,
    inspect_postgres,
    inspect_sqlite,
    read_target,
    register_json_store,
    register_plugin_store,
    register_postgres_store,
    register_store,
)
from stores.sample import make_sample_store

__all__ = ["demo", "login_link", "open_store", "serve", "user"]


def open_store(listener: socket.socket, target: Target, arguments: argparse.Namespace) -> int:
    """Check a SQLite file, a folder of JSON or a database, register it once and serve."""
    try:
        store, place = _register(target, arguments.name, arguments.replica)
    except StoreError as exc:
        raise UserError(str(exc)) from exc
    except ValidationError as exc:
        raise UserError(f"--name cannot be used: {' '.join(exc.messages)}") from exc
    print(f"Store {store.name}: {place}")
    return serve(listener, arguments)


def _register(target: Target, name: str, replica: str = "") -> tuple[Store, str]:
    """Return the record of a store that can be read, and where it is, for people."""
    if target.kind == "postgres":
        return _register_postgres(target, name, replica)
    if replica:
        raise UserError("Only PostgreSQL stores have a read replica: leave --replica out.")
    if target.kind == "json":
        inspect_json(target.path)
        return register_json_store(target.path, name=name), str(target.path)
    if isinstance(target.connection, str) and target.connection:
        config = _plugin_config(target)
        inspect_plugin(target.kind, config)
        store = register_plugin_store(target.kind, config, name=name)
        return store, f"a store of the kind {target.kind}"
    inspect_sqlite(target.path, target.files)
    store = register_store(target.path, files=target.files, name=name)
    return store, str(target.path)


def _register_postgres(target: Target, name: str, replica_url: str) -> tuple[Store, str]:
    """Register a database, and the read replica beside it, if one is named."""
    database = read_target(target.connection)
    drops = replica_url == "none"
    replica = read_target(replica_url) if replica_url and not drops else None
    found = inspect_postgres(database, target.files)
    place = f"{found.path} ({found.rights})"
    if replica is not None:
        copy = inspect_postgres(replica)
        place += f"; pages are read from {copy.path} ({copy.rights})"
        if not copy.is_standby:
            place += ", which is no standby: kodeweb cannot tell how far it lags"
    store = register_postgres_store(
        database, files=target.files, name=name, replica=replica, drop_replica=drops
    )
    return store, place


def _plugin_config(target: Target) -> dict[str, str]:
    """Return what a plug-in is given, in the words of the SDK's configuration."""
    if target.files is None:
        raise UserError(f"A store of the kind {target.kind} needs --files DIR for its file half.")
    return {
        "type": target.kind,
        "connection": str(target.connection),
        "fileStoreBaseDir": str(target.files.resolve()),
    }


def serve(
    listener: socket.socket, arguments: argparse.Namespace, *, live: Path | None = None
) -> int:
    """Serve what is registered, until a signal; ``live`` is a sample store to keep alive."""
    _check_binding(listener, is_insecure=arguments.insecure_i_understand)
    boot.collect_static()
    SessionStore.clear_expired()
    url = boot.base_url(listener, is_https=settings.IS_HTTPS)
    write_address(url)
    link = _link(url, links.owner()) if boot.is_loopback(listener) else ""

    def announce() -> None:
        print(f"kodeweb serves on {url}/", flush=True)
        if link:
            print(f"Sign in, once, within 15 minutes: {link}", flush=True)
        print("Stop with Ctrl-C.", flush=True)
        if not arguments.no_browser:
            server.open_browser(link or url)

    with server.keep_alive(live) if live else nullcontext():
        server.run_server(listener, when_ready=announce)
    return 0


def demo(listener: socket.socket, arguments: argparse.Namespace) -> int:
    """Make the sample store at the first start, then serve it with one session alive."""
    folder = home_path() / "sample"
    path = folder / "agents.db"
    if not path.exists():
        print("Making the sample store: 80 sessions of the last 60 days.", flush=True)
        path = make_sample_store(folder, now_ms=time.time_ns() // 1_000_000)
    register_store(path, files=folder / "store")
    return serve(listener, arguments, live=path)


def login_link(name: str) -> int:
    """Print a new one-time link; whoever can read the data directory is the owner."""
    user = User.objects.filter(username=name, is_active=True).first() if name else links.owner()
    if user is None:
        raise UserError(f"There is no user {name!r}; kodeweb user list shows who there is.")
    url = read_address() or f"http://127.0.0.1:{settings.PORT}"
    print(_link(url, user))
    return 0


def user(arguments: argparse.Namespace) -> int:
    """List users, or add one."""
    if arguments.user_command == "list":
        for found in User.objects.order_by("username").prefetch_related("groups"):
            state = "password" if found.has_usable_password() else "sign-in link only"
            print(f"{found.username}\t{role_of(found).name.lower()}\t{state}")
        return 0
    _check_name(arguments.name)
    password = _read_password(arguments.name, is_piped=arguments.password_stdin)
    found, _ = User.objects.get_or_create(username=arguments.name)
    found.set_password(password or None)
    found.save()
    set_role(found, Role[arguments.role.upper()])
    print(f"{found.username} is {arguments.role}.")
    return 0


def _check_name(name: str) -> None:
    try:
        User._meta.get_field("username").clean(name, None)
    except ValidationError as exc:
        raise UserError(f"{name!r} cannot be a user name: {' '.join(exc.messages)}") from exc


def _read_password(name: str, *, is_piped: bool) -> str:
    """Ask for a password; empty means that the user signs in with links only."""
    if is_piped:
        password = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        password = getpass.getpass(f"Password for {name} (empty: sign-in links only): ")
    else:
        password = ""
    if password:
        try:
            validate_password(password, User(username=name))
        except ValidationError as exc:
            raise UserError(f"This password cannot be used: {' '.join(exc.messages)}") from exc
    return password


def _link(url: str, owner: User) -> str:
    return url + reverse("sign_in_link", args=[links.make_link(owner)])


def _check_binding(listener: socket.socket, *, is_insecure: bool) -> None:
    """Refuse to listen beyond this machine while nobody has a password.

    Raises:
        UserError: there is no admin with a usable password, and no explicit wish.
    """
    if boot.is_loopback(listener) or is_insecure:
        return
    admins = User.objects.filter(groups__name="admin", is_active=True)
    if not any(admin.has_usable_password() for admin in admins):
        raise UserError(
            f"{settings.HOST} can be reached from other machines, but no admin has a password; "
            "add one with: kodeweb user add NAME --role admin."
        )
