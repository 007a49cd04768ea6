"""Pages over a store with a read replica: two real servers, the second streams from the first."""

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import psycopg
import pytest
from django.test import Client

from dashboard.pickers import as_of
from stores.backends.postgres import replica as replica_module
from stores.backends.postgres.connection import PostgresConnection
from stores.backends.postgres.replica import lag_of
from stores.connections import replica_of, target_of
from stores.interface import (
    AgentInfo,
    Reader,
    ReplicaState,
    Store,
    close_readers,
    open_target,
    read_target,
    register_postgres_store,
    resolve_place,
)
from stores.tools.places import postgres_place
from tests.dashboard.fakes import NOW
from tests.postgres_replica import ReplicaPair, replica_pair, wait_until
from tests.servers import load_dump

PASSWORD = "correct-horse-9d41"
HOUR_MS = 3_600_000
BEHIND = re.compile(r"Replica, (under 1 s|\d+ (s|min)) behind")


class CallCounter:
    """Count how often the lag is asked for."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.lags = 0
        monkeypatch.setattr(replica_module, "lag_of", self._lag_of)

    def _lag_of(self, connection: PostgresConnection) -> ReplicaState:
        self.lags += 1
        return lag_of(connection)


@pytest.fixture
def pair(kode_data: Path) -> Iterator[ReplicaPair]:
    """Yield both servers with the SDK's own rows."""
    with replica_pair("kode_agents") as both:
        load_dump(both.primary, kode_data / "postgres" / "agents.sql")
        both.wait_for_replay()
        yield both
        close_readers()


def _register(pair: ReplicaPair, files: Path) -> Store:
    files.mkdir()
    with psycopg.connect(pair.primary, autocommit=True) as primary:
        primary.execute("CREATE ROLE clerk LOGIN")
        primary.execute("GRANT SELECT ON agents, messages, tool_calls, snapshots TO clerk")
    pair.wait_for_replay()
    replica = read_target(pair.replica.replace("//postgres:@", "//clerk@"))
    return register_postgres_store(read_target(pair.primary), files=files, replica=replica)


def _save(store: Store, agent_id: str) -> None:
    info = AgentInfo(
        agent_id=agent_id,
        template_id="coder",
        created_at="2030-09-01T08:00:00.000Z",  # newer than the SDK's, so on the first page
        config_version="v2.7.0",
        message_count=0,
        last_sfp_index=-1,
        lineage=(),
        metadata={},
    )
    with open_target(resolve_place(store.slug)) as agents:
        agents.save_info(agent_id, info)


def _page(viewer: Client, store: Store, page: str = "sessions/") -> str:
    response = viewer.get(f"/browse/{store.slug}/{page}")
    assert response.status_code == 200, response.content[:600]
    return response.content.decode()


def test_pages_read_the_replica_and_writes_go_to_the_primary(
    viewer: Client, pair: ReplicaPair, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What waits on the replica is not on the page, and the header says how long."""
    monkeypatch.setattr(replica_module, "LAG_TTL_S", 0.0)
    store = _register(pair, tmp_path / "files")
    agent_id = re.findall(r"/sessions/([^/?\"]+)/", _page(viewer, store))[0]
    for page in ("sessions/", "messages/", "tool-calls/", f"sessions/{agent_id}/"):
        assert "Replica, up to date" in _page(viewer, store, page), page

    with psycopg.connect(pair.replica, autocommit=True) as standby:
        standby.execute("SELECT pg_wal_replay_pause()")
        _save(store, "agt-waits")
        wait_until(lambda: BEHIND.search(_page(viewer, store)) is not None)
        assert "agt-waits" not in _page(viewer, store)
        assert viewer.get(f"/browse/{store.slug}/sessions/agt-waits/").status_code == 404
        with psycopg.connect(pair.primary) as primary:
            found = primary.execute("SELECT 1 FROM agents WHERE agent_id = 'agt-waits'").fetchone()
        assert found == (1,)
        standby.execute("SELECT pg_wal_replay_resume()")
    pair.wait_for_replay()
    rows = viewer.get(
        f"/browse/{store.slug}/sessions/", headers={"HX-Request": "true", "HX-Target": "results"}
    )
    assert '<span class="as-of" id="as-of" hx-swap-oob="true">' in rows.content.decode()
    wait_until(lambda: "Replica, up to date" in _page(viewer, store))
    assert "agt-waits" in _page(viewer, store)

    with psycopg.connect(pair.replica, autocommit=True) as standby:
        standby.execute("ALTER SYSTEM SET primary_conninfo = ''")
        standby.execute("SELECT pg_reload_conf()")
    wait_until(lambda: "Replica is cut off from its primary" in _page(viewer, store))
    _save(store, "agt-later")
    assert "agt-later" not in _page(viewer, store)

    pair.stop_replica()
    for page in ("sessions/", "sessions/agt-later/"):
        text = _page(viewer, store, page)
        assert "Replica does not answer, read from the primary" in text
        assert "agt-later" in text


def test_a_replica_that_was_away_is_read_again(
    viewer: Client, postgres_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is not asked again for every page, and it is no standby here, which the header says."""
    with open_target(postgres_place(postgres_database, tmp_path)):
        pass
    away = read_target("postgresql://reader@127.0.0.1:1/agents")
    primary = read_target(postgres_database)
    store = register_postgres_store(primary, files=tmp_path, replica=away)
    asked = CallCounter(monkeypatch)
    for _ in range(3):
        assert "Replica does not answer" in _page(viewer, store)
    assert asked.lags == 0
    store = register_postgres_store(primary, files=tmp_path, replica=primary)
    for _ in range(3):
        assert "Replica is no standby, its lag is not known" in _page(viewer, store)
    assert "Replica is no standby" in viewer.get("/").content.decode()
    assert asked.lags == 1
    close_readers()


@pytest.mark.django_db
def test_a_replica_is_on_record_until_it_is_dropped() -> None:
    """Its password is sealed, and belongs to that server alone."""
    primary = read_target("postgresql://writer@db.example/agents")
    replica = read_target(f"postgresql://reader:{PASSWORD}@copy.example/agents")
    store = register_postgres_store(primary, replica=replica)
    assert PASSWORD not in str(store.config)
    assert replica_of(store.config) == replica
    assert target_of(store.config) == primary
    again = register_postgres_store(primary)
    assert (again.id, again.updated_at) == (store.id, store.updated_at)
    other = read_target("postgresql://reader@elsewhere.example/agents")
    assert replica_of(register_postgres_store(primary, replica=other).config) == other
    dropped = register_postgres_store(primary, drop_replica=True)
    assert replica_of(dropped.config) is None


@pytest.mark.parametrize(
    ("state", "words"),
    [
        (ReplicaState(is_used=True, lag_ms=0), "Replica, up to date"),
        (ReplicaState(is_used=True, lag_ms=-40), "Replica, under 1 s behind"),
        (ReplicaState(is_used=True, lag_ms=999), "Replica, under 1 s behind"),
        (ReplicaState(is_used=True, lag_ms=3_400), "Replica, 3 s behind"),
        (ReplicaState(is_used=True, lag_ms=150_000), "Replica, 2 min behind"),
        (ReplicaState(is_used=True, lag_ms=25 * HOUR_MS), "Replica, 1 d behind"),
        (ReplicaState(is_used=True), "Replica, its lag is not known"),
        (
            ReplicaState(is_used=True, is_receiving=False, lag_ms=2 * HOUR_MS),
            "Replica is cut off from its primary, last change 2 h ago",
        ),
        (
            ReplicaState(is_used=True, is_receiving=False),
            "Replica is cut off from its primary",
        ),
        (
            ReplicaState(is_used=True, is_standby=False),
            "Replica is no standby, its lag is not known",
        ),
        (ReplicaState(is_used=False), "Replica does not answer, read from the primary"),
    ],
)
def test_the_header_says_how_old_rows_may_be(state: ReplicaState, words: str) -> None:
    """Beside the time of the page; a store without a replica says nothing of one."""
    reader = cast("Reader", SimpleNamespace(replica_state=lambda: state))
    assert f">{words}</span><span>As of " in as_of(NOW, reader)
    assert "eplica" not in as_of(NOW) + as_of(NOW, cast("Reader", object()))
