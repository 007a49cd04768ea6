"""Store errors and failures as pages and as fragments: words, a way back, never a traceback."""

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory
from django.urls import resolve

from kodeweb.middleware.errors import StoreErrorsMiddleware
from stores.interface import (
    InvalidCursor,
    InvalidQuery,
    MessageNotFound,
    SessionNotFound,
    Store,
    StoreNotFound,
    StoreUnavailable,
    ToolCallNotFound,
    UnsupportedOperation,
)


def answer_to(error: Exception, *, fragment: bool = False) -> HttpResponse | None:
    """Let the middleware answer to an error of a view of the store ``agents``."""
    headers = {"HX-Request": "true"} if fragment else {}
    request: HttpRequest = RequestFactory().get("/browse/agents/sessions/?a=1", headers=headers)
    request.resolver_match = resolve("/browse/agents/sessions/")
    return StoreErrorsMiddleware(lambda _: HttpResponse()).process_exception(request, error)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (StoreNotFound("No store is called x."), 404),
        (SessionNotFound("No session agt-1."), 404),
        (ToolCallNotFound("No call t-1."), 404),
        (MessageNotFound("No message 9."), 404),
        (InvalidQuery("limit is 7."), 400),
        (InvalidCursor("This cursor is of another list."), 400),
        (UnsupportedOperation("Cannot."), 400),
        (StoreUnavailable("The file is locked.", reason="locked"), 503),
    ],
)
def test_each_store_error_has_its_status_and_says_its_sentence(
    db: None, error: Exception, status: int
) -> None:
    """The way back is a link on the page."""
    response = answer_to(error)
    assert response is not None
    page = response.content.decode()
    assert response.status_code == status
    assert str(error) in page
    assert 'href="/"' in page


def test_a_missing_session_leads_back_to_the_sessions_of_its_store(db: None) -> None:
    """Not just to the start."""
    response = answer_to(SessionNotFound("No session agt-1."))
    assert response is not None
    assert 'href="/browse/agents/sessions/"' in response.content.decode()


def test_an_unknown_store_is_not_offered_in_the_navigation(viewer: Client) -> None:
    """Its pages would be 404 as well."""
    response = viewer.get("/browse/nothing/sessions/")
    assert response.status_code == 404
    assert 'href="/browse/nothing/' not in response.content.decode()


def test_a_store_that_is_down_says_when_it_was_last_readable(db: None) -> None:
    """503 with Retry-After, the store's name, and a link that tries the same address again."""
    Store.objects.create(name="Agents!", slug="agents", kind="sqlite", last_ok_at=1_700_000_000_000)
    response = answer_to(StoreUnavailable("The file is gone.", reason="missing"))
    assert response is not None
    page = response.content.decode()
    assert int(response.headers["Retry-After"]) > 0
    assert "Agents! cannot be read" in page
    assert "14 November 2023 at 22:13:20 UTC" in page
    assert 'href="/browse/agents/sessions/?a=1"' in page


def test_a_fragment_request_gets_a_notice_and_keeps_its_page(db: None) -> None:
    """htmx puts it above the content, so nothing that was read is lost."""
    response = answer_to(StoreUnavailable("The file is locked.", reason="locked"), fragment=True)
    assert response is not None
    page = response.content.decode()
    assert 'role="alert"' in page
    assert "<html" not in page
    assert response.headers["Vary"] == "HX-Request, Cookie"


def test_other_exceptions_are_left_alone(db: None) -> None:
    """A bug is a 500, not a polite 404."""
    assert answer_to(KeyError("x")) is None


@pytest.mark.parametrize(
    "what_fails",
    ["kodeweb.accounts.views.render", "kodeweb.accounts.session_store.SessionStore.load"],
)
def test_a_bug_shows_no_word_of_itself(
    viewer: Client, monkeypatch: pytest.MonkeyPatch, what_fails: str
) -> None:
    """The page is ours, complete and quiet, even when kodeweb's own database is what fails."""

    def fail(*args: object, **kwargs: object) -> None:
        raise RuntimeError("marker-of-a-bug")

    monkeypatch.setattr(what_fails, fail)
    viewer.raise_request_exception = False
    response = viewer.get("/account/")
    page = response.content.decode()
    assert response.status_code == 500
    assert "No store was changed." in page
    assert "marker-of-a-bug" not in page
    assert "Traceback" not in page
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]


def test_text_in_an_error_is_text(db: None) -> None:
    """Ids come from agents; they are escaped on error pages as anywhere."""
    response = answer_to(SessionNotFound("No session <script>alert(1)</script>."))
    assert response is not None
    assert "<script>alert" not in response.content.decode()


def test_an_unknown_address_is_a_404_page_for_everybody(anonymous: Client, viewer: Client) -> None:
    """With the shell for those who are signed in."""
    assert 'class="app-nav"' not in anonymous.get("/nowhere").content.decode()
    assert 'class="app-nav"' in viewer.get("/nowhere").content.decode()
