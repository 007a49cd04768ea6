"""Only named fields of the agents' metadata leave the backend (product F1)."""

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.browse.metadata import MASK, allowed_metadata, mask_secrets

PLANTED = "sk-ant-api03-" + "Zq7" * 12
METADATA: dict[str, Any] = {
    "agentId": "agt-1",
    "templateVersion": "1.2.0",
    "sandboxConfig": {"kind": "local", "workDir": "/srv/ws", "env": {"TOKEN": PLANTED}},
    "modelConfig": {
        "provider": "anthropic",
        "model": "claude-x",
        "apiKey": PLANTED,
        "baseUrl": f"https://u:{PLANTED}@proxy.example.com",
        "extraHeaders": {"x-key": PLANTED},
    },
    "tools": [{"name": "fs_read", "config": {"key": PLANTED}}, {"name": "bash_run"}, {"name": 5}],
    "permission": {"mode": "approval"},
    "exposeThinking": True,
    "retainThinking": False,
    "createdAt": "2026-09-03T10:43:41.297Z",
    "updatedAt": "2026-09-03T10:44:49.571Z",
    "configVersion": "v2.7.0",
    "breakpoint": "READY",
    "metadata": {"userId": "u", "parentAgentId": "agt-01M1KDW132558CCJ4KJDVSRAK8", "k": PLANTED},
}


def test_named_fields_are_shown_and_no_others() -> None:
    assert dict(allowed_metadata(json.dumps(METADATA))) == {
        "Template version": "1.2.0",
        "Provider": "anthropic",
        "Model": "claude-x",
        "Tools": "fs_read, bash_run",
        "Permission mode": "approval",
        "Exposes thinking": "yes",
        "Retains thinking": "no",
        "Created": "2026-09-03T10:43:41.297Z",
        "Last saved": "2026-09-03T10:44:49.571Z",
        "Breakpoint at last save": "READY",
        "Config version": "v2.7.0",
        "Parent session": "agt-01M1KDW132558CCJ4KJDVSRAK8",
        "Sandbox": "local",
        "Working directory": "/srv/ws",
    }


@pytest.mark.parametrize(
    "place",
    [
        ("templateVersion",),
        ("modelConfig", "provider"),
        ("modelConfig", "model"),
        ("permission", "mode"),
        ("sandboxConfig", "workDir"),
        ("metadata", "delegatedBy"),
    ],
)
def test_a_key_in_an_allowed_field_is_masked(place: tuple[str, ...]) -> None:
    metadata = json.loads(json.dumps(METADATA))
    inner = metadata
    for name in place[:-1]:
        inner = inner[name]
    inner[place[-1]] = f"x {PLANTED} y"
    shown = allowed_metadata(json.dumps(metadata))
    assert PLANTED not in str(shown)
    assert MASK in str(shown)


@pytest.mark.parametrize("stored", [None, "", "[]", "{", b"\xff", "[" * 5_000, "12", '{"tools":7}'])
def test_broken_metadata_shows_little_and_stops_nothing(stored: str | bytes | None) -> None:
    assert all(label in ("Tools",) for label, _ in allowed_metadata(stored))


def test_a_container_in_place_of_a_value_is_not_shown() -> None:
    stored = json.dumps({"modelConfig": {"model": {"apiKey": PLANTED}, "provider": [PLANTED]}})
    assert PLANTED not in str(allowed_metadata(stored))


@pytest.mark.parametrize(
    "secret",
    [
        PLANTED,
        "sk-proj-abcdefghijkl0123456789",
        "AIzaSyA-1234567890_abcdefghijklmnopq",
        "ghp_0123456789abcdefghijABCDEFGHIJ",
        "xoxb-123456789012-abcdefghij",
        "AKIAIOSFODNN7EXAMPLE",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abcDEF123",
    ],
)
def test_secrets_are_masked_inside_text(secret: str) -> None:
    masked = mask_secrets({"note": f"use {secret}, then", "list": [secret, 1, None]})
    assert secret not in json.dumps(masked)
    assert masked["note"].startswith("use ")
    assert masked["list"][1:] == [1, None]


@pytest.mark.parametrize(
    "name",
    ["apiKey", "api_key", "password", "clientSecret", "Authorization", "accessToken", "token"],
)
def test_members_with_secret_names_are_masked(name: str) -> None:
    assert mask_secrets({name: "short"}) == {name: MASK}


def test_numbers_and_harmless_names_stay() -> None:
    value = {
        "maxTokens": 5,
        "tokens": 3,
        "monkey": "banana",
        "keyboard": "qwerty",
        "hasToken": True,
    }
    assert mask_secrets(value) == value


def test_assignments_urls_and_headers_are_masked_in_text() -> None:
    text = 'api_key=hunter22 postgres://me:hunter22@db/x Authorization: "Bearer hunter2222"'
    masked = mask_secrets(text)
    assert "hunter2" not in masked
    assert "postgres://me:" in masked


@given(st.text(max_size=300))
def test_masking_takes_any_text(text: str) -> None:
    assert isinstance(mask_secrets(text), str)


def test_agent_ids_paths_and_hashes_are_not_taken_for_secrets() -> None:
    for text in ("agt-01M1KDW132558CCJ4KJDVSRAK8/fork-1792782065566", "/srv/a/b-c", "a" * 64):
        assert mask_secrets(text) == text


def test_the_metadata_of_every_sdk_session_is_read(kode_data: Path) -> None:
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    rows = connection.execute("SELECT metadata FROM agents").fetchall()
    connection.close()
    for (stored,) in rows:
        shown = dict(allowed_metadata(stored))
        assert shown["Model"] == json.loads(stored)["modelConfig"]["model"]
        assert shown["Last saved"] == json.loads(stored)["updatedAt"]
