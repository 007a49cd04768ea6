"""Log lines: one line, visible control characters, no secrets."""

import logging
import sys

import pytest

from kodeweb.logs import SafeFormatter, escape_control, redact


def line(message: str, *values: object) -> str:
    """Format one record as the server does."""
    record = logging.LogRecord("x", logging.INFO, __file__, 1, message, values, None)
    return SafeFormatter("%(levelname)s %(message)s").format(record)


def test_control_characters_are_shown() -> None:
    """Escape sequences, line ends, C1 bytes, overrides and zero-width characters."""
    shown = line("%s", "a\x1b]52;c;x\x07\r\nINFO forged\x9b\u202e\u200b")
    assert shown.isprintable()
    assert "\\u001b" in shown
    assert "\\u000a" in shown


def test_ordinary_text_is_left_alone() -> None:
    """Right-to-left and CJK text stays readable."""
    assert escape_control("שלום 你好 café") == "שלום 你好 café"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("GET /sign-in/Zm9vYmFyYmF6/ 200", "Zm9vYmFyYmF6"),
        ("postgres://kode:hunter22@db/agents", "hunter22"),
        ('{"apiKey": "abc def-123", "x": 1}', "abc def-123"),
        ("password=hunter22&x=1", "hunter22"),
        ("Authorization: Bearer abc.def", "abc.def"),
        ("used sk-ant-0123456789abcdef", "sk-ant-0123456789abcdef"),
    ],
)
def test_what_names_itself_a_secret_is_masked(text: str, secret: str) -> None:
    """The rest of the line stays."""
    assert secret not in redact(text)
    assert "***" in redact(text)


def test_tracebacks_are_masked_too() -> None:
    """The exception's text passes through the same filter, line by line."""
    try:
        raise ValueError("password=hunter22 \x1b[2J")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "failed", (), sys.exc_info())
    shown = SafeFormatter("%(message)s").format(record)
    assert "ValueError" in shown
    assert "hunter22" not in shown
    assert "\x1b" not in shown
