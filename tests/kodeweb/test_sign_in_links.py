"""One-time links: looking does nothing, the button works once, for a quarter of an hour."""

import hashlib
import logging

import pytest
from django.contrib.auth.models import User
from django.test import Client

from kodeweb.accounts import links
from kodeweb.accounts.models import SignInLink
from kodeweb.accounts.roles import Role, role_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def token() -> str:
    """Return a fresh link's token, for the owner."""
    return links.make_link(links.owner())


def test_the_first_owner_is_an_admin_without_a_password() -> None:
    """And the second call finds the same user."""
    owner = links.owner()
    assert role_of(owner) is Role.ADMIN
    assert not owner.has_usable_password()
    assert links.owner() == owner


def test_looking_at_a_link_uses_nothing(token: str) -> None:
    """A mail scanner or a prefetch does not burn it, and signs nobody in."""
    client = Client()
    for _ in range(3):
        response = client.get(f"/sign-in/{token}/")
        assert response.status_code == 200
    assert client.get("/account/").status_code == 302
    assert SignInLink.objects.get().used_at is None


def test_the_button_signs_in_once(token: str) -> None:
    """A second browser is told that the link is used, and how to get another."""
    first, second = Client(), Client()
    assert first.post(f"/sign-in/{token}/").status_code == 303
    assert first.get("/account/").status_code == 200
    response = second.post(f"/sign-in/{token}/")
    assert response.status_code == 410
    assert "kodeweb login-link" in response.content.decode()
    assert second.get("/account/").status_code == 302


def test_an_expired_link_is_gone(token: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """15 minutes and one millisecond later."""
    late = SignInLink.objects.get().created_at + links.LINK_LIFE_MS + 1
    monkeypatch.setattr(links, "now_ms", lambda: late)
    assert Client().get(f"/sign-in/{token}/").status_code == 410
    assert Client().post(f"/sign-in/{token}/").status_code == 410


@pytest.mark.parametrize("guess", ["x", "A" * 43, "%00", "../sign-out"])
def test_a_guessed_token_reads_like_a_used_one(guess: str) -> None:
    """No answer tells whether a token ever existed."""
    assert Client().get(f"/sign-in/{guess}/").status_code in (404, 410)


def test_two_requests_at_once_use_a_link_once(token: str) -> None:
    """Both looked it up before either used it; the update decides."""
    first, second = links.find_link(token), links.find_link(token)
    assert first is not None
    assert second is not None
    assert [links.consume_link(first), links.consume_link(second)] == [True, False]


def test_only_a_hash_of_256_random_bits_is_kept(token: str) -> None:
    """The database does not hold what would sign anybody in."""
    assert len(token) == 43
    kept = SignInLink.objects.get()
    assert kept.token_hash == hashlib.sha256(token.encode()).hexdigest()


def test_a_password_for_next_time_can_be_set(token: str) -> None:
    """The field is optional; what is typed becomes the owner's password."""
    Client().post(f"/sign-in/{token}/", {"password": "a fine long passphrase"})
    assert User.objects.get().check_password("a fine long passphrase")


def test_a_weak_password_does_not_use_the_link(token: str) -> None:
    """The form comes back with the reason, and the link still works."""
    client = Client()
    response = client.post(f"/sign-in/{token}/", {"password": "short"})
    assert response.status_code == 422
    assert "at least 12 characters" in response.content.decode()
    assert client.post(f"/sign-in/{token}/").status_code == 303


def test_a_link_of_a_deactivated_user_is_gone(token: str) -> None:
    """Links do not outlive the account."""
    User.objects.update(is_active=False)
    assert Client().post(f"/sign-in/{token}/").status_code == 410


def test_no_token_in_any_log_line(token: str, caplog: pytest.LogCaptureFixture) -> None:
    """Neither when it works nor when it does not."""
    from kodeweb.logs import SafeFormatter

    caplog.set_level(logging.DEBUG)
    client = Client()
    client.get(f"/sign-in/{token}/")
    client.post(f"/sign-in/{token}/")
    client.post(f"/sign-in/{token}/")
    lines = [SafeFormatter("%(message)s").format(record) for record in caplog.records]
    assert any("/sign-in/***/" in line for line in lines)
    assert not any(token in line for line in lines)


def test_the_page_sends_no_referrer_and_is_not_cached(token: str) -> None:
    """The token stays in the address bar."""
    response = Client().get(f"/sign-in/{token}/")
    assert response.headers["Referrer-Policy"] == "no-referrer"
    assert response.headers["Cache-Control"] == "private, no-store"
    assert token not in response.content.decode()
