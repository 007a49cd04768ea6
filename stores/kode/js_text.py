"""JSON text exactly as JavaScript's ``JSON.stringify`` writes it.

The SDK hashes, compares and stores that text verbatim, so a store written by Python is only
like the SDK's own when numbers, escapes and key order agree to the byte.
"""

import math
import re
from collections.abc import Mapping
from json.encoder import encode_basestring
from typing import Any

__all__ = ["js_number", "js_text"]

_SURROGATES = re.compile("[\ud800-\udbff][\udc00-\udfff]|[\ud800-\udfff]")
_ARRAY_INDEX = re.compile(r"0|[1-9][0-9]{0,9}")
_MAX_ARRAY_INDEX = 2**32 - 2
_MAX_SAFE_INTEGER = 2**53


def js_text(value: Any, *, indent: int = 0) -> str:
    """Return the text of ``JSON.stringify(value, null, indent)``.

    A value that JavaScript could not hold (NaN, infinities) becomes ``null``, as there.

    Raises:
        TypeError: the value, or one inside it, has no JSON form.
    """
    out: list[str] = []
    _write(out, value, " " * indent, "")
    return "".join(out)


def js_number(number: float) -> str:
    """Return a number the way JavaScript prints it: 5.0 is ``5``, 1e-07 is ``1e-7``."""
    if isinstance(number, int) and abs(number) <= _MAX_SAFE_INTEGER:
        return str(number)
    try:
        double = float(number)
    except OverflowError:
        return "null"
    if not math.isfinite(double):
        return "null"
    if double == 0:
        return "0"
    return ("-" if double < 0 else "") + _shortest(abs(double))


def _shortest(double: float) -> str:
    """Lay out the shortest digits that read back as this positive double."""
    mantissa, _, exponent_text = f"{double!r}".partition("e")
    whole, _, fraction = mantissa.partition(".")
    fraction = "" if fraction == "0" else fraction
    point = len(whole) + int(exponent_text or 0)
    raw = whole + fraction
    digits = raw.lstrip("0")
    point -= len(raw) - len(digits)
    digits = digits.rstrip("0")
    if 0 < point <= 21:
        if len(digits) <= point:
            return digits.ljust(point, "0")
        return f"{digits[:point]}.{digits[point:]}"
    if -6 < point <= 0:
        return f"0.{'0' * -point}{digits}"
    power = f"e{point - 1:+d}"
    return f"{digits[0]}.{digits[1:]}{power}" if len(digits) > 1 else f"{digits}{power}"


def _string(text: str) -> str:
    quoted = encode_basestring(text)
    if text.isascii():
        return quoted
    return _SURROGATES.sub(_surrogate, quoted)


def _surrogate(match: re.Match[str]) -> str:
    """Join a split pair; escape a lone half, which has no UTF-8 form."""
    found = match.group()
    if len(found) == 2:
        return found.encode("utf-16", "surrogatepass").decode("utf-16")
    return f"\\u{ord(found):04x}"


def _write(out: list[str], value: Any, step: str, margin: str) -> None:
    """Append the text of one value; a list of parts is what keeps large values fast."""
    if isinstance(value, str):
        out.append(_string(value))
    elif value is None:
        out.append("null")
    elif isinstance(value, bool):
        out.append("true" if value else "false")
    elif isinstance(value, int | float):
        out.append(js_number(value))
    elif isinstance(value, Mapping):
        colon = ": " if step else ":"
        items = [(f"{_string(key)}{colon}", value[key]) for key in _in_property_order(value)]
        _write_group(out, "{}", items, step, margin)
    elif isinstance(value, list | tuple):
        _write_group(out, "[]", [("", item) for item in value], step, margin)
    else:
        raise TypeError(f"{type(value).__name__} has no JSON form")


def _write_group(
    out: list[str], brackets: str, items: list[tuple[str, Any]], step: str, margin: str
) -> None:
    if not items:
        out.append(brackets)
        return
    inner = margin + step
    lead = f"\n{inner}" if step else ""
    separator = brackets[0]
    for prefix, item in items:
        out.append(f"{separator}{lead}{prefix}")
        _write(out, item, step, inner)
        separator = ","
    out.append(f"\n{margin}{brackets[1]}" if step else brackets[1])


def _in_property_order(value: Mapping[str, Any]) -> list[str]:
    """Order keys as a JavaScript object keeps them: array indexes first, rising."""
    keys = list(value)
    indexes = [key for key in keys if _is_array_index(key)]
    if not indexes:
        return keys
    return sorted(indexes, key=int) + [key for key in keys if not _is_array_index(key)]


def _is_array_index(key: str) -> bool:
    return _ARRAY_INDEX.fullmatch(key) is not None and int(key) <= _MAX_ARRAY_INDEX
