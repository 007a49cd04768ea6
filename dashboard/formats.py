"""Numbers, times and hostile text as people read them: plain strings, not yet HTML.

Relative times for lists, exact times (UTC) for titles, sizes and durations with units.
"""

import re
from datetime import UTC, datetime
from typing import Final

__all__ = [
    "ago",
    "clock",
    "count",
    "duration",
    "exact",
    "iso",
    "one_line",
    "short_id",
    "size",
    "stamps",
]

_MONTHS: Final = (
    "", "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
)  # fmt: skip
_BLANKS = re.compile(r"[ \t\r\n\f\v\u2028\u2029]+")
# Not shown as they are: C0, C1, bidi controls, invisible fillers, lone surrogates. The joiners
# U+200C and U+200D stay: Persian and emoji need them.
_ODD = re.compile(
    "[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_SIZES: Final = ("B", "KB", "MB", "GB", "TB")


def _code_point(match: re.Match[str]) -> str:
    code = ord(match[0])
    if code < 0x20:
        return chr(0x2400 + code)
    return "\u2421" if code == 0x7F else f"\\u{code:04x}"


def one_line(text: str, limit: int = 200) -> str:
    """Return text fit for one line: blanks folded, control and bidi characters made visible."""
    if len(text) > limit:
        text = text[:limit] + "…"
    if text.isprintable():  # decided in C; nearly every text ends here
        return text
    return _ODD.sub(_code_point, _BLANKS.sub(" ", text))


def short_id(text: str) -> str:
    """Return the end of an id, which differs, where its beginning repeats."""
    return text if len(text) <= 12 else "…" + text[-8:]


def _moment(at_ms: int) -> datetime | None:
    try:
        return datetime.fromtimestamp(at_ms // 1000, UTC)
    except (ValueError, OverflowError, OSError):
        return None


def stamps(at_ms: int) -> tuple[str, str]:
    """Return :func:`iso` and :func:`exact` of a time, for one attribute each."""
    at = _moment(at_ms)
    if at is None:
        return "", f"{at_ms} ms"
    time = f"{at.hour:02}:{at.minute:02}:{at.second:02}"
    return (
        f"{at.year:04}-{at.month:02}-{at.day:02}T{time}.{at_ms % 1000:03}Z",
        f"{at.day} {_MONTHS[at.month]} {at.year} {time} UTC",
    )


def iso(at_ms: int) -> str:
    """Return ISO 8601 with milliseconds, or the empty string for a time out of range."""
    return stamps(at_ms)[0]


def exact(at_ms: int) -> str:
    """Return ``3 Oct 2026 23:31:04 UTC``."""
    return stamps(at_ms)[1]


def clock(at_ms: int, now_ms: int) -> str:
    """Return ``3 Oct 23:31``, with the year instead of the time when it is another year."""
    at, now = _moment(at_ms), _moment(now_ms)
    if at is None or now is None:
        return f"{at_ms} ms"
    if at.year != now.year:
        return f"{at.day} {_MONTHS[at.month]} {at.year}"
    return f"{at.day} {_MONTHS[at.month]} {at.hour:02}:{at.minute:02}"


def ago(at_ms: int, now_ms: int) -> str:
    """Return the distance in one unit: ``40 d ago``, ``in 3 h``."""
    seconds = abs(now_ms - at_ms) // 1000
    if seconds < 60:
        text = f"{seconds} s"
    elif seconds < 3600:
        text = f"{seconds // 60} min"
    elif seconds < 86_400:
        text = f"{seconds // 3600} h"
    else:
        text = f"{seconds // 86_400:,} d"
    return f"{text} ago" if at_ms <= now_ms else f"in {text}"


def duration(ms: int) -> str:
    """Return at most two units: ``13 ms``, ``1.16 s``, ``2 min 36 s``, ``6 h 32 min``."""
    if ms < 0:
        return f"−{duration(-ms)}"
    if ms < 1000:
        return f"{ms} ms"
    if ms < 60_000:
        return f"{ms / 1000:.2f} s" if ms < 59_995 else "59.99 s"
    minutes, seconds = divmod(ms // 1000, 60)
    if minutes < 60:
        return f"{minutes} min {seconds:02} s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours} h {minutes:02} min"
    days, hours = divmod(hours, 24)
    return f"{days:,} d {hours} h"


def size(size_bytes: int) -> str:
    """Return ``73 B``, ``1.4 KB``, ``205 KB``: steps of 1,000."""
    if size_bytes < 1000:
        return f"{size_bytes} B"
    value, step = float(size_bytes), 0
    while value >= 999.5 and step < len(_SIZES) - 1:
        value /= 1000
        step += 1
    return f"{value:.1f} {_SIZES[step]}" if value < 9.95 else f"{value:.0f} {_SIZES[step]}"


def count(value: int, *, is_exact: bool = True) -> str:
    """Return ``470``, or ``1,000+`` when counting stopped."""
    return f"{value:,}" if is_exact else f"{value:,}+"
