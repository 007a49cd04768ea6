"""Whole blocks, pictures and downloads: nothing agents stored becomes a document of this site."""

import base64
import json

import pytest
from django.test import Client

from tests.dashboard.conftest import Get
from tests.dashboard.fakes import HOSTILE
from tests.dashboard.render.makers import make_call, result, text, use
from tests.dashboard.session_fixtures import one_session
from tests.dashboard.session_reader import SessionReader

__all__ = ["one_session"]

CLEAN = HOSTILE.encode("utf-8", "replace").decode()
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)
PICTURES = {
    "image/png": PNG,
    "image/jpeg": b"\xff\xd8\xff\xe0rest",
    "image/gif": b"GIF89arest",
    "image/webp": b"RIFF\x00\x00\x00\x00WEBPrest",
}
NO_PICTURES = [
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
    b"<html><script>alert(1)</script>",
    b"\x00\x00\x01\x00icon",
    b"RIFF\x00\x00\x00\x00WAVE",
    b"%PDF-1.4",
    b"BMxx",
]


def media(data: bytes, mime_type: str) -> dict[str, str]:
    """Return an inline media block that claims a type."""
    return {"type": "image", "base64": base64.b64encode(data).decode(), "mime_type": mime_type}


@pytest.mark.parametrize("mime_type", PICTURES)
def test_a_picture_is_told_by_its_bytes(
    one_session: SessionReader, viewer: Client, mime_type: str
) -> None:
    one_session.content = (("user", [media(PICTURES[mime_type], "text/html")]),)
    response = viewer.get("/browse/agents/images/0/0/agt-1/")
    assert response.status_code == 200
    assert response["Content-Type"] == mime_type
    assert response["Content-Disposition"] == "inline"
    assert response.content == PICTURES[mime_type]


@pytest.mark.parametrize("data", NO_PICTURES)
def test_anything_else_is_a_download_whatever_it_claims(
    one_session: SessionReader, viewer: Client, data: bytes
) -> None:
    one_session.content = (("user", [media(data, "image/png")]),)
    response = viewer.get("/browse/agents/images/0/0/agt-1/")
    assert response["Content-Type"] == "application/octet-stream"
    assert response["Content-Disposition"].startswith("attachment")


def test_media_without_bytes_are_not_found(one_session: SessionReader, get: Get) -> None:
    one_session.content = (("user", [{"type": "image", "url": "https://a.example/x.png"}]),)
    get("/browse/agents/images/0/0/agt-1/", status=404)
    assert "no bytes" in get("/browse/agents/blocks/0/0/agt-1/").text


def test_a_block_is_a_page_and_a_part(one_session: SessionReader, get: Get) -> None:
    one_session.content = (("assistant", [text("word " * 20_000)]),)
    page = get("/browse/agents/blocks/0/0/agt-1/")
    assert page.is_page
    part = get("/browse/agents/blocks/0/0/agt-1/", hx="block")
    assert not part.is_page
    assert part.one("pre").text == page.one("pre").text == ("word " * 20_000).strip()
    assert page.link("In transcript") == "/browse/agents/sessions/agt-1/?seq=0#m0"


@pytest.mark.parametrize(
    "block",
    [
        text("**" + CLEAN + "**"),
        {"type": "reasoning", "reasoning": CLEAN},
        use(CLEAN, CLEAN, x=CLEAN),
        result(CLEAN, {"ok": True, "data": {CLEAN: CLEAN, "output": CLEAN}}),
        result(CLEAN, CLEAN),
        {"type": CLEAN, CLEAN: [CLEAN]},
        CLEAN,
    ],
)
def test_a_block_is_text_and_never_markup(
    one_session: SessionReader, get: Get, block: object
) -> None:
    one_session.content = (("assistant", [block]),)
    part = get("/browse/agents/blocks/0/0/agt-1/", hx="block")
    assert not part.all("script")
    assert not part.all("strong")
    assert all(not {"onclick", "hx-get"} & set(element.attrs) for element in part.all())


def test_a_huge_block_is_cut_at_a_limit(one_session: SessionReader, get: Get) -> None:
    one_session.content = (("assistant", [text("x" * 2_000_000)]),)
    part = get("/browse/agents/blocks/0/0/agt-1/", hx="block")
    assert len(part.source) < 310_000
    assert part.link("Download") == "/browse/agents/message-text/0/agt-1/"


@pytest.mark.parametrize("address", ["blocks/0/7/agt-1/", "blocks/9/0/agt-1/", "images/9/0/agt-1/"])
def test_a_block_that_is_not_there_is_not_found(
    one_session: SessionReader, get: Get, address: str
) -> None:
    one_session.content = (("assistant", [text("x")]),)
    get(f"/browse/agents/{address}", status=404)


@pytest.mark.parametrize(
    "stored", ["<script>alert(1)</script>", "not json", '[{"type":"text"}]', "é\x00"]
)
def test_a_message_is_downloaded_as_it_is_stored(
    one_session: SessionReader, viewer: Client, stored: str
) -> None:
    one_session.content = (("user", stored),)
    response = viewer.get("/browse/agents/message-text/0/agt-1/")
    assert response.content == stored.encode()
    assert response["Content-Type"] == "text/plain; charset=utf-8"
    assert response["Content-Disposition"] == 'attachment; filename="message-0.txt"'


def test_the_parts_of_a_call_are_downloaded_as_they_are_stored(
    one_session: SessionReader, viewer: Client
) -> None:
    stored = json.dumps({"cmd": CLEAN})
    one_session.calls = (make_call("a/b", "FAILED", input=stored, error="boom"),)
    assert viewer.get("/browse/agents/call-text/input/a/b/").content == stored.encode()
    assert viewer.get("/browse/agents/call-text/error/a/b/").content == b"boom"


def test_a_call_has_no_other_parts(one_session: SessionReader, get: Get) -> None:
    one_session.calls = (make_call("c1"),)
    get("/browse/agents/call-text/metadata/c1/", status=404)


@pytest.mark.parametrize(
    "address",
    ["images/0/0/agt-1/", "message-text/0/agt-1/", "call-text/input/c1/"],
)
def test_what_is_served_raw_is_sandboxed(
    one_session: SessionReader, viewer: Client, address: str
) -> None:
    one_session.content = (("user", [media(PNG, "image/png")]),)
    one_session.calls = (make_call("c1"),)
    response = viewer.get(f"/browse/agents/{address}")
    assert response["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cache-Control"] == "private, no-store"


def test_a_whole_result_reads_as_it_does_in_its_card(one_session: SessionReader, get: Get) -> None:
    content = {"ok": True, "data": {"code": 3, "output": "\x1b[31mred\x1b[0m\nline"}}
    one_session.content = (("user", [result("c1", content)]),)
    part = get("/browse/agents/blocks/0/0/agt-1/", hx="block")
    assert part.one("pre").text == "red line"
    assert "exit code 3" in part.text
    assert part.one("span", **{"class": "ansi-31"}).text == "red"
