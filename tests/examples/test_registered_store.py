"""A store of another package's kind in the dashboard: registered, browsed, opened by command."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client
from kode_mysql.store import MySQLStore

from kodeweb.cli.commands import _register
from kodeweb.cli.target import Target, UserError, find_target
from stores.conformance.samples import fill
from stores.errors import StoreUnavailable, UnsupportedOperation
from stores.interface import Store, close_readers, open_reader, register_plugin_store
from tests.packages import example_points, installer

pytestmark = pytest.mark.django_db


@pytest.fixture
def url(mysql_database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Yield the address of a store with one session, its package installed."""
    installer(tmp_path, monkeypatch)("kode_mysql", example_points())
    with MySQLStore(mysql_database, tmp_path / "files") as store:
        fill(store, "agt-1")
    yield mysql_database
    close_readers()


@pytest.fixture
def store(url: str, tmp_path: Path) -> Store:
    """Return the store's record, made as ``kodeweb open mysql://...`` makes it."""
    return _register(find_target(url, tmp_path / "files"), "")[0]


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("sessions/", "agt-1"),
        ("messages/", "agt-1 0"),
        ("tool-calls/", "bash_run"),
        ("sessions/agt-1/", "agt-1 1"),
    ],
)
def test_every_page_shows_the_store(viewer: Client, store: Store, path: str, shown: str) -> None:
    """The pages know nothing of MySQL."""
    answer = viewer.get(f"/browse/{store.slug}/{path}", follow=True)
    assert answer.status_code == 200
    assert shown in answer.content.decode()


def test_the_start_page_counts_the_store(viewer: Client, store: Store) -> None:
    """Its overview is read like that of any other kind."""
    answer = viewer.get("/")
    assert answer.status_code == 200
    assert store.name in answer.content.decode()


def test_the_same_configuration_is_the_same_record(store: Store, url: str, tmp_path: Path) -> None:
    """Opening it again makes no second one, and nothing of the address is in the database."""
    again = _register(find_target(url, tmp_path / "files"), "")[0]
    assert again.pk == store.pk
    assert "mysql://" not in str(store.config)


def test_what_cannot_be_read_is_not_registered(url: str, tmp_path: Path) -> None:
    """The reason comes from the reader."""
    nowhere = Target("mysql", files=tmp_path, connection="mysql://root@127.0.0.1:1/none")
    with pytest.raises(StoreUnavailable, match="Nobody answers"):
        _register(nowhere, "")
    with pytest.raises(UserError, match="--files"):
        _register(find_target(url, None), "")
    with pytest.raises(UnsupportedOperation, match=r"'oracle' .offered: .*mysql"):
        _register(find_target("oracle://u@h/d", tmp_path), "")
    assert not Store.objects.exists()


def test_a_store_whose_package_is_gone_says_so(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its record stays, and it works again when the package is back."""
    close_readers()
    with monkeypatch.context() as context:
        context.setattr("sys.path", [])
        with pytest.raises(UnsupportedOperation, match="mysql"):
            open_reader(store)
        with pytest.raises(UnsupportedOperation):
            register_plugin_store("mysql", {})
    assert open_reader(store).overview().state == "ok"
