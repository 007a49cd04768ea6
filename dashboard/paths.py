"""Path converters: any id that an agent may have fits into an address and comes back unchanged.

Agent ids contain slashes (forks) and, in a hostile store, anything else. Servers and browsers
fold ``//``, ``.`` and ``..`` and refuse control characters, so these are written as ``~XX``
(bytes of their UTF-8 form) and ``~`` itself as ``~7E``. An empty segment is ``~``.
"""

import re

__all__ = ["ExportFormatConverter", "OpaqueConverter", "opaque"]

_ODD = re.compile("[~\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")
_ESCAPED = re.compile("(?:~[0-9A-F]{2})+")
_DOTS = {"": "~", ".": "~2E", "..": "~2E~2E"}


def _escape(match: re.Match[str]) -> str:
    return "".join(f"~{byte:02X}" for byte in match[0].encode("utf-8", "surrogatepass"))


def _unescape(match: re.Match[str]) -> str:
    return bytes.fromhex(match[0].replace("~", "")).decode("utf-8", "surrogatepass")


def opaque(value: str) -> str:
    """Return an id as path segments, before percent-encoding."""
    segments = (_DOTS.get(part, part) for part in _ODD.sub(_escape, value).split("/"))
    return "/".join(segments)


class OpaqueConverter:
    """Match the rest of a path, slashes included, and turn it into the id that it stands for."""

    regex = ".+"

    def to_python(self, value: str) -> str:
        """Return the id; only the one spelling that :func:`opaque` gives is accepted."""
        plain = "/".join("" if part == "~" else part for part in value.split("/"))
        text = _ESCAPED.sub(_unescape, plain)
        if opaque(text) != value:
            raise ValueError(value)
        return text

    def to_url(self, value: object) -> str:
        """Return the segments; Django percent-encodes them."""
        return opaque(str(value))


class ExportFormatConverter:
    """The two formats that lists are exported in."""

    regex = "csv|jsonl"

    def to_python(self, value: str) -> str:
        """Return the format as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Return the format as it is."""
        return value
