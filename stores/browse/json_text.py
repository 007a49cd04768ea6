"""Read stored JSON that may be broken, huge, deep or cut, without ever raising.

Agents and crashed writers decide what is in these texts. Whatever comes out of here can be
encoded as UTF-8 and walked recursively: lone surrogates are replaced, depth is limited.
"""

import json
import re
from typing import Any, Final

__all__ = [
    "clean_text",
    "cut_text",
    "parse_json",
    "parse_json_prefix",
    "repair_json_prefix",
    "to_text",
]

MAX_DEPTH: Final = 100
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")
_TOKEN: Final = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+("?)|[{}\[\],:]|[^\s{}\[\],:"]++', re.DOTALL)
_TORN_ESCAPE: Final = re.compile(r"((?<!\\)(?:\\\\)*)\\u[0-9a-fA-F]{0,3}\Z")
_DECODER: Final = json.JSONDecoder()
_SPACE: Final = re.compile(r"[ \t\r\n,]*")


def clean_text(text: str) -> str:
    """Replace lone surrogates, which no page could be encoded with."""
    if text.isascii():
        return text
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def to_text(value: object) -> tuple[str, bool]:
    """Return a stored value as clean text and whether it was good UTF-8 text."""
    if isinstance(value, str):
        cleaned = clean_text(value)
        return cleaned, cleaned is value
    if isinstance(value, bytes | bytearray | memoryview):
        raw = bytes(value)
        try:
            return raw.decode(), True
        except UnicodeDecodeError:
            return raw.decode(errors="replace"), False
    return ("", True) if value is None else (clean_text(str(value)), False)


def cut_text(text: str, limit_bytes: int) -> tuple[str, int, bool]:
    """Return the text within a number of UTF-8 bytes, its whole size and whether it was cut."""
    if text.isascii():
        return text[:limit_bytes], len(text), len(text) > limit_bytes
    raw = text.encode(errors="replace")
    if len(raw) <= limit_bytes:
        return text, len(raw), False
    return raw[:limit_bytes].decode(errors="ignore"), len(raw), True


def parse_json(text: str) -> tuple[Any, str | None]:
    """Return the decoded value and None, or None and what is wrong in words."""
    try:
        value = _loads(text)
        if not _is_shallow(text, value):
            return None, f"JSON nested deeper than {MAX_DEPTH} levels"
        if _SURROGATE_ESCAPE.search(text):
            value = _clean_value(value)
    except RecursionError:
        return None, f"JSON nested deeper than {MAX_DEPTH} levels"
    except ValueError:
        return None, "not valid JSON"
    return value, None


def parse_json_prefix(text: str) -> list[Any]:
    """Return what can be read of a list whose JSON text may end anywhere.

    Complete elements come as they are, the last one with what is there of it.
    """
    items: list[Any] = []
    start = text.find("[") + 1
    if not start or text[: start - 1].strip():
        return items
    while True:
        start = _end_of_space(text, start)
        if start >= len(text) or text[start] == "]":
            break
        try:
            item, end = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            break
        items.append(item)
        start = end
    if text[start : start + 1] not in ("", "]"):
        repaired, problem = parse_json(repair_json_prefix(text[start:]))
        if problem is None:
            items.append(repaired)
    if not _is_shallow(text, items):
        return []
    return _clean_list(items) if _SURROGATE_ESCAPE.search(text) else items


def repair_json_prefix(text: str) -> str:
    """Close the strings, lists and objects that a cut left open; drop a torn key or number."""
    closers: list[str] = []
    safe = 0
    previous = ""
    for token in _TOKEN.finditer(text):
        first = text[token.start()]
        # Every bracket is a safe place, so the open brackets at the end are those of that place.
        if first in "{[":
            closers.append("}" if first == "{" else "]")
            safe = token.end()
        elif first in "}]":
            if closers:
                closers.pop()
            safe = token.end()
        elif first not in ",:" and (previous == ":" or not closers or closers[-1] == "]"):
            if first == '"' and not token[1]:
                torn = text[: token.end()]
                if "\\u" in torn[-5:]:  # the search from the start of the text is dear
                    torn = _TORN_ESCAPE.sub(r"\1", torn)
                return torn + '"' + "".join(reversed(closers))
            if first == '"' or token.end() < len(text):
                safe = token.end()
        previous = first
    return text[:safe] + "".join(reversed(closers))


def _loads(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        raise
    except ValueError:
        # An integer longer than Python converts: keep its digits as text.
        return json.loads(
            text, parse_int=lambda digits: int(digits) if len(digits) < 4000 else digits
        )


def _is_shallow(text: str, value: Any) -> bool:
    if text.count("[") + text.count("{") <= MAX_DEPTH:
        return True
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [
            child
            for item in level
            for child in (item.values() if isinstance(item, dict) else item)
            if isinstance(child, dict | list)
        ]
        if not level:
            return True
    return False


def _clean_value(value: Any) -> Any:
    if isinstance(value, str):
        return clean_text(value)
    if isinstance(value, list):
        return _clean_list(value)
    if isinstance(value, dict):
        return {clean_text(key): _clean_value(child) for key, child in value.items()}
    return value


def _clean_list(values: list[Any]) -> list[Any]:
    return [_clean_value(value) for value in values]


def _end_of_space(text: str, start: int) -> int:
    found = _SPACE.match(text, start)
    return found.end() if found else start
