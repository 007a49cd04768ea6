"""The worked example of a store of one's own: MySQL, on a real server, under the whole suite."""

import contextlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import ClassVar

import pytest
from kode_mysql.store import MySQLStore

from stores.conformance import ExtendedStoreContract
from tests.servers import fresh_mysql, mysql_connection


@pytest.fixture(scope="module")
def database() -> Iterator[str]:
    """Yield the address of a database with the store's tables, dropped at the end."""
    with fresh_mysql() as url:
        yield url


class TestMySQLStore(ExtendedStoreContract):
    """Rows in one database, emptied before each test; files in a folder for each."""

    cannot_hold: ClassVar[Mapping[str, str]] = {
        "lone surrogate": "the JSON columns of MariaDB and MySQL refuse half a surrogate pair",
    }

    @pytest.fixture
    def place(self, database: str, tmp_path: Path) -> tuple[str, Path]:
        MySQLStore(database, tmp_path).close()
        with contextlib.closing(mysql_connection(database)) as connection:
            connection.cursor().execute("DELETE FROM agents")
        return database, tmp_path

    def open_store(self, place: tuple[str, Path]) -> MySQLStore:
        return MySQLStore(*place)
