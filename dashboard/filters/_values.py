"""What people write for times and durations, read into integer milliseconds.

Times without an offset are UTC, as everywhere on the pages.
"""

import re
from datetime import UTC, datetime
from typing import Final

__all__ = ["parse_duration", "parse_time"]

_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT: Final = re.compile(
    r"(?P<day>\d{4}-\d{2}-\d{2})[T ](?P<minute>\d{2}:\d{2})"
    r"(?P<second>:\d{2}(?P<fraction>[.,]\d{1,6})?)?\s*(?P<zone>Z|UTC|[+-]\d{2}:?\d{2})?",
    re.IGNORECASE,
)
# "+" in a hand-written address arrives as a space: 2026-10-05T19:00+02:00.
_LOST_PLUS: Final = re.compile(r"(?<=\d) (?=\d{2}:?\d{2}$)")
_EPOCH: Final = re.compile(r"-?\d+")
_LAST_EPOCH: Final = 253_402_300_799_999  # 31 Dec 9999
_DURATION: Final = re.compile(r"(?P<number>\d{1,12}(?:\.\d{1,6})?)\s*(?P<unit>ms|s|m|min|h)?", re.I)
_UNITS: Final = {"": 1, "ms": 1, "s": 1000, "m": 60_000, "min": 60_000, "h": 3_600_000}
_MINUTE, _SECOND, _DAY_MS = 60_000, 1000, 86_400_000


def parse_time(text: str, *, is_end: bool = False) -> int:
    """Return ms UTC of a date, a date-time or a number of ms since 1970.

    ``is_end`` gives the last millisecond of what was written: of the day, the minute, the second.

    Raises:
        ValueError: with a sentence for the person who wrote it.
    """
    text = text.strip()
    if _EPOCH.fullmatch(text):
        return _parse_epoch(text)
    if _DAY.fullmatch(text):
        start = _to_ms(f"{text}T00:00:00+00:00", text)
        return start + (_DAY_MS - 1 if is_end else 0)
    match = _MOMENT.fullmatch(_LOST_PLUS.sub("+", text) if text.count(":") > 1 else text)
    if match is None:
        raise ValueError(_no_time(text))
    zone = (match["zone"] or "Z").upper().replace("UTC", "Z").replace("Z", "+00:00")
    second, fraction = (match["second"] or ":00")[:3], (match["fraction"] or ".0")[1:]
    start = _to_ms(f"{match['day']}T{match['minute']}{second}.{fraction:0<6}{zone}", text)
    if not is_end or match["fraction"]:
        return start
    return start + (_SECOND if match["second"] else _MINUTE) - 1


def _parse_epoch(text: str) -> int:
    if len(text.lstrip("-")) < 11:
        raise ValueError(
            f"“{text}” is no time. Write a date (2026-11-03), a date and time (2026-11-03T14:00) "
            "or milliseconds since 1970 (13 digits)."
        )
    value = int(text[:20])
    if not 0 <= value <= _LAST_EPOCH:
        raise ValueError(f"“{text[:30]}” is outside the years 1970 to 9999.")
    return value


def _to_ms(written: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(written).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise ValueError(_no_time(text)) from exc
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (delta.days * 86_400 + delta.seconds) * 1000 + delta.microseconds // 1000


def _no_time(text: str) -> str:
    return (
        f"“{text[:40]}” is no date or time. Write 2026-11-03 or 2026-11-03T14:00, "
        "in UTC unless you add an offset such as +02:00."
    )


def parse_duration(text: str) -> int:
    """Return ms of ``250``, ``250ms``, ``5s``, ``2m`` or ``1h``.

    Raises:
        ValueError: with a sentence for the person who wrote it.
    """
    match = _DURATION.fullmatch(text.strip())
    if match is None:
        raise ValueError(f"“{text[:40]}” is no duration. Write 250ms, 5s, 2m or 1h.")
    return round(float(match["number"]) * _UNITS[(match["unit"] or "").lower()])
