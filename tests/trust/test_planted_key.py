"""A provider key in a session's metadata leaves through no page, export, log or error."""

import json
import logging
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import Client

from stores.interface import close_readers, register_store
from tests.trust.crawl import crawl
from tests.trust.figures import Say

#: Shaped like nothing that a mask would know: only the allow-list can keep it in.
KEY = "plantedkeyzq7"
SEEN = "markerinatextzq8"
ERRORS = (
    "sessions/no-such-session/",
    "tool-calls/no-such-call/",
    "blocks/0/999/no-such-session/",
    "messages/?role=%00&after=xyz",
    "messages/?type=no-such-type",
    "tool-calls/?min_duration=x&from=never",
    "sessions/?sort=metadata",
    f"sessions/?id={KEY[:4]}",
    "sessions.csv?sort=metadata",
    "messages/?page=9&text=" + "x" * 3000,
)


def _plant(db: Path) -> int:
    """Plant the key wherever a provider's could be; return in how many sessions."""
    plain = sqlite3.connect(db, isolation_level=None)
    sessions = plain.execute("SELECT agent_id, metadata FROM agents").fetchall()
    for agent_id, stored in sessions:
        metadata = json.loads(stored)
        metadata.setdefault("modelConfig", {}).update(
            apiKey=KEY,
            extraHeaders={"Authorization": f"Bearer {KEY}", "x-api-key": KEY},
            extraBody={"token": [KEY]},
            proxyUrl=f"http://user:{KEY}@proxy.example.com",
        )
        metadata.setdefault("sandboxConfig", {})["env"] = {"OPENAI_API_KEY": KEY, "HOME": KEY}
        user = {"db_password": KEY, "nested": {"secret": {"value": KEY}}, "note": KEY}
        metadata["metadata"] = {**metadata.get("metadata", {}), **user}
        metadata["tools"] = [
            {"name": tool, "config": {"token": KEY}} if isinstance(tool, str) else tool | {"k": KEY}
            for tool in metadata.get("tools", [])
        ]
        plain.execute(
            "UPDATE agents SET metadata = ? WHERE agent_id = ?", (json.dumps(metadata), agent_id)
        )
    plain.execute(
        "UPDATE messages SET content = ? WHERE rowid = (SELECT min(rowid) FROM messages)",
        (json.dumps([{"type": "text", "text": SEEN}]),),
    )
    plain.close()
    return len(sessions)


@pytest.fixture
def planted(tmp_path: Path, kode_data: Path, db: None) -> Iterator[Path]:
    """Return a registered copy of the SDK's store with the key planted in it."""
    folder = tmp_path / "planted"
    shutil.copytree(kode_data / "sqlite", folder, copy_function=shutil.copyfile)
    for item in [folder, *folder.rglob("*")]:
        item.chmod(0o755 if item.is_dir() else 0o644)
    assert _plant(folder / "agents.db") > 40
    yield folder / "agents.db"
    close_readers()


@pytest.mark.parametrize(
    "per_path", [2, pytest.param(12, marks=pytest.mark.slow)], ids=["small", "full"]
)
def test_a_planted_key_is_nowhere(
    planted: Path, viewer: Client, caplog: pytest.LogCaptureFixture, say: Say, per_path: int
) -> None:
    caplog.set_level(logging.DEBUG)
    store = register_store(planted)
    base = f"/browse/{store.slug}/"
    seen = list(crawl(viewer, per_path=per_path))
    for path in ERRORS:
        seen += crawl(viewer, base + path, most=1)
    broken = sqlite3.connect(planted, isolation_level=None)
    broken.execute("ALTER TABLE messages RENAME TO elsewhere")
    broken.close()
    for path in ("sessions/", "messages/", "sessions.csv"):
        seen += crawl(viewer, base + path, most=1)
    leaks = [
        item.url for item in seen if KEY in (item.body.decode(errors="replace") + item.headers)
    ]
    controls = [item.url for item in seen if SEEN.encode() in item.body]
    statuses = {status: sum(item.status == status for item in seen) for status in (200, 404, 503)}
    say(
        f"planted key: {len(leaks)} hits in {len(seen)} answers "
        f"({sum(len(item.body) for item in seen) / 1e6:.1f} MB, {statuses}) and "
        f"{caplog.text.count(KEY)} in {len(caplog.records)} log lines; a marker in a message "
        f"text, as a control, was found in {len(controls)} answers"
    )
    assert leaks == []
    assert KEY not in caplog.text
    assert len(controls) >= 3, "the crawl does not find what is there to be found"
    kinds = {item.url.split("/")[3].split("?")[0] for item in seen if item.url.startswith(base)}
    assert kinds >= {"sessions", "messages", "tool-calls", "sessions.csv", "messages.jsonl"}
    assert kinds >= {"call-text", "message-text", "blocks"}
    assert [item.url for item in seen if item.status == 500] == []
    assert statuses[503] == 3
