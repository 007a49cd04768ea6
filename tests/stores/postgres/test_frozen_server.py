"""A server that is stopped midway costs one page its patience, and no other page anything."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from stores.backends.postgres import patience
from stores.backends.postgres.connection import PostgresPool, PostgresTarget, open_pool
from stores.errors import StoreUnavailable
from tests.servers import private_postgres


@contextmanager
def _stopped(url: str) -> Iterator[None]:
    """Stop the server and those that serve its connections; let them go on afterwards."""
    with psycopg.connect(url) as connection:
        folder = connection.execute("SHOW data_directory").fetchone()
    assert folder
    server = int(Path(folder[0], "postmaster.pid").read_text().split("\n", 1)[0])
    children = Path(f"/proc/{server}/task/{server}/children").read_text().split()
    pids = [server, *map(int, children)]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def test_a_stopped_server_ends_its_pages_and_is_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with private_postgres() as url:
        target = PostgresTarget.from_url(url)
        limits = {"max_size": 2, "connect_ms": 2_000, "answer_ms": 1_000}
        with open_pool(target, read_only=True, **limits) as pool:
            with pool.connection() as connection:
                connection.execute("SELECT 1")
            monkeypatch.setattr(patience, "SILENT_S", 3600.0)
            with _stopped(url):
                with (
                    pytest.raises(StoreUnavailable, match="does not answer"),
                    pool.connection() as connection,
                ):
                    connection.execute("SELECT 1")
                _all_are_told(pool)
            monkeypatch.setattr(patience, "SILENT_S", 0.0)
            pool._silence.begin()
            with pool.connection() as connection:
                assert connection.execute("SELECT 1").fetchone() == (1,)


def _all_are_told(pool: PostgresPool) -> None:
    """More pages than there are connections hear at once that nobody answers."""
    told = []

    def ask() -> None:
        try:
            with pool.connection():
                pass
        except StoreUnavailable as exc:
            told.append(exc.reason)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert told == ["refused"] * 8
