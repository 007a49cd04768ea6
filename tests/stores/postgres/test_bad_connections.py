"""Every way in which a server says no is a sentence with a next step, and shows no password."""

import contextlib
import traceback
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from stores.agent_stores import create_extended_store
from stores.backends.postgres.agent_store import PostgresStore
from stores.backends.postgres.config import ConnectionSettings
from stores.backends.postgres.connection import PostgresTarget, open_pool
from stores.backends.postgres.inspect import inspect_postgres
from stores.backends.postgres.shape import PostgresSchema
from stores.browse.sql.reading import Reading, StatementTimeout
from stores.conformance.samples import fill, make_info
from stores.errors import InvalidQuery, StoreError, StoreUnavailable
from tests.server_programs import free_port
from tests.servers import private_postgres, with_database

_SECRET = "s3cret-of-a-test"


def _refusal(connection: object, folder: Path) -> StoreUnavailable:
    with pytest.raises(StoreUnavailable) as caught:
        PostgresStore(connection, folder)  # type: ignore[arg-type]  # any shape is tried here
    text = "".join(traceback.format_exception(caught.value))
    assert _SECRET not in text
    assert "://" not in str(caught.value)
    return caught.value


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """Return the URL of a server of our own that asks for a password."""
    with private_postgres(password=_SECRET) as url:
        yield url


def test_nobody_listening_gives_the_guides_checklist(tmp_path: Path) -> None:
    error = _refusal(f"postgres://kode:{_SECRET}@127.0.0.1:{free_port()}/kode_agents", tmp_path)
    assert error.reason == "refused"
    for hint in ("pg_isready", "firewall", "pg_hba.conf", "listen_addresses"):
        assert hint in str(error)


def test_an_unknown_host_is_named(tmp_path: Path) -> None:
    error = _refusal(f"postgres://kode:{_SECRET}@no-such-host.invalid/kode", tmp_path)
    assert (error.reason, "no-such-host.invalid" in str(error)) == ("refused", True)


def test_a_wrong_password_names_the_role(guarded: str, tmp_path: Path) -> None:
    error = _refusal(guarded.replace(_SECRET, "wrong"), tmp_path)
    assert error.reason == "credentials"
    assert "password of role “postgres”" in str(error)


def test_an_unknown_role_is_told(postgres_database: str, tmp_path: Path) -> None:
    name = urlsplit(postgres_database).path.strip("/")
    place = urlsplit(postgres_database)
    settings = {"host": place.hostname, "port": place.port or 5432, "database": name}
    error = _refusal({**settings, "user": "nobody_of_this_name", "password": _SECRET}, tmp_path)
    assert error.reason == "credentials"


def test_a_missing_database_is_told(postgres_database: str, tmp_path: Path) -> None:
    error = _refusal(with_database(postgres_database, "no_such_database"), tmp_path)
    assert error.reason == "missing"
    assert "“no_such_database”" in str(error)
    assert "createdb" in str(error)


def test_too_many_clients_say_what_to_lower(guarded: str, tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack, psycopg.connect(guarded, autocommit=True) as first:
        first.execute("CREATE ROLE kode LOGIN PASSWORD 'pw' CONNECTION LIMIT 2")
        url = guarded.replace(f"postgres:{_SECRET}", "kode:pw")
        for _ in range(2):
            stack.enter_context(psycopg.connect(url))
        error = _refusal(url, tmp_path)
        assert error.reason == "full"
        assert "idleTimeoutMillis" in str(error)


def test_a_busy_pool_says_so_in_time(postgres_database: str) -> None:
    target = PostgresTarget.from_url(postgres_database)
    with (
        open_pool(target, max_size=1, connect_ms=300) as pool,
        pool.connection(),
        pytest.raises(StoreUnavailable, match="`max`") as caught,
        pool.connection(),
    ):
        pass
    assert caught.value.reason == "full"


def test_a_role_without_rights_opens_reads_and_names_what_it_lacks(
    store: PostgresStore, postgres_database: str, tmp_path: Path
) -> None:
    """SELECT is enough to read, and nothing at all is still a sentence."""
    fill(store, "agt-1")
    role = "kodeweb_reader_" + urlsplit(postgres_database).path[-8:]
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {role} LOGIN PASSWORD '{_SECRET}'".encode())
        place = urlsplit(postgres_database)
        connection = {
            "host": place.hostname,
            "port": place.port or 5432,
            "database": place.path.strip("/"),
            "user": role,
            "password": _SECRET,
        }
        try:
            with PostgresStore(connection, tmp_path / "store") as reader:
                with pytest.raises(StoreUnavailable, match="GRANT") as caught:
                    reader.load_messages("agt-1")
                assert caught.value.reason == "permission"
                owner.execute(f"GRANT SELECT ON ALL TABLES IN SCHEMA public TO {role}".encode())
                assert reader.load_messages("agt-1") == store.load_messages("agt-1")
                with pytest.raises(StoreUnavailable, match="GRANT"):
                    reader.save_info("agt-2", make_info("agt-2"))
        finally:
            owner.execute(f"DROP OWNED BY {role}".encode())
            owner.execute(f"DROP ROLE {role}".encode())


def test_a_read_only_database_says_so(store: PostgresStore, postgres_database: str) -> None:
    name = urlsplit(postgres_database).path.strip("/")
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
    with PostgresStore(postgres_database, store.files.base_dir) as reader:
        assert reader.list() == []
        with pytest.raises(StoreUnavailable, match="read-only") as caught:
            reader.save_info("agt-1", make_info("agt-1"))
    assert caught.value.reason == "permission"


@pytest.mark.parametrize(
    ("statement", "column"),
    [
        ("CREATE TABLE agents (id serial, name text)", "agent_id"),
        ("CREATE TABLE messages (id text, agent_id text, role text, content text)", "content"),
    ],
)
def test_foreign_tables_of_the_same_names_are_left_alone(
    postgres_database: str, tmp_path: Path, statement: str, column: str
) -> None:
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute(statement.encode())
        error = _refusal(postgres_database, tmp_path)
        assert (error.reason, column in str(error)) == ("foreign", True)
        tables = owner.execute("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'")
        assert tables.fetchone() == (1,)


def test_a_restarted_server_is_reached_again(store: PostgresStore, postgres_database: str) -> None:
    """Connections of the pool that died meanwhile are not handed out."""
    with psycopg.connect(postgres_database, autocommit=True) as owner:
        owner.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    assert store.list() == []


def test_no_text_of_a_target_shows_its_password() -> None:
    url = f"postgres://kode:{_SECRET}@db.example:6432/agents?sslmode=require&sslpassword={_SECRET}"
    target = PostgresTarget.from_url(url)
    assert (target.place, target.database, target.sslmode) == (
        "db.example:6432",
        "agents",
        "require",
    )
    assert _SECRET not in f"{target} {target!r} {ConnectionSettings.of(url)!r}"
    for bad in (
        f"postgres://kode:{_SECRET}@db:port/x",
        f"postgres://db/x?wrong={_SECRET}",
        _SECRET,
    ):
        with pytest.raises(InvalidQuery) as caught:
            PostgresTarget.from_url(bad)
        assert _SECRET not in "".join(traceback.format_exception(caught.value))


def test_the_pool_settings_of_the_guide_are_read_in_both_spellings() -> None:
    camel = {"max": 20, "idleTimeoutMillis": 10_000, "connectionTimeoutMillis": 2000}
    snake = {"max": "20", "idle_timeout_millis": 10_000, "connection_timeout_millis": "2000"}
    found = [ConnectionSettings.of({"host": "db", **given}) for given in (camel, snake)]
    assert found[0] == found[1]
    assert (found[0].max_size, found[0].idle_ms, found[0].connect_ms) == (20, 10_000, 2000)
    assert ConnectionSettings.of({"ssl": True}).target.sslmode == "require"


@pytest.mark.parametrize(
    "connection",
    [
        {"hots": "db"},
        {"port": 0},
        {"port": 70_000},
        {"max": 0},
        {"idleTimeoutMillis": -1},
        {"password": 7},
        {"ssl": {"ca": "x"}},
        {"url": "postgres://db/x", "host": "db"},
        7,
    ],
)
def test_a_setting_that_cannot_be_meant_is_refused(connection: object, tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        create_extended_store(
            {"type": "postgres", "connection": connection, "fileStoreBaseDir": str(tmp_path)}
        )


def test_a_database_too_slow_to_be_looked_at_is_told(
    postgres_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up(reading: Reading) -> PostgresSchema:
        raise StatementTimeout

    monkeypatch.setattr("stores.backends.postgres.inspect.read_schema", give_up)
    with pytest.raises(StoreUnavailable, match="too slowly") as caught:
        inspect_postgres(PostgresTarget.from_url(postgres_database))
    assert caught.value.reason == "slow"
