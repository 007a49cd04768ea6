"""The servers that tests use: there, fresh, and private ones that come and go."""

from contextlib import closing

import psycopg
import pytest

from tests import servers
from tests.server_programs import find


def test_a_fresh_postgres_database_is_empty_and_utf8(postgres_database: str) -> None:
    """Tests may write there."""
    with psycopg.connect(postgres_database) as connection:
        row = connection.execute(
            "SELECT count(*), current_setting('server_encoding') FROM pg_tables "
            "WHERE schemaname = 'public'"
        ).fetchone()
    assert row == (0, "UTF8")


def test_a_fresh_mysql_database_is_empty(mysql_database: str) -> None:
    """Tests may write there."""
    with closing(servers.mysql_connection(mysql_database)) as connection:
        cursor = connection.cursor()
        cursor.execute("SHOW TABLES")
        assert cursor.fetchall() == ()


def test_a_private_postgres_asks_for_its_password_and_stops() -> None:
    """With a password every login needs it, and nobody listens in the end."""
    with servers.private_postgres(password="s3cret") as url:
        with psycopg.connect(url) as connection:
            assert connection.execute("SELECT 1").fetchone() == (1,)
        with pytest.raises(psycopg.OperationalError, match="password"):
            psycopg.connect(url.replace("s3cret", "wrong"))
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(url, connect_timeout=3)


def test_a_private_mysql_and_redis_start_and_stop() -> None:
    """What tests fall back to where no server runs."""
    for programs, start in (
        (("mariadbd", "mysqld"), servers._private_mysql),
        (("redis-server",), servers._private_redis),
    ):
        if find(*programs) is None:
            pytest.skip(f"{programs[0]} is not installed")
        with start() as url:
            assert "127.0.0.1" in url
