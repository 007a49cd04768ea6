"""Signing in with a password: the same answer to every mistake, back-off, fresh sessions."""

from collections.abc import Callable
from unittest.mock import patch

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client

from kodeweb.accounts import throttle
from tests.conftest import PASSWORD, ClientFor

UserWith = Callable[[str], User]


def sign_in(client: Client, name: str, password: str = PASSWORD, **data: str) -> int:
    """Post the form and return the status."""
    form = {"username": name, "password": password, **data}
    return client.post("/sign-in/", form).status_code


def test_a_right_password_signs_in_and_goes_on(anonymous: Client, user_with: UserWith) -> None:
    """The answer is a 303 to where the person was going."""
    user_with("viewer")
    form = {"username": "the-viewer", "password": PASSWORD, "next": "/account/?a=1"}
    response = anonymous.post("/sign-in/", form)
    assert (response.status_code, response.headers["Location"]) == (303, "/account/?a=1")
    assert anonymous.get("/account/").status_code == 200


def test_an_unknown_name_and_a_wrong_password_read_the_same(
    anonymous: Client, user_with: UserWith
) -> None:
    """Nobody learns from the page which names exist."""
    user_with("viewer")
    pages = []
    for name in ("the-viewer", "no-such-one"):
        response = anonymous.post("/sign-in/", {"username": name, "password": "wrong"})
        assert response.status_code == 422
        pages.append(response.content.decode().replace(name, "NAME"))
    tokens = [page.split('csrfmiddlewaretoken" value="')[1].split('"')[0] for page in pages]
    assert pages[0].replace(tokens[0], "") == pages[1].replace(tokens[1], "")


@pytest.mark.parametrize("name", ["the-viewer", "the-nobody", "no-such-one"])
def test_each_try_costs_one_password_hash(
    anonymous: Client, user_with: UserWith, name: str
) -> None:
    """Time tells no more than the words: a user without a password costs the same too."""
    user_with("viewer")
    unusable = user_with("nobody")
    unusable.set_unusable_password()
    unusable.save()
    hasher = "django.contrib.auth.hashers.MD5PasswordHasher.encode"
    with patch(hasher, return_value="md5$salt$hash") as encode:
        sign_in(anonymous, name, "wrong")
    assert encode.call_count == 1


def test_the_sixth_wrong_try_waits_and_the_wait_grows(
    anonymous: Client, user_with: UserWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """429 with Retry-After, even for the right password, and never for ever."""
    user_with("viewer")
    now = 1_000_000_000_000
    monkeypatch.setattr(throttle, "now_ms", lambda: now)
    waits = []
    for _ in range(4):
        while sign_in(anonymous, "the-viewer", "wrong") == 422:
            pass
        response = anonymous.post("/sign-in/", {"username": "the-viewer", "password": PASSWORD})
        assert response.status_code == 429
        waits.append(int(response.headers["Retry-After"]))
        now += waits[-1] * 1000
    assert waits == [1, 2, 4, 8]
    assert sign_in(anonymous, "the-viewer") == 303


def test_the_longest_wait_is_15_minutes(
    anonymous: Client, user_with: UserWith, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two hundred tries never lock an account for longer."""
    now = 1_000_000_000_000
    monkeypatch.setattr(throttle, "now_ms", lambda: now)
    for _ in range(200):
        throttle.record_failure("the-viewer", "10.0.0.1")
    assert throttle.wait_seconds("the-viewer", "10.0.0.1") == 900
    assert throttle.wait_seconds("THE-VIEWER ", "10.0.0.1") == 900


def test_an_attacker_elsewhere_does_not_lock_the_owner_out(
    anonymous: Client, user_with: UserWith
) -> None:
    """The wait belongs to the pair of account and address."""
    user_with("viewer")
    for _ in range(20):
        throttle.record_failure("the-viewer", "10.9.9.9")
    assert sign_in(anonymous, "the-viewer") == 303


def test_many_names_from_one_address_are_slowed_too(db: None) -> None:
    """Trying one password on each of many accounts is the same attack."""
    for number in range(51):
        throttle.record_failure(f"user-{number}", "10.9.9.9")
    assert throttle.wait_seconds("somebody-new", "10.9.9.9") > 0


def test_forwarded_addresses_are_not_believed(anonymous: Client, user_with: UserWith) -> None:
    """A client cannot pick the address that its failures are counted under."""
    user_with("viewer")
    for number in range(6):
        anonymous.post(
            "/sign-in/",
            {"username": "the-viewer", "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert throttle.wait_seconds("the-viewer", "127.0.0.1") > 0


def test_signing_in_changes_the_session_key(anonymous: Client, user_with: UserWith) -> None:
    """A key that somebody planted beforehand is worth nothing afterwards."""
    user_with("viewer")
    session = anonymous.session
    session["planted"] = "x"
    session.save()
    planted = session.session_key
    anonymous.cookies[settings.SESSION_COOKIE_NAME] = planted or ""
    sign_in(anonymous, "the-viewer")
    assert anonymous.session.session_key not in (None, planted)
    assert "planted" not in anonymous.session


@pytest.mark.parametrize(
    "target",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "evil", ""],
)
def test_next_never_leaves_the_site(anonymous: Client, user_with: UserWith, target: str) -> None:
    """Anything but a path of ours becomes the start page."""
    user_with("viewer")
    form = {"username": "the-viewer", "password": PASSWORD, "next": target}
    assert anonymous.post("/sign-in/", form).headers["Location"] == "/"
    assert anonymous.get("/sign-in/", {"next": target}).headers["Location"] == "/"


def test_an_anonymous_read_comes_back_after_sign_in(anonymous: Client) -> None:
    """Query and all."""
    response = anonymous.get("/account/?changed=1")
    assert response.headers["Location"] == "/sign-in/?next=%2Faccount%2F%3Fchanged%3D1"


def test_an_expired_session_sends_an_htmx_request_to_sign_in(anonymous: Client) -> None:
    """A fragment request gets no page to swap in; htmx is told to navigate."""
    headers = {"HX-Request": "true", "HX-Current-URL": "http://testserver/account/?q=1"}
    response = anonymous.get("/account/", headers=headers)
    assert response.status_code == 403
    assert response.headers["HX-Redirect"] == "/sign-in/?next=%2Faccount%2F%3Fq%3D1"


def test_an_htmx_request_from_nowhere_is_sent_to_sign_in(anonymous: Client) -> None:
    """The header is only a claim; one that is no address leads to the first page."""
    headers = {"HX-Request": "true", "HX-Current-URL": "http://["}
    response = anonymous.get("/account/", headers=headers)
    assert response.status_code == 403
    assert response.headers["HX-Redirect"] == "/sign-in/?next=%2F"


def test_sign_out_ends_the_session(viewer: Client) -> None:
    """The old cookie opens nothing."""
    assert viewer.get("/account/").status_code == 200
    old = viewer.cookies[settings.SESSION_COOKIE_NAME].value
    assert viewer.post("/sign-out/").status_code == 303
    viewer.cookies[settings.SESSION_COOKIE_NAME] = old
    assert viewer.get("/account/").status_code == 302


def test_changing_the_password_ends_other_sessions_and_keeps_this_one(
    client_for: ClientFor,
) -> None:
    """Whoever took a session loses it."""
    here, there = client_for("viewer"), client_for("viewer")
    form = {"old_password": PASSWORD, "new_password": "another long passphrase"}
    assert here.post("/account/", form).status_code == 303
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


def test_a_wrong_old_password_changes_nothing(viewer: Client) -> None:
    """The answer is the form again, with the reason at the field."""
    form = {"old_password": "guess", "new_password": "another long passphrase"}
    response = viewer.post("/account/", form)
    assert response.status_code == 422
    assert "This is not your password." in response.content.decode()
    assert User.objects.get(username="the-viewer").check_password(PASSWORD)


def test_sign_out_everywhere_ends_every_session_of_this_user_only(client_for: ClientFor) -> None:
    """Other people stay signed in."""
    here, there, other = client_for("viewer"), client_for("viewer"), client_for("admin")
    assert here.post("/account/sign-out-everywhere/").status_code == 303
    assert [client.get("/account/").status_code for client in (here, there, other)] == [
        302,
        302,
        200,
    ]


def test_a_form_without_its_token_is_refused(viewer: Client) -> None:
    """Cross-site forgery is refused by token too, not by header alone."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    response = strict.post("/account/theme/", {"theme": "dark"})
    assert response.status_code == 403
    assert "too old" in response.content.decode()


def test_the_theme_is_painted_by_the_server(viewer: Client) -> None:
    """No flash, and no script needed."""
    assert "data-theme=" not in viewer.get("/account/").content.decode().split("<head")[0]
    response = viewer.post("/account/theme/", {"theme": "dark", "next": "/account/"})
    assert (response.status_code, response.headers["Location"]) == (303, "/account/")
    assert '<html lang="en" data-theme="dark">' in viewer.get("/account/").content.decode()
    assert viewer.post("/account/theme/", {"theme": "pink"}).status_code == 400
