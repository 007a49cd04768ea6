"""Host names, other sites, headers: what each request and each answer must carry."""

import json

import pytest
from django.test import Client

from tests.conftest import ClientFor

REFUSED = [
    {"Sec-Fetch-Site": "cross-site"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://evil.example"},
    {"Origin": "http://testserver:9999"},
    {"Origin": "https://testserver"},
    {"Origin": "null"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
]
PASSED: list[dict[str, str]] = [
    {},
    {"Sec-Fetch-Site": "same-origin", "Origin": "http://testserver"},
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "http://testserver"},
]


@pytest.mark.parametrize("headers", REFUSED, ids=str)
@pytest.mark.parametrize("role", ["anonymous", "admin"])
def test_another_site_cannot_change_anything(
    client_for: ClientFor, db: None, headers: dict[str, str], role: str
) -> None:
    """Signed in or not, in any content type."""
    client = client_for(role)
    for content_type in ("text/plain", "application/x-www-form-urlencoded"):
        response = client.post("/sign-out/", "", content_type=content_type, headers=headers)
        assert response.status_code == 403
    if role == "admin":
        assert client.get("/account/").status_code == 200


@pytest.mark.parametrize("headers", PASSED, ids=str)
def test_our_own_forms_pass(viewer: Client, headers: dict[str, str]) -> None:
    """A plain form under no-referrer sends Origin null; that is still ours."""
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = viewer.cookies
    page = strict.get("/account/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    form = {"theme": "dark", "csrfmiddlewaretoken": token}
    assert strict.post("/account/theme/", form, headers=headers).status_code == 303


def test_a_link_from_elsewhere_opens_but_an_embedded_read_does_not(viewer: Client) -> None:
    """A colleague's link in a chat works; a script or an image on another site gets 403."""
    navigate = {
        "Sec-Fetch-Site": "cross-site",
        "Sec-Fetch-Mode": "navigate",
        "Sec-Fetch-Dest": "document",
    }
    assert viewer.get("/account/", headers=navigate).status_code == 200
    for mode, target in (("no-cors", "image"), ("cors", "empty"), ("navigate", "iframe")):
        embedded = {**navigate, "Sec-Fetch-Mode": mode, "Sec-Fetch-Dest": target}
        assert viewer.get("/account/", headers=embedded).status_code == 403


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1.evil.example", "evil.localhost", "a b"]
)
@pytest.mark.parametrize("path", ["/", "/sign-in/", "/static/css/base.css", "/nowhere"])
def test_a_foreign_host_name_is_refused_everywhere(anonymous: Client, host: str, path: str) -> None:
    """DNS rebinding brings its own name along, to static files too."""
    response = anonymous.get(path, headers={"Host": host})
    assert response.status_code == 400
    assert "Traceback" not in response.content.decode()


def test_forwarded_host_and_scheme_are_ignored(anonymous: Client) -> None:
    """No proxy is trusted unless the owner says how browsers reach us."""
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https"}
    response = anonymous.get("/", headers=headers)
    assert response.status_code == 302
    assert "evil" not in str(response.headers)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/sign-in/", 200),
        ("/", 302),
        ("/nowhere", 404),
        ("/static/css/base.css", 200),
        ("/static/none.css", 404),
        ("/sign-in/wrong-token/", 410),
    ],
)
def test_every_answer_carries_the_safety_headers(anonymous: Client, path: str, status: int) -> None:
    """Pages, redirects, errors and static files alike."""
    response = anonymous.get(path)
    response.close()
    headers = response.headers
    assert response.status_code == status
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]
    assert "Access-Control-Allow-Origin" not in headers
    if not path.startswith("/static/css"):
        assert headers["Cache-Control"] == "private, no-store"


def test_a_refused_host_carries_the_safety_headers_too(anonymous: Client) -> None:
    """The first guard answers inside the header middleware."""
    headers = anonymous.get("/", headers={"Host": "evil.example"}).headers
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert headers["Cache-Control"] == "private, no-store"


def test_a_violation_report_is_one_bounded_line(
    anonymous: Client, caplog: pytest.LogCaptureFixture
) -> None:
    """Reports need no token, and a huge one is refused."""
    report = json.dumps({"csp-report": {"blocked-uri": "http://x/\n" + "y" * 2000}})
    response = anonymous.post("/csp-report/", report, content_type="application/csp-report")
    assert response.status_code == 204
    lines = [record.getMessage() for record in caplog.records if record.name == "kodeweb.csp"]
    assert len(lines) == 1
    assert len(lines[0]) < 600
    huge = anonymous.post("/csp-report/", b"x" * 20_000, content_type="application/csp-report")
    assert huge.status_code == 413
