"""Real database servers for tests: the one that is there, else a private one on loopback.

In this order: what KODEWEB_TEST_POSTGRES, KODEWEB_TEST_MYSQL or KODEWEB_TEST_REDIS names (a URL of
a role that may create databases), the standard port of this machine, a server started from
installed programs for this run alone, and on Debian as root the distribution's package first.
"""

import atexit
import contextlib
import functools
import os
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote, urlsplit, urlunsplit

import psycopg
import pymysql
from psycopg import sql

from tests.server_programs import find, folder_for, free_port, own, program, run, running, spawn

__all__ = [
    "fresh_mysql",
    "fresh_postgres",
    "load_dump",
    "mysql_connection",
    "mysql_url",
    "postgres_url",
    "private_postgres",
    "redis_url",
    "with_database",
]


def with_database(url: str, name: str) -> str:
    """Return the URL of another database on the same server."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


@functools.cache
def postgres_url() -> str:
    """Return the URL of a PostgreSQL server on which databases can be created."""
    given = os.environ.get("KODEWEB_TEST_POSTGRES", "")
    if given:
        _must_answer(_postgres_answers, given, "KODEWEB_TEST_POSTGRES")
        return given
    for user in ("postgres", os.environ.get("USER") or "root"):
        url = f"postgresql://{user}@127.0.0.1:5432/postgres"
        if _postgres_answers(url):
            return url
    program("initdb", package="postgresql")
    return _until_exit(private_postgres())


@functools.cache
def mysql_url() -> str:
    """Return the URL of a MySQL or MariaDB server on which databases can be created."""
    given = os.environ.get("KODEWEB_TEST_MYSQL", "")
    if given:
        _must_answer(_mysql_answers, given, "KODEWEB_TEST_MYSQL")
        return given
    url = "mysql://root@127.0.0.1:3306/mysql"
    if _mysql_answers(url):
        return url
    program("mariadbd", "mysqld", package="mariadb-server")
    return _until_exit(_private_mysql())


@functools.cache
def redis_url() -> str:
    """Return the URL of a Redis server."""
    given = os.environ.get("KODEWEB_TEST_REDIS", "")
    if given:
        _must_answer(_redis_answers, given, "KODEWEB_TEST_REDIS")
        return given
    url = "redis://127.0.0.1:6379/0"
    if _redis_answers(url):
        return url
    program("redis-server", package="redis-server")
    return _until_exit(_private_redis())


@contextlib.contextmanager
def fresh_postgres() -> Iterator[str]:
    """Make an empty database, yield its URL, drop it with whoever is still connected."""
    name = f"kodeweb_test_{secrets.token_hex(6)}"
    server = postgres_url()
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            sql.SQL(
                "CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'"
            ).format(sql.Identifier(name))
        )
    try:
        yield with_database(server, name)
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")
            connection.execute(drop.format(sql.Identifier(name)))


def load_dump(url: str, dump: Path) -> None:
    """Run what pg_dump wrote, without psql: statements, and the rows of its COPY blocks."""
    lines = dump.read_text(encoding="utf-8").split("\n")
    with psycopg.connect(url) as connection, connection.cursor() as cursor:
        statement: list[str] = []
        rows = iter(lines)
        for line in rows:
            if line.startswith("COPY "):
                with cursor.copy(line.encode()) as copy:
                    for row in iter(rows.__next__, "\\."):
                        copy.write(f"{row}\n")
            elif line and not line.startswith(("--", "\\")):
                statement.append(line)
                if line.endswith(";"):
                    cursor.execute("\n".join(statement).encode())
                    statement = []


@contextlib.contextmanager
def fresh_mysql() -> Iterator[str]:
    """Make an empty utf8mb4 database, yield its URL, drop it."""
    name = f"kodeweb_test_{secrets.token_hex(6)}"
    server = mysql_url()
    with contextlib.closing(mysql_connection(server)) as connection:
        connection.cursor().execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        yield with_database(server, name)
    finally:
        with contextlib.closing(mysql_connection(server)) as connection:
            connection.cursor().execute(f"DROP DATABASE IF EXISTS {name}")


def mysql_connection(url: str) -> "pymysql.connections.Connection[pymysql.cursors.Cursor]":
    """Open a connection in autocommit to what a ``mysql://`` URL names."""
    parts = urlsplit(url)
    return pymysql.connect(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 3306,
        user=unquote(parts.username or "root"),
        password=unquote(parts.password or ""),
        database=parts.path.strip("/") or None,
        charset="utf8mb4",
        connect_timeout=3,
        autocommit=True,
    )


@contextlib.contextmanager
def private_postgres(*, password: str = "") -> Iterator[str]:
    """Start a PostgreSQL of our own; with a password every login over TCP needs one (scram)."""
    bins = Path(program("initdb", package="postgresql")).resolve().parent
    with folder_for("postgres") as folder:
        secret = folder / "password"
        secret.write_text(password or "unused", encoding="utf-8")
        own(folder)
        auth = "scram-sha-256" if password else "trust"
        data, port = folder / "data", free_port()
        make = f"-U postgres -E UTF8 --locale=C -N --auth={auth}".split()
        run([bins / "initdb", "-D", data, *make, f"--pwfile={secret}"], demoted=True)
        listen = f"-p {port} -h 127.0.0.1 -c max_connections=40".split()
        command: list[str | Path] = [bins / "postgres", "-D", data, "-k", folder, *listen]
        server = spawn(command, folder, demoted=True)
        url = f"postgresql://postgres:{password}@127.0.0.1:{port}/postgres"
        with running(server, lambda: _postgres_answers(url), folder, stop=signal.SIGINT):
            yield url


@contextlib.contextmanager
def _private_mysql() -> Iterator[str]:
    daemon = program("mariadbd", "mysqld", package="mariadb-server")
    installer = find("mariadb-install-db")
    with folder_for("mysql") as folder:
        own(folder, user="mysql")
        data, port = folder / "data", free_port()
        user = ["--user=mysql"] if os.geteuid() == 0 else []
        if installer:
            make = ["--auth-root-authentication-method=normal", "--skip-test-db"]
            run([installer, "--no-defaults", f"--datadir={data}", *user, *make])
        else:
            run([daemon, "--no-defaults", "--initialize-insecure", f"--datadir={data}", *user])
        listen = [f"--port={port}", "--bind-address=127.0.0.1", f"--socket={folder / 'socket'}"]
        listen += [f"--pid-file={folder / 'pid'}"]
        server = spawn([daemon, "--no-defaults", f"--datadir={data}", *user, *listen], folder)
        url = f"mysql://root@127.0.0.1:{port}/mysql"
        with running(server, lambda: _mysql_answers(url), folder):
            yield url


@contextlib.contextmanager
def _private_redis() -> Iterator[str]:
    daemon = program("redis-server", package="redis-server")
    with folder_for("redis") as folder:
        port = free_port()
        listen = ["--port", str(port), "--bind", "127.0.0.1"]
        server = spawn([daemon, *listen, "--save", "", "--dir", folder], folder)
        url = f"redis://127.0.0.1:{port}/0"
        with running(server, lambda: _redis_answers(url), folder):
            yield url


def _postgres_answers(url: str) -> bool:
    try:
        with psycopg.connect(url, connect_timeout=3) as connection:
            row = connection.execute(
                "SELECT rolsuper OR rolcreatedb FROM pg_roles WHERE rolname = current_user"
            ).fetchone()
    except psycopg.Error:
        return False
    return row is not None and bool(row[0])


def _mysql_answers(url: str) -> bool:
    try:
        mysql_connection(url).close()
    except pymysql.MySQLError:
        return False
    return True


def _redis_answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 6379), 3) as peer:
            peer.settimeout(3)
            peer.sendall(b"PING\r\n")
            return peer.recv(64).startswith((b"+PONG", b"-NOAUTH"))
    except OSError:
        return False


def _must_answer(answers: Callable[[str], bool], url: str, variable: str) -> None:
    if not answers(url):
        raise RuntimeError(f"{variable} names a server that does not answer or may not be used.")


def _until_exit(server: contextlib.AbstractContextManager[str]) -> str:
    stack = contextlib.ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(server)
