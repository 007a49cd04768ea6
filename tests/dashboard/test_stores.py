"""Operators see where stores are and take one off the list; its data stays."""

import sqlite3
from pathlib import Path

import pytest
from django.db import OperationalError
from django.db.models import QuerySet
from django.test import Client
from django.urls import reverse

from stores.backends.sqlite.schema import SCHEMA
from stores.models import Store
from stores.registration import register_store
from tests.conftest import ClientFor


@pytest.fixture
def store(tmp_path: Path, db: None) -> Store:
    path = tmp_path / "crew.db"
    connection = sqlite3.connect(path)
    for statement in SCHEMA:
        connection.execute(statement)
    connection.close()
    return register_store(path)


@pytest.fixture
def operator(client_for: ClientFor) -> Client:
    return client_for("operator")


def test_the_list_says_where_a_store_is_and_how(operator: Client, store: Store) -> None:
    page = operator.get(reverse("store_list")).content.decode()
    assert store.config["path"] in page
    assert "Readable" in page


def test_a_store_that_is_gone_comes_first_with_its_reason(
    operator: Client, store: Store, tmp_path: Path
) -> None:
    gone = register_store(tmp_path / "zz-gone.db", name="zz gone")
    page = operator.get(reverse("store_list")).content.decode()
    assert "There is no file at" in page
    assert page.index(gone.name) < page.index(f">{store.name}<")


def test_removing_asks_first_and_leaves_the_data(operator: Client, store: Store) -> None:
    path = Path(store.config["path"])
    before = path.read_bytes()
    address = reverse("store_remove", args=[store.slug])
    assert "The data is not touched" in operator.get(address).content.decode()
    assert Store.objects.filter(pk=store.pk).exists()
    response = operator.post(address)
    assert (response.status_code, response.headers["Location"]) == (303, reverse("store_list"))
    assert not Store.objects.filter(pk=store.pk).exists()
    assert path.read_bytes() == before
    assert operator.post(address).status_code == 404


def test_a_viewer_sees_no_path_and_no_way_there(client_for: ClientFor, store: Store) -> None:
    viewer = client_for("viewer")
    assert viewer.get(reverse("store_list")).status_code == 403
    assert viewer.post(reverse("store_remove", args=[store.slug])).status_code == 403
    assert Store.objects.filter(pk=store.pk).exists()
    for address in ("/", f"/browse/{store.slug}/sessions/"):
        page = viewer.get(address).content.decode()
        assert store.config["path"] not in page
        assert reverse("store_list") not in page


def test_a_viewer_is_told_of_a_lost_file_without_its_path(
    client_for: ClientFor, store: Store
) -> None:
    """On the overview and on the error page, whole or as a notice."""
    viewer = client_for("viewer")
    Path(store.config["path"]).unlink()
    for headers in ({}, {"HX-Request": "true"}):
        for address in ("/", f"/browse/{store.slug}/sessions/"):
            page = viewer.get(address, headers=headers).content.decode()
            assert "There is no file at" in page
            assert str(Path(store.config["path"]).parent) not in page


def test_a_page_does_not_fail_with_the_note_that_it_was_read(
    client_for: ClientFor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kodeweb's own database may be busy or full; the store is not."""
    viewer = client_for("viewer")

    def busy(*_args: object, **_kwargs: object) -> int:
        raise OperationalError("database is locked")

    monkeypatch.setattr(QuerySet, "update", busy)
    assert viewer.get(f"/browse/{store.slug}/messages/").status_code == 200
