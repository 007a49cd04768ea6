"""Log lines that are safe to read: one line each, no control characters, no secrets.

Agent text, paths and error texts reach the log, and a log is read in a terminal. Escaping and
redaction happen in the formatter, so that tracebacks pass through them as well.
"""

import logging
import re
from typing import Any

__all__ = ["SafeFormatter", "escape_control", "logging_config", "redact"]

# C0, DEL, C1, and the invisible characters that reorder or hide text.
_CONTROL = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SECRETS = (
    (re.compile(r"(/sign-in/)[^/\s?#]+"), r"\1***"),
    (re.compile(r"(\b[a-z][a-z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@", re.I), r"\1***@"),
    (re.compile(r"\b(?:sk|pk|rk)-[A-Za-z0-9_-]{8,}"), "***"),
    (
        re.compile(
            r"(?i)(\b[\w-]*(?:api_?key|password|passphrase|secret|token|authorization)"
            r"[\"']?\s*[:=]\s*)(\"[^\"]*\"|'[^']*'|(?:bearer\s+)?[^\s,;&]+)"
        ),
        r"\1***",
    ),
)


def escape_control(text: str) -> str:
    r"""Show control, bidirectional and zero-width characters as ``\u001b`` and the like."""
    return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def redact(text: str) -> str:
    """Mask sign-in tokens, passwords in addresses and values that name themselves a secret."""
    for pattern, replacement in _SECRETS:
        text = pattern.sub(replacement, text)
    return text


class SafeFormatter(logging.Formatter):
    """Format as one escaped line; a traceback keeps its line ends, each line escaped."""

    def formatMessage(self, record: logging.LogRecord) -> str:
        """Escape and redact the message line."""
        return redact(escape_control(super().formatMessage(record)))

    def formatException(self, ei: Any) -> str:
        """Escape and redact each line of the traceback."""
        lines = super().formatException(ei).splitlines()
        return "\n".join(redact(escape_control(line)) for line in lines)


def logging_config(level: str) -> dict[str, Any]:
    """Build the logging configuration: everything to standard error, through SafeFormatter."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "safe": {
                "()": "kodeweb.logs.SafeFormatter",
                "format": "%(asctime)s %(levelname)s %(name)s %(message)s",
            }
        },
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "safe"}},
        "root": {"handlers": ["console"], "level": "WARNING"},
        "loggers": {
            "kodeweb": {"level": level},
            "stores": {"level": level},
            "dashboard": {"level": level},
            # Our own request line says the same in one place; only tracebacks are news.
            # What it says of failed connections is on the page, in words, and once.
            "psycopg.pool": {"level": "CRITICAL"},
            "django.request": {"level": "ERROR"},
            "django.security": {"level": "ERROR"},
            # Strangers choose the Host header; the request line says that it was refused.
            "django.security.DisallowedHost": {"level": "CRITICAL"},
        },
    }
