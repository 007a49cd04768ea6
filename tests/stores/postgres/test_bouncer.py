"""The same store behind PgBouncer in transaction mode, which keeps nothing of a session."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from stores.backends.postgres.agent_store import PostgresStore
from stores.conformance.samples import fill
from stores.errors import AgentLocked
from stores.kode.filters import MessageFilter
from tests.servers import with_database
from tests.stores.kode.many_writers import write_together
from tests.stores.postgres.bouncer import private_bouncer


@pytest.fixture
def database(postgres_database: str) -> Iterator[str]:
    """Yield the URL of an empty database by way of the bouncer."""
    with ExitStack() as stack:
        try:
            url = stack.enter_context(private_bouncer())
        except RuntimeError as exc:
            pytest.skip(str(exc))
        yield with_database(url, urlsplit(postgres_database).path.strip("/"))


def test_it_is_the_same_store(database: str, postgres_database: str, tmp_path: Path) -> None:
    """Tables are made, rows are written, read, asked for, copied and deleted."""
    with (
        PostgresStore(database, tmp_path) as behind,
        PostgresStore(postgres_database, tmp_path) as direct,
    ):
        fill(behind, "agt-1")
        assert direct.load_messages("agt-1") == behind.load_messages("agt-1")
        assert behind.query_messages(MessageFilter(agent_id="agt-1", limit=2))
        (copy,) = behind.batch_fork("agt-1", 1)
        assert behind.check_consistency(copy).consistent
        assert behind.health_check().database.connected
        behind.delete("agt-1")
        assert direct.list() == [copy]


def test_a_lock_holds_there_and_for_those_who_come_directly(
    database: str, postgres_database: str, tmp_path: Path
) -> None:
    """A session's lock would belong to whichever client gets that server connection next."""
    with (
        PostgresStore(database, tmp_path) as behind,
        PostgresStore(postgres_database, tmp_path) as direct,
    ):
        release = behind.acquire_agent_lock("agt-1")
        for store in (behind, direct):
            store.list()
            with pytest.raises(AgentLocked):
                store.acquire_agent_lock("agt-1")
        release()
        release = direct.acquire_agent_lock("agt-1")
        with pytest.raises(AgentLocked):
            behind.acquire_agent_lock("agt-1")
        release()
        behind.acquire_agent_lock("agt-1")()


def test_writers_share_two_server_connections(database: str, tmp_path: Path) -> None:
    """Eight threads of two processes lose and mix nothing."""
    config = {"type": "postgres", "connection": database, "fileStoreBaseDir": str(tmp_path)}
    assert write_together(lambda: PostgresStore(database, tmp_path), config, seconds=1) > 8
