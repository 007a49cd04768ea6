"""A PgBouncer of our own in transaction mode, before the server that tests use."""

import contextlib
import signal
from collections.abc import Iterator
from urllib.parse import unquote, urlsplit

import psycopg

from tests.server_programs import folder_for, free_port, own, program, running, spawn
from tests.servers import postgres_url

__all__ = ["private_bouncer"]


@contextlib.contextmanager
def private_bouncer() -> Iterator[str]:
    """Yield the URL of the bouncer; two server connections serve all its clients.

    Raises:
        RuntimeError: PgBouncer is not installed.
    """
    command = program("pgbouncer", package="pgbouncer")
    server = urlsplit(postgres_url())
    user, port = unquote(server.username or "postgres"), free_port()
    password = unquote(server.password or "")
    with folder_for("bouncer") as folder:
        (folder / "users").write_text(f'"{user}" "{password}"\n', encoding="utf-8")
        (folder / "ini").write_text(
            f"[databases]\n* = host={server.hostname} port={server.port or 5432}\n"
            "[pgbouncer]\nlisten_addr = 127.0.0.1\nunix_socket_dir =\npool_mode = transaction\n"
            f"listen_port = {port}\nauth_type = trust\nauth_file = {folder / 'users'}\n"
            "default_pool_size = 2\n",
            encoding="utf-8",
        )
        own(folder)
        url = f"postgresql://{user}@127.0.0.1:{port}{server.path}"

        def answers() -> bool:
            try:
                psycopg.connect(url, connect_timeout=3, prepare_threshold=None).close()
            except psycopg.Error:
                return False
            return True

        process = spawn([command, folder / "ini"], folder, demoted=True)
        with running(process, answers, folder, stop=signal.SIGTERM):
            yield url
