"""A folder of JSON among the stores: listed, browsed without a trace, removed with its index."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from stores.indexes import index_folder
from stores.interface import Store, close_readers, inspect_json, register_json_store
from tests.dashboard.conftest import Get
from tests.dashboard.test_sdk_store import openers, walk

LISTS = ("sessions", "messages", "tool-calls")
TABS = ("transcript", "events", "todos", "snapshots", "info")


@pytest.fixture
def store(kode_data: Path, db: None) -> Iterator[Store]:
    """Register the JSON store that the SDK wrote."""
    yield register_json_store(kode_data / "json-store", name="sdk")
    close_readers()


def _state(base: Path) -> list[tuple[str, int, str]]:
    return [
        (
            str(path),
            path.stat().st_mtime_ns,
            sha256(path.read_bytes()).hexdigest() if path.is_file() else "",
        )
        for path in sorted(base.rglob("*"))
    ]


def test_a_crawl_of_every_page_leaves_the_folder_as_it_was(
    store: Store, get: Get, viewer: Client, kode_data: Path
) -> None:
    """Same names, times and bytes; and each page is one."""
    before = _state(kode_data / "json-store")
    pages = 0
    for name in LISTS:
        for page in walk(get, f"/browse/sdk/{name}/?limit=25"):
            for href in openers(page):
                get(href)
                pages += 1
    sessions = [href for page in walk(get, "/browse/sdk/sessions/") for href in openers(page)]
    assert len(sessions) == 11
    for href in sessions:
        for tab in TABS:
            assert "apiKey" not in get(f"{href}?tab={tab}").source
    for name in LISTS:
        response = viewer.get(f"/browse/sdk/{name}.csv")
        assert b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert pages == 11 + 119 + 32
    assert _state(kode_data / "json-store") == before


def test_the_same_folder_is_the_same_record(store: Store, kode_data: Path) -> None:
    assert register_json_store(kode_data / "sqlite" / ".." / "json-store").pk == store.pk
    assert inspect_json(kode_data / "json-store").session_count == 11


def test_operators_see_the_folder_and_remove_it_with_its_index(
    store: Store, operator: Client, kode_data: Path
) -> None:
    page = operator.get(reverse("store_list")).content.decode()
    assert "JSON folder" in page
    assert str((kode_data / "json-store").resolve()) in page
    assert (index_folder(store.pk) / "index.sqlite3").exists()
    operator.post(reverse("store_remove", args=[store.slug]))
    assert not index_folder(store.pk).exists()
    assert (kode_data / "json-store").is_dir()
