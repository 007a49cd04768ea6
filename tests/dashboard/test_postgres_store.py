"""Pages over a PostgreSQL store: what they say when it cannot be read, and what they never say."""

from collections.abc import Iterator

import psycopg
import pytest
from django.test import Client
from psycopg.sql import SQL, Identifier, Literal

from stores.backends.postgres.schema import SCHEMA
from stores.interface import (
    Store,
    close_readers,
    read_target,
    register_postgres_store,
)
from tests.servers import with_database

PAGES = (
    "sessions/",
    "messages/?text=fox",
    "tool-calls/?state=FAILED",
    "sessions/agt-1/",
    "tool-calls/call-1/",
    "messages.csv",
)
PASSWORD = "correct-horse-9d41"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    close_readers()


@pytest.fixture
def clerk(postgres_database: str) -> Iterator[str]:
    """Return the URL of a role that may log in and no more, with a password."""
    name = f"clerk_{postgres_database.rsplit('_', 1)[1]}"
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        made = SQL("CREATE ROLE {} LOGIN PASSWORD {}")
        connection.execute(made.format(Identifier(name), Literal(PASSWORD)))
        place = f"{connection.info.host}:{connection.info.port}"
        database = connection.info.dbname
        yield f"postgresql://{name}:{PASSWORD}@{place}/{database}"
        close_readers()
        connection.execute(SQL("DROP OWNED BY {}").format(Identifier(name)))
        connection.execute(SQL("DROP ROLE {}").format(Identifier(name)))


def _make_tables(url: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        for statement in SCHEMA:
            connection.execute(statement)


def _expect_503(viewer: Client, store: Store, *words: str) -> None:
    for page in PAGES:
        response = viewer.get(f"/browse/{store.slug}/{page}")
        text = response.content.decode()
        assert response.status_code == 503, page
        for word in words:
            assert word in text, (page, word)
        for secret in (PASSWORD, "clerk_", "127.0.0.1:"):
            assert secret not in text, page
    assert viewer.get("/").status_code == 200


def test_a_server_that_is_not_there_is_said(viewer: Client) -> None:
    url = f"postgresql://clerk_x:{PASSWORD}@127.0.0.1:1/agents"
    store = register_postgres_store(read_target(url))
    _expect_503(viewer, store, "does not answer", "pg_isready")


def test_a_database_that_is_not_there_is_said(viewer: Client, postgres_database: str) -> None:
    away = with_database(postgres_database, "kodeweb_nowhere")
    store = register_postgres_store(read_target(away))
    _expect_503(viewer, store, "has no database")


def test_foreign_and_missing_tables_are_said(viewer: Client, postgres_database: str) -> None:
    store = register_postgres_store(read_target(postgres_database))
    _expect_503(viewer, store, "is empty")
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute("CREATE TABLE invoices (id int)")
        connection.execute("CREATE TABLE agents (name text)")
    close_readers()
    _expect_503(viewer, store, "agents.agent_id is missing")


def test_a_role_without_rights_is_told_what_to_grant(
    viewer: Client, operator: Client, clerk: str, postgres_database: str
) -> None:
    _make_tables(postgres_database)
    store = register_postgres_store(read_target(clerk))
    _expect_503(viewer, store, "GRANT it SELECT")
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        role = Identifier(read_target(clerk).user)
        grant = SQL("GRANT SELECT ON agents, messages, tool_calls, snapshots TO {}")
        connection.execute(grant.format(role))
    assert viewer.get(f"/browse/{store.slug}/sessions/").status_code == 200
    assert "the role may only read" in operator.get("/manage/stores/").content.decode()
    with psycopg.connect(postgres_database, autocommit=True) as connection:
        connection.execute(SQL("GRANT DELETE ON messages TO {}").format(role))
    assert "the role may write" in operator.get("/manage/stores/").content.decode()


def test_a_password_is_in_no_page_record_or_repr(
    viewer: Client, operator: Client, clerk: str
) -> None:
    store = register_postgres_store(read_target(clerk))
    assert PASSWORD not in str(store.config)
    assert PASSWORD not in repr(read_target(clerk))
    pages = [
        f"/browse/{store.slug}/sessions/",
        "/",
        "/manage/stores/",
        f"/manage/stores/{store.slug}/remove/",
    ]
    for client in (viewer, operator):
        for page in pages:
            text = client.get(page).content.decode()
            assert PASSWORD not in text
            assert str(store.config["sealed"]) not in text


def test_the_list_of_stores_says_when_no_folder_was_named(
    admin: Client, postgres_database: str
) -> None:
    _make_tables(postgres_database)
    register_postgres_store(read_target(postgres_database))
    page = admin.get("/manage/stores/").content.decode()
    assert "Event logs and todos: no folder named" in page
