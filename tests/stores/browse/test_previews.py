"""One line for a message, from the start of its stored text."""

import json
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stores.browse.previews import first_human_text, message_preview


@pytest.mark.parametrize(
    ("blocks", "types", "preview"),
    [
        ([], (), ""),
        ([{"type": "text", "text": " two\n lines "}], ("text",), "two lines"),
        (
            [
                {"type": "text", "text": "Look"},
                {"type": "tool_use", "id": "c", "name": "fs_read", "input": {"path": "a.ts"}},
            ],
            ("text", "tool_use"),
            "Look · fs_read(path: a.ts)",
        ),
        (
            [{"type": "tool_result", "tool_use_id": "c", "content": {"ok": False, "error": "no"}}],
            ("tool_result",),
            "→ no",
        ),
        (
            [{"type": "tool_result", "tool_use_id": "c", "content": {"ok": True, "data": None}}],
            ("tool_result",),
            "→ ok: True, data:",
        ),
        (
            [{"type": "image", "base64": "AAAA", "mime_type": "image/png"}],
            ("image",),
            "[image image/png]",
        ),
        ([{"type": "reasoning", "reasoning": "Hm"}], ("reasoning",), "Hm"),
    ],
)
def test_each_kind_of_block_has_a_line(
    blocks: list[object], types: tuple[str, ...], preview: str
) -> None:
    assert message_preview(json.dumps(blocks)) == (types, preview)


def test_members_tell_the_type_when_a_cut_took_it_away() -> None:
    stored = '[{"text": "' + "word " * 300 + '", "type": "text"}]'
    assert message_preview(stored[:800])[0] == ("text",)


def test_base64_never_gets_into_a_preview() -> None:
    stored = json.dumps([{"type": "image", "mime_type": "image/png", "base64": "QUJD" * 900}])
    assert "QUJD" not in message_preview(stored[:800])[1]


def test_what_is_no_list_of_blocks_is_shown_as_it_is() -> None:
    assert message_preview("not json at all") == ((), "not json at all")
    assert message_preview('"a string"') == ((), '"a string"')
    assert message_preview(None) == ((), "")
    assert message_preview(b"\xff\xfe") == ((), "\ufffd\ufffd")


def test_a_preview_is_one_short_line() -> None:
    preview = message_preview(json.dumps([{"type": "text", "text": "a\nb " * 900}]))[1]
    assert len(preview) <= 240
    assert "\n" not in preview


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (["<system-reminder>\nno\n</system-reminder>", "Fix it"], "Fix it"),
        (["<system-reminder>\nno\n</system-reminder>"], ""),
        (["  ", "Hello"], "Hello"),
        ([], ""),
    ],
)
def test_the_first_words_are_those_of_a_person(texts: list[str], expected: str) -> None:
    blocks = [{"type": "text", "text": text} for text in texts]
    assert first_human_text(json.dumps(blocks)) == expected


@given(st.binary(max_size=300) | st.text(max_size=300))
def test_any_stored_content_has_a_preview(stored: bytes | str) -> None:
    types, preview = message_preview(stored)
    (preview + "".join(types) + first_human_text(stored)).encode()


def test_a_cut_changes_no_type_that_was_already_there(kode_data: Path) -> None:
    uri = f"file:{kode_data / 'sqlite' / 'agents.db'}?mode=ro&immutable=1"
    connection = sqlite3.connect(uri, uri=True)
    rows = connection.execute("SELECT content FROM messages").fetchall()
    connection.close()
    assert len(rows) == 470
    for (content,) in rows:
        blocks = json.loads(content)
        types = tuple(dict.fromkeys(block["type"] for block in blocks))
        assert message_preview(content)[0] == types
        assert message_preview(content[:800])[0] == types[: len(message_preview(content[:800])[0])]
