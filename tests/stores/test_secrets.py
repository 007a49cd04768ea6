"""Passwords of stores: sealed by a key that only its owner may read."""

import stat
from pathlib import Path

import pytest
from pytest_django.fixtures import Settings

from stores.connections import config_of, read_target, target_of
from stores.errors import InvalidQuery, StoreUnavailable
from stores.models import Store
from stores.registration import register_postgres_store
from stores.secrets import seal, unseal

URL = "postgres://me:s3cret@db.example:5433/agents?sslmode=require"


@pytest.fixture(autouse=True)
def _home(settings: Settings, tmp_path: Path) -> None:
    settings.HOME = tmp_path


@pytest.mark.parametrize("secret", ["s3cret", "", "pässwörd 写", "x" * 5000])
def test_a_secret_comes_back_and_cannot_be_read_before(secret: str) -> None:
    sealed = seal(secret)
    assert unseal(sealed) == secret
    assert not secret or secret not in sealed
    assert seal(secret) != sealed


def test_the_key_is_for_its_owner_alone(tmp_path: Path) -> None:
    seal("x")
    (key,) = tmp_path.iterdir()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


def test_without_its_key_a_secret_is_asked_for_again(tmp_path: Path) -> None:
    sealed = seal("x")
    (tmp_path / "store_key").unlink()
    for _ in range(2):
        with pytest.raises(StoreUnavailable) as lost:
            unseal(sealed)
        assert lost.value.reason == "credentials"
        seal("another key")
    with pytest.raises(StoreUnavailable):
        unseal("no token")


def test_a_record_leads_to_the_same_database_again() -> None:
    target = read_target(URL)
    config = config_of(target, None)
    assert "s3cret" not in str(config)
    assert target_of(config) == target


@pytest.mark.parametrize("setting", ["passfile", "service", "options", "sslkey", "hostaddr"])
def test_settings_that_let_something_else_in_are_refused(setting: str) -> None:
    with pytest.raises(InvalidQuery):
        read_target(f"{URL}&{setting}=x")


@pytest.mark.django_db
def test_a_password_stays_with_the_user_and_place_that_it_was_given_for() -> None:
    first = register_postgres_store(read_target(URL))
    version = first.updated_at
    for again in (URL, URL.replace(":s3cret", "")):
        kept = register_postgres_store(read_target(again))
        assert (kept.id, kept.updated_at) == (first.id, version)
        assert target_of(kept.config).password == "s3cret"
    moved = register_postgres_store(read_target(URL.replace("me:s3cret@db", "me@other")))
    assert moved.id != first.id
    assert "sealed" not in moved.config
    other = register_postgres_store(read_target(URL.replace("me:s3cret", "you")))
    assert other.id == first.id
    assert "sealed" not in other.config
    assert Store.objects.count() == 2
