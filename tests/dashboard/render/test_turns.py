"""Turns of a transcript: every kind of block, gaps, and messages that are stored broken."""

import json
import re

import pytest

from dashboard.render.place import Place
from dashboard.render.turns import fitted, turns_html
from tests.dashboard.fakes import HOSTILE
from tests.dashboard.render.makers import (
    AT,
    SESSION,
    make_call,
    make_turns,
    result,
    show,
    text,
    use,
)

REMINDER = "<system-reminder>\nThe todo list is empty.\n</system-reminder>"


def test_turns_have_an_address_a_role_and_their_text() -> None:
    shown = show(("user", [text("Hello")]), ("assistant", [text("**Hi**")]))
    assert [(turn.attrs["id"], turn.attrs["aria-label"]) for turn in shown.all("article")] == [
        ("m0", "Turn 0, user"),
        ("m1", "Turn 1, assistant"),
    ]
    assert shown.one("strong").text == "Hi"


def test_results_are_drawn_at_their_call_and_keep_their_address() -> None:
    shown = show(
        ("assistant", [use("c1", "kv_get", key="a")]),
        ("user", [result("c1", {"ok": True, "data": {"value": 5}})]),
        ("assistant", [text("done")]),
    )
    assert [turn.attrs["id"] for turn in shown.all("article")] == ["m0", "m2"]
    assert shown.one("span", id="m1").text == ""
    assert '{ "value": 5 }' in shown.one("details").text


def test_a_result_without_its_call_says_where_the_call_is() -> None:
    shown = show(("user", [result("c/9", "gone on")]))
    assert shown.link("its call") == "/browse/agents/sessions/agt-1/?call=c%2F9"
    assert "gone on" in shown.text


def test_reasoning_is_folded_with_its_size() -> None:
    shown = show(("assistant", [{"type": "reasoning", "reasoning": "First <i>I</i> count."}]))
    fold = shown.one("details")
    assert "open" not in fold.attrs
    assert fold.one("summary").text == "Reasoning, folded · 21 B"
    assert "First <i>I</i> count." in fold.text


def test_reminders_are_folded_and_are_not_the_users() -> None:
    shown = show(("user", [text(REMINDER)]))
    assert shown.one("article").attrs["aria-label"] == "Turn 0, system"
    assert "The todo list is empty." in shown.one("summary").text


def test_a_compression_divides_the_transcript() -> None:
    shown = show(("system", [text('<context-summary window="w">\n1. [user] Hi\n')]))
    assert "Context compressed" in shown.one("summary").text
    assert shown.one("div", id="m0")
    assert not shown.all("article")


def test_an_inline_picture_is_drawn_lazily_with_words() -> None:
    block = {"type": "image", "base64": "iVBORw0KGgo=", "mime_type": "image/png"}
    image = show(("user", [block])).one("img")
    assert image.attrs["src"] == "/browse/agents/images/0/0/agt-1/"
    assert image.attrs["loading"] == "lazy"
    assert image.attrs["alt"]


@pytest.mark.parametrize("mime_type", ["image/svg+xml", "text/html", "audio/wav", ""])
def test_other_inline_bytes_are_a_download(mime_type: str) -> None:
    block = {"type": "image", "base64": "AAAA", "mime_type": mime_type}
    shown = show(("user", [block]))
    assert not shown.all("img")
    assert shown.link("Download") == "/browse/agents/images/0/0/agt-1/"


@pytest.mark.parametrize(
    "block",
    [
        {"type": "image", "url": "https://track.example/cat.jpg", "mime_type": "image/jpeg"},
        {"type": "image_url", "image_url": {"url": "https://track.example/a.png"}},
        {"type": "file", "file_id": "https://track.example/f", "filename": "a.pdf"},
        {"type": "video", "url": "javascript:alert(1)"},
    ],
)
def test_remote_media_are_named_and_never_fetched(block: dict[str, object]) -> None:
    shown = show(("user", [block]))
    assert not shown.all("img")
    assert not [link for link in shown.all("a") if not link.attrs["href"].startswith(("#", "/"))]
    assert "example" in shown.text or "javascript:" in shown.text


def test_a_block_of_an_unknown_type_is_shown_as_it_is() -> None:
    shown = show(("assistant", [{"type": "hologram<b>", "rays": 3}]))
    assert "hologram<b>" in shown.text
    assert '"rays":3' in shown.text.replace(" ", "")


@pytest.mark.parametrize("content", ["not json <b>", '{"a":1}', '[{"type":"text","te', "", "[1]"])
def test_a_broken_message_warns_in_place_and_shows_what_is_stored(content: str) -> None:
    shown = show(("user", content), ("user", [text("fine")]))
    assert "not stored as the SDK writes it" in shown.all("article")[0].text
    assert shown.link("Download as stored") == "/browse/agents/message-text/0/agt-1/"
    assert not shown.all("b", onclick="x")
    assert "fine" in shown.text


def test_an_unknown_role_is_told() -> None:
    assert "unknown role" in show(("robot", [text("x")])).text


def test_a_message_without_content_says_so() -> None:
    assert "without content" in show(("user", [])).text


def test_a_cut_text_leads_to_the_whole() -> None:
    shown = show(("assistant", [text("word " * 5000)]))
    more = shown.one("p", **{"class": "code-more"})
    assert "of 25 KB" in more.text
    assert more.link("Show all 25 KB") == "/browse/agents/blocks/0/0/agt-1/"


def test_a_gap_of_more_than_a_minute_is_told_with_its_reason() -> None:
    messages = ("user", [text("a")]), ("assistant", [text("b")]), ("user", [text("c")])
    shown = show(*messages, at={0: AT, 1: AT + 60_000, 2: AT + 134_000})
    assert [gap.text for gap in shown.all("p", role="note")] == [
        "1 min 14 s · waiting for the user"
    ]


def test_a_gap_while_somebody_decided_names_the_call() -> None:
    trail = json.dumps([{"state": "APPROVAL_REQUIRED", "timestamp": AT}])
    approval = json.dumps({"required": True, "decision": "allow", "decidedAt": AT + 70_000})
    call = make_call("c1", name="deploy", audit_trail=trail, approval=approval)
    shown = show(
        ("assistant", [use("c1", "deploy")]),
        ("user", [result("c1", "ok")]),
        calls=(call,),
        at={0: AT, 1: AT + 72_000},
    )
    gap = shown.one("p", role="note").text
    assert gap == "1 min 12 s · waiting 1 min 10 s for approval of deploy"


def test_the_turn_that_was_asked_for_is_marked() -> None:
    shown = show(("user", [text("a")]), ("user", [text("b")]), marked_seq=1)
    assert [turn.attrs.get("aria-current") for turn in shown.all("article")] == [None, "true"]


def test_hostile_text_in_every_block_is_text() -> None:
    words = HOSTILE.encode("utf-8", "replace").decode()
    shown = show(
        ("user", [text(words), {"type": "reasoning", "reasoning": words}, {"type": words}]),
        ("user", [{"type": "file", "filename": words, "base64": "AA==", "mime_type": words}]),
        ("user", [result(words, words)]),
        (words, words),
    )
    assert not shown.all("script")
    for element in shown.all():
        assert "onclick" not in element.attrs
        assert element.attrs.get("hx-get", "/browse/").startswith("/browse/")


def test_a_page_of_large_blocks_stays_small() -> None:
    messages = [("assistant", [text("<&>" * 3000) for _ in range(3)]) for _ in range(100)]
    turns = make_turns(*messages)
    place = Place.of("agents", SESSION, now_ms=AT)
    assert fitted(place, turns).limit == 800
    assert len(turns_html(turns, place).encode()) < 1_500_000
    assert len(re.findall("Show all", turns_html(turns, place))) == 300


def test_ids_of_calls_cannot_leave_their_address() -> None:
    shown = show(
        ("assistant", [use("../../x?y#z", "t", a=1), text("[x](https://a.example/)")]),
        calls=(make_call("../../x?y#z"),),
    )
    hrefs = [link.attrs["href"] for link in shown.all("a")]
    assert "/browse/agents/tool-calls/~2E~2E/~2E~2E/x%3Fy%23z/" in hrefs
