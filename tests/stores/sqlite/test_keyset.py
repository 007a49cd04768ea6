"""Places survive the way into a link and back, whatever a hostile store sorts by."""

import pytest

from stores.browse.queries import Cursor
from stores.browse.sql.keyset import place_from_cursor, place_to_cursor
from stores.browse.sql.reading import RawText
from stores.errors import InvalidCursor

VALUES = [
    "",
    "agt-1",
    1,
    1.5,
    float("inf"),
    b"\xff",
    "\x00",
    "\x00raw:no base64",
    "\x00blob:no base64",
    "\x00text:twice",
    "\x00raw:YQ==",
]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_place_comes_back_as_it_went(value: object) -> None:
    """Also text that begins like the marks of packed values."""
    text = place_to_cursor("created", (value, 7), "next").encode(scope="here")
    assert place_from_cursor(Cursor.decode(text, scope="here", sort="created")) == (value, 7)


def test_text_that_is_not_utf8_keeps_its_bytes() -> None:
    """Its bytes decide the order, not what is shown of them."""
    cursor = place_to_cursor("name", (RawText.of(b"a\xff"), 7), "next")
    first, _second = place_from_cursor(cursor)
    assert isinstance(first, RawText)
    assert first.raw == b"a\xff"


@pytest.mark.parametrize("values", [("\x00raw:A", 7), ("\x00blob:A", 7), ("a",), ()], ids=repr)
def test_what_is_no_place_is_an_invalid_cursor(values: tuple[object, ...]) -> None:
    """Forged links start at the first page."""
    with pytest.raises(InvalidCursor):
        place_from_cursor(Cursor("created", values))
