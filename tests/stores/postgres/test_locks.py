"""Locks on sessions: seen by every process, by the SDK's key, freed by whoever holds them."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from stores.backends.postgres.agent_locks import lock_key
from stores.backends.postgres.agent_store import PostgresStore
from stores.errors import AgentLocked, StoreUnavailable
from tests.conftest import ROOT

_HOLDER = """
import sys
from stores.backends.postgres.agent_store import PostgresStore
with PostgresStore(sys.argv[1], sys.argv[2]) as store:
    store.acquire_agent_lock("agt-1", timeout_ms=60_000)
    print("held", flush=True)
    sys.stdin.read()
"""


def _hold(database: str, folder: Path) -> "subprocess.Popen[str]":
    holder = subprocess.Popen(
        [sys.executable, "-c", _HOLDER, database, str(folder)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    return holder


@pytest.mark.parametrize(
    ("agent_id", "key"),
    [
        ("", 0),
        ("a", 97),
        ("hello world", 1794106052),
        # In Java the hash of this word is -2147483648, whose positive needs 33 bits.
        ("polygenelubricants", 2147483648),
        ("\U0001f600", 1772899),
    ],
)
def test_the_key_is_that_of_the_sdk(agent_id: str, key: int) -> None:
    """Java's string hash over UTF-16 units, made positive."""
    assert lock_key(agent_id) == key


def test_another_process_sees_the_lock_until_it_is_released(
    store: PostgresStore, postgres_database: str, tmp_path: Path
) -> None:
    holder = _hold(postgres_database, tmp_path)
    with pytest.raises(AgentLocked, match="agt-1"):
        store.acquire_agent_lock("agt-1")
    store.acquire_agent_lock("agt-2")()
    holder.communicate("done", timeout=20)
    store.acquire_agent_lock("agt-1")()


def test_a_killed_holder_gives_its_lock_back(
    store: PostgresStore, postgres_database: str, tmp_path: Path
) -> None:
    holder = _hold(postgres_database, tmp_path)
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        pids = connection.execute("SELECT pid FROM pg_locks WHERE locktype = 'advisory'").fetchall()
        holder.kill()
        holder.communicate(timeout=20)
        # The server notices the closed socket by itself; waiting for its end is what makes it sure.
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", pids[0])
    store.acquire_agent_lock("agt-1")()


def test_it_excludes_the_lock_that_the_sdk_takes(
    store: PostgresStore, postgres_database: str
) -> None:
    """The SDK locks the same key for a session instead of a transaction."""
    with psycopg.connect(postgres_database, autocommit=True) as sdk:
        assert sdk.execute("SELECT pg_try_advisory_lock(%s)", (lock_key("agt-1"),)).fetchone() == (
            True,
        )
        with pytest.raises(AgentLocked):
            store.acquire_agent_lock("agt-1")
        sdk.execute("SELECT pg_advisory_unlock(%s)", (lock_key("agt-1"),))
        release = store.acquire_agent_lock("agt-1")
        taken = sdk.execute("SELECT pg_try_advisory_lock(%s)", (lock_key("agt-1"),)).fetchone()
        assert taken == (False,)
        release()


def test_a_late_release_frees_nobody_elses_lock(store: PostgresStore) -> None:
    first = store.acquire_agent_lock("agt-1")
    first()
    second = store.acquire_agent_lock("agt-1")
    first()
    with pytest.raises(AgentLocked):
        store.acquire_agent_lock("agt-1")
    second()


def test_closing_the_store_gives_its_locks_back(
    store: PostgresStore, postgres_database: str, tmp_path: Path
) -> None:
    with PostgresStore(postgres_database, tmp_path) as other:
        other.acquire_agent_lock("agt-1")
    store.acquire_agent_lock("agt-1")()
    with pytest.raises(StoreUnavailable, match="closed"):
        other.acquire_agent_lock("agt-1")


def test_locks_leave_the_pool_alone(postgres_database: str, tmp_path: Path) -> None:
    """A pool of one connection can still save while locks are held."""
    settings = {"url": postgres_database, "max": 1, "connectionTimeoutMillis": 2000}
    with PostgresStore(settings, tmp_path) as store:
        releases = [store.acquire_agent_lock(f"agt-{number}") for number in range(3)]
        assert store.list() == []
        for release in releases:
            release()
