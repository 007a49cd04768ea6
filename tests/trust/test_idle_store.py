"""Looking at a store changes nothing of it: not a byte, not a time, not a file more."""

import os
import shutil
import sqlite3
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
from django.test import Client

from stores.interface import close_readers, register_store
from tests.trust.crawl import Seen, crawl
from tests.trust.figures import Say

Listing = dict[str, tuple[int, int, str]]


def _listing(folder: Path) -> Listing:
    """Return size, time of change and content of everything in a folder, folders included."""
    found = {}
    for item in [folder, *sorted(folder.rglob("*"))]:
        info = item.stat()
        content = sha256(item.read_bytes()).hexdigest() if item.is_file() else ""
        found[str(item.relative_to(folder))] = (info.st_size, info.st_mtime_ns, content)
    return found


@pytest.fixture
def folder(tmp_path: Path, kode_data: Path, db: None) -> Iterator[Path]:
    """Return a copy of the SDK's store, its file half beside it."""
    copy = tmp_path / "idle"
    shutil.copytree(kode_data / "sqlite", copy, copy_function=shutil.copyfile)
    for item in [copy, *copy.rglob("*")]:
        item.chmod(0o755 if item.is_dir() else 0o644)
    yield copy
    close_readers()


def _crawl(viewer: Client, folder: Path, *, most: int = 100) -> list[Seen]:
    """Visit what links lead to; the crawl itself must have found the store's pages."""
    register_store(folder / "agents.db", files=folder / "store")
    seen = list(crawl(viewer, per_path=2, most=most))
    good = [item for item in seen if item.status == 200]
    assert len(good) > most * 0.6
    assert [item.url for item in seen if item.status >= 500] == []
    return good


def test_an_idle_store_is_the_same_after_every_page(folder: Path, viewer: Client, say: Say) -> None:
    before = _listing(folder)
    seen = _crawl(viewer, folder, most=1000)
    after = _listing(folder)
    say(
        f"idle store: {len(seen)} pages and downloads; {len(after)} files and folders with the "
        f"same size, time and SHA-256 before and after: {after == before}"
    )
    assert after == before


def test_a_closed_wal_store_stays_one_file(folder: Path, viewer: Client) -> None:
    agent = sqlite3.connect(folder / "agents.db", isolation_level=None)
    agent.execute("PRAGMA journal_mode = WAL")
    agent.execute("UPDATE agents SET message_count = message_count")
    agent.close()
    before = _listing(folder)
    _crawl(viewer, folder)
    assert _listing(folder) == before


def test_a_live_wal_store_gets_no_file_more(folder: Path, viewer: Client) -> None:
    """The agent's own -wal and -shm are there; readers mark their place in the -shm, as always."""
    agent = sqlite3.connect(folder / "agents.db", isolation_level=None)
    agent.execute("PRAGMA journal_mode = WAL")
    agent.execute("UPDATE agents SET message_count = message_count")
    before = _listing(folder)
    assert {"agents.db-wal", "agents.db-shm"} < before.keys()
    _crawl(viewer, folder)
    after = _listing(folder)
    agent.close()
    assert after.keys() == before.keys()
    del before["agents.db-shm"], after["agents.db-shm"]
    assert after == before


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere; run as another user")
def test_a_store_that_may_only_be_read_is_read(folder: Path, viewer: Client) -> None:
    items = [folder, *folder.rglob("*")]
    for item in items:
        item.chmod(0o555 if item.is_dir() else 0o444)
    before = _listing(folder)
    _crawl(viewer, folder)
    assert _listing(folder) == before
    for item in items:
        item.chmod(0o755 if item.is_dir() else 0o644)
