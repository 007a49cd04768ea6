"""Decoded JSON as text for people: indented, short parts on one line, bounded in depth and size.

It stops writing when it has enough, so a large value costs no more than what is shown of it.
"""

import json
from typing import Any, Final

__all__ = ["json_line", "json_text"]

_INLINE: Final = 64
_DEEPEST: Final = 40
_ENCODER: Final = json.JSONEncoder(ensure_ascii=False)


def json_text(value: Any, limit: int = 8192) -> tuple[str, bool]:
    """Return indented JSON of at most about ``limit`` characters, and whether it was cut."""
    writer = _Writer(limit)
    writer.write(value, 0)
    text = "".join(writer.parts)
    return (text[:limit], True) if writer.is_full else (text, False)


def json_line(value: Any, limit: int = 200) -> str:
    """Return the start of a value's JSON on one line."""
    writer = _Writer(limit, is_flat=True)
    writer.write(value, 0)
    return "".join(writer.parts)[: limit + 1]


class _Writer:
    """Collects parts until there are enough characters."""

    def __init__(self, limit: int, *, is_flat: bool = False) -> None:
        self.parts: list[str] = []
        self.is_full = False
        self._left = limit
        self._is_flat = is_flat

    def write(self, value: Any, depth: int) -> None:
        """Write one value at a depth."""
        if self.is_full:
            return
        if not isinstance(value, dict | list):
            self._put(_scalar(value, self._left))
        elif depth >= _DEEPEST:
            self._put("…")
        elif not value:
            self._put("{}" if isinstance(value, dict) else "[]")
        elif self._is_flat or _is_short(value):
            self._write_children(value, depth, "", " " if not self._is_flat else "")
        else:
            self._write_children(value, depth, "\n" + "  " * (depth + 1), "\n" + "  " * depth)

    def _write_children(
        self, value: dict[str, Any] | list[Any], depth: int, before: str, after: str
    ) -> None:
        brackets = "{}" if isinstance(value, dict) else "[]"
        inner = "" if before or brackets == "[]" or self._is_flat else " "
        self._put(brackets[0] + inner)
        pairs = value.items() if isinstance(value, dict) else ((None, child) for child in value)
        for number, (key, child) in enumerate(pairs):
            separator = ("," if before else ", ") if number else ""
            name = f"{_scalar(str(key), self._left)}: " if key is not None else ""
            self._put(f"{separator}{before}{name}")
            self.write(child, depth + 1)
            if self.is_full:
                return
        self._put((after if before else inner) + brackets[1])

    def _put(self, text: str) -> None:
        self.parts.append(text)
        self._left -= len(text)
        self.is_full = self.is_full or self._left < 0


def _scalar(value: Any, room: int) -> str:
    if isinstance(value, str) and len(value) > room + 8:
        return _ENCODER.encode(value[: max(room, 0) + 8])[:-1]
    try:
        return _ENCODER.encode(value)
    except (TypeError, ValueError):
        return _ENCODER.encode(f"<{type(value).__name__}>")


def _is_short(value: dict[str, Any] | list[Any]) -> bool:
    """Tell whether a container holds a few scalars that fit on one line."""
    if len(value) > 8:
        return False
    children = value.values() if isinstance(value, dict) else value
    size = sum(len(str(key)) + 6 for key in value) if isinstance(value, dict) else 0
    for child in children:
        if isinstance(child, dict | list):
            if child:
                return False
            size += 4
        else:
            size += len(child) + 4 if isinstance(child, str) else len(_scalar(child, 80)) + 2
        if size > _INLINE:
            return False
    return True
