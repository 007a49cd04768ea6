"""The factory: the guide's configuration, the guide's environment, and nothing guessed."""

from pathlib import Path
from typing import Any

import pytest

from stores import agent_stores
from stores.backends.sqlite.agent_store import SqliteStore
from stores.errors import StoreError, StoreUnavailable, UnsupportedOperation
from stores.interface import ExtendedStore, create_extended_store, create_store


@pytest.mark.parametrize(
    "names", [("dbPath", "fileStoreBaseDir"), ("db_path", "file_store_base_dir")]
)
def test_a_sqlite_store_is_opened_by_either_spelling(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    config = {"type": "sqlite", names[0]: str(tmp_path / "a.db"), names[1]: tmp_path / "files"}
    with create_extended_store(config) as store:
        assert isinstance(store, SqliteStore)
        assert isinstance(store, ExtendedStore)
        assert store.files.base_dir == tmp_path / "files"


def test_files_lie_beside_the_database_unless_told_otherwise(tmp_path: Path) -> None:
    store = create_store({"type": "sqlite", "dbPath": tmp_path / "a.db"})
    assert isinstance(store, SqliteStore)
    assert store.files.base_dir == tmp_path
    store.close()


def test_the_guides_environment_opens_a_sqlite_store(tmp_path: Path) -> None:
    environ = {
        "KODE_STORE_TYPE": "sqlite",
        "KODE_SQLITE_PATH": str(tmp_path / "agents.db"),
        "KODE_STORE_PATH": str(tmp_path / "store"),
    }
    with create_extended_store(environ=environ) as store:
        assert isinstance(store, SqliteStore)
        assert store.files.base_dir == tmp_path / "store"


def test_the_environment_of_the_process_is_read_when_none_is_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KODE_STORE_TYPE", "sqlite")
    monkeypatch.setenv("KODE_SQLITE_PATH", str(tmp_path / "agents.db"))
    monkeypatch.delenv("KODE_STORE_PATH", raising=False)
    create_extended_store().close()
    assert (tmp_path / "agents.db").is_file()


@pytest.mark.parametrize(
    ("given", "connection"),
    [
        ({}, {"host": "localhost", "port": 5432, "database": "kode_agents", "user": "kode"}),
        (
            {
                "POSTGRES_HOST": "db",
                "POSTGRES_PORT": "6000",
                "POSTGRES_DB": "agents",
                "POSTGRES_USER": "me",
                "POSTGRES_PASSWORD": "open sesame",
            },
            {
                "host": "db",
                "port": 6000,
                "database": "agents",
                "user": "me",
                "password": "open sesame",
            },
        ),
    ],
)
def test_the_guides_environment_describes_a_postgres_store(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], connection: dict[str, Any]
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(agent_stores, "create_store", lambda config: seen.append(config))
    environ = {"KODE_STORE_TYPE": "postgres", "KODE_STORE_PATH": "/srv/store", **given}
    with pytest.raises(StoreError):
        create_extended_store(environ=environ)
    assert seen == [
        {"type": "postgres", "connection": connection, "fileStoreBaseDir": "/srv/store"}
    ]


@pytest.mark.parametrize(
    ("environ", "named"),
    [
        ({}, "KODE_STORE_TYPE"),
        ({"KODE_STORE_TYPE": ""}, "KODE_STORE_TYPE"),
        ({"KODE_STORE_TYPE": "sqlite"}, "KODE_SQLITE_PATH"),
        ({"KODE_STORE_TYPE": "json"}, "KODE_STORE_PATH"),
        ({"KODE_STORE_TYPE": "postgres"}, "KODE_STORE_PATH"),
        (
            {"KODE_STORE_TYPE": "postgres", "KODE_STORE_PATH": "x", "POSTGRES_PORT": "x"},
            "POSTGRES_PORT",
        ),
        ({"KODE_STORE_TYPE": "mongo", "KODE_STORE_PATH": "x"}, "mongo"),
    ],
)
def test_a_variable_that_is_missing_or_wrong_is_named(environ: dict[str, str], named: str) -> None:
    with pytest.raises(StoreError, match=named):
        create_extended_store(environ=environ)


@pytest.mark.parametrize(
    ("config", "named"),
    [
        ({}, "type"),
        ({"type": "sqlite"}, "dbPath"),
        ({"type": "sqlite", "dbPath": ""}, "dbPath"),
        ({"type": "sqlite", "dbPath": 7}, "dbPath"),
        ({"type": "sqlite", "dbPath": "x", "wal": "yes"}, "wal"),
        ({"type": "sqlite", "dbPath": "x", "journal": "wal"}, "journal"),
    ],
)
def test_a_setting_that_is_missing_wrong_or_unknown_is_named(
    config: dict[str, Any], named: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match=named):
        create_store(config)
    assert not list(tmp_path.iterdir())


def test_an_unknown_type_is_no_store() -> None:
    with pytest.raises(UnsupportedOperation, match="mongo"):
        create_store({"type": "mongo"})


def test_a_place_that_cannot_be_opened_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(StoreUnavailable):
        create_store({"type": "sqlite", "dbPath": tmp_path})
