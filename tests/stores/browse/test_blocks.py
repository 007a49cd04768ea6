"""Single blocks: media without their bytes, and whole payloads on demand."""

import base64
from typing import Any

import pytest

from stores.browse.blocks import block_content
from stores.browse.transcript import build_turns
from tests.stores.browse.messages import make_message

IMAGE = base64.b64encode(b"\x89PNG" * 50).decode()


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (
            {"type": "image", "base64": IMAGE, "mime_type": "image/png"},
            {"source": "inline", "mime_type": "image/png"},
        ),
        (
            {"type": "image_url", "image_url": {"url": f"data:image/gif;base64,{IMAGE}"}},
            {"source": "inline", "mime_type": "image/gif"},
        ),
        (
            {"type": "image", "url": f"data:image/gif;base64,{IMAGE}", "mime_type": "image/webp"},
            {"source": "inline", "mime_type": "image/webp"},
        ),
    ],
)
def test_inline_media_carry_no_base64_but_their_size(
    item: dict[str, Any], expected: dict[str, str]
) -> None:
    message = make_message(0, "user", item)
    block = build_turns([message], {}, owner="agt-1")[0].blocks[0]
    assert dict(block.fields) == expected
    assert block.size_bytes == 200
    assert IMAGE[:40] not in repr(block)
    assert isinstance(message.content, str)
    found = block_content(message.content, 0)
    assert found is not None
    assert (found.data, found.mime_type) == (b"\x89PNG" * 50, expected["mime_type"])


def test_media_elsewhere_keep_their_address() -> None:
    items = (
        {"type": "image", "url": "https://example.com/cat.jpg"},
        {"type": "image_url", "image_url": {"url": "https://example.com/dog.jpg"}},
        {"type": "file", "file_id": "f-1", "filename": "a.pdf"},
    )
    blocks = build_turns([make_message(0, "user", *items)], {}, owner="agt-1")[0].blocks
    assert [(block.get("source"), block.get("url")) for block in blocks] == [
        ("url", "https://example.com/cat.jpg"),
        ("url", "https://example.com/dog.jpg"),
        ("file_id", ""),
    ]


@pytest.mark.parametrize(
    ("content", "index", "expected"),
    [
        ('[{"type":"text","text":"hi"}]', 0, "hi"),
        ('[{"type":"tool_use","id":"a","name":"n","input":{"k":[1]}}]', 0, '{"k":[1]}'),
        ('[{"type":"tool_result","tool_use_id":"a","content":"plain"}]', 0, "plain"),
        ('[{"type":"image","base64":"???"}]', 0, None),
        ("[7]", 0, "7"),
    ],
)
def test_one_block_is_given_whole(content: str, index: int, expected: str | None) -> None:
    found = block_content(content, index)
    assert found is not None
    assert found.text == expected


@pytest.mark.parametrize(("content", "index"), [("[]", 0), ("{", 0), ("[1]", -1), ("{}", 0)])
def test_a_place_without_a_block_gives_none(content: str, index: int) -> None:
    assert block_content(content, index) is None
