"""Sessions end: 8 hours idle, 7 days old, and reading does not write."""

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from kodeweb.accounts.models import BrowserSession
from kodeweb.middleware import sessions

HOUR_MS = 3600 * 1000
START = 1_800_000_000_000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list whose only item is the time in ms."""
    now = [START]
    monkeypatch.setattr(sessions, "now_ms", lambda: now[0])
    return now


def test_eight_idle_hours_end_a_session(viewer: Client, clock: list[int]) -> None:
    """One millisecond more than eight hours."""
    assert viewer.get("/account/").status_code == 200
    clock[0] += 8 * HOUR_MS + 1
    assert viewer.get("/account/").status_code == 302
    assert not BrowserSession.objects.exists()


def test_use_keeps_a_session_but_not_past_seven_days(viewer: Client, clock: list[int]) -> None:
    """A request every 7 hours, until day seven."""
    while clock[0] - START <= 7 * 24 * HOUR_MS:
        assert viewer.get("/account/").status_code == 200
        clock[0] += 7 * HOUR_MS
    assert viewer.get("/account/").status_code == 302


def test_a_visit_is_written_at_most_every_five_minutes(
    viewer: Client, clock: list[int], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    """Between two notes a page costs three reads: session, user, role."""
    viewer.get("/account/theme/")
    with django_assert_num_queries(3) as queries:
        viewer.get("/account/theme/")
    assert not [query for query in queries.captured_queries if "UPDATE" in query["sql"]]
    clock[0] += 5 * 60 * 1000 + 1
    with django_assert_num_queries(6) as queries:
        viewer.get("/account/theme/")
    assert [query for query in queries.captured_queries if "UPDATE" in query["sql"]]


def test_the_cookie_is_closed_to_scripts_and_other_sites(viewer: Client) -> None:
    """HttpOnly, Lax, and named after the port, since cookies are shared by all ports."""
    cookie = viewer.cookies[settings.SESSION_COOKIE_NAME]
    viewer.get("/account/")
    assert f"kodeweb_{settings.PORT}" == settings.SESSION_COOKIE_NAME
    assert settings.SESSION_COOKIE_HTTPONLY
    assert cookie["samesite"] in ("Lax", "")


def test_sessions_know_their_user(viewer: Client) -> None:
    """The column is what "sign out everywhere" deletes by."""
    assert list(BrowserSession.objects.values_list("user_id", flat=True)) == [
        int(viewer.session["_auth_user_id"])
    ]
