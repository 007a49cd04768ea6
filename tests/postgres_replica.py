"""A private PostgreSQL primary and a standby that streams from it, for one run."""

import contextlib
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from tests.server_programs import folder_for, free_port, own, program, run, running, spawn
from tests.servers import private_postgres, with_database

__all__ = ["ReplicaPair", "replica_pair", "wait_until"]

_DEADLINE_S = 30


@dataclass(frozen=True)
class ReplicaPair:
    """URLs of one database on both servers, and the standby's process."""

    primary: str
    replica: str
    process: subprocess.Popen[bytes]

    def stop_replica(self) -> None:
        """End the standby as its administrator would, and wait until it is gone."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(_DEADLINE_S)

    def wait_for_replay(self) -> None:
        """Wait until the standby shows all that the primary has now."""
        with (
            psycopg.connect(self.primary, autocommit=True) as primary,
            psycopg.connect(self.replica, autocommit=True) as replica,
        ):
            position = primary.execute("SELECT pg_current_wal_flush_lsn()::text").fetchone()
            reached = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
            wait_until(lambda: replica.execute(reached, position).fetchone() == (True,))


def wait_until(is_so: Callable[[], bool]) -> None:
    """Ask again and again, half a minute at most."""
    deadline = time.monotonic() + _DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to be in time"
        time.sleep(0.02)


@contextlib.contextmanager
def replica_pair(database: str) -> Iterator[ReplicaPair]:
    """Start both servers and make an empty database; the standby is a copy of the primary."""
    bins = Path(program("initdb", package="postgresql")).resolve().parent
    with private_postgres() as url, folder_for("replica") as folder:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {database} TEMPLATE template0")
        own(folder)
        data, port = folder / "data", free_port()
        source = urlsplit(url)
        from_primary = f"-h 127.0.0.1 -p {source.port} -U postgres -c fast -X stream -R -N".split()
        run([bins / "pg_basebackup", "-D", data, *from_primary], demoted=True)
        listen = f"-p {port} -h 127.0.0.1 -c max_connections=40".split()
        command: list[str | Path] = [bins / "postgres", "-D", data, "-k", folder, *listen]
        process = spawn(command, folder, demoted=True)
        replica = f"postgresql://postgres:@127.0.0.1:{port}/{database}"
        with running(process, lambda: _answers(replica), folder, stop=signal.SIGINT):
            yield ReplicaPair(with_database(url, database), replica, process)


def _answers(url: str) -> bool:
    try:
        psycopg.connect(url, connect_timeout=3).close()
    except psycopg.Error:
        return False
    return True
