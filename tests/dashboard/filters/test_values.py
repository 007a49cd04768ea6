"""Times and durations as people write them."""

import pytest

from dashboard.filters._values import parse_duration, parse_time

DAY = 1_791_158_400_000  # 5 Oct 2026


@pytest.mark.parametrize(
    ("text", "start", "end"),
    [
        ("2026-10-05", DAY, DAY + 86_399_999),
        ("2026-10-05T19:00", DAY + 68_400_000, DAY + 68_459_999),
        ("2026-10-05 19:00:01", DAY + 68_401_000, DAY + 68_401_999),
        ("2026-10-05T19:00:01Z", DAY + 68_401_000, DAY + 68_401_999),
        ("2026-10-05T19:00:01.5Z", DAY + 68_401_500, DAY + 68_401_500),
        ("2026-10-05T19:00+02:00", DAY + 61_200_000, DAY + 61_259_999),
        ("2026-10-05T19:00 02:00", DAY + 61_200_000, DAY + 61_259_999),
        ("1791227470840", 1_791_227_470_840, 1_791_227_470_840),
    ],
)
def test_a_time_is_utc_unless_it_says_otherwise(text: str, start: int, end: int) -> None:
    assert parse_time(text) == start
    assert parse_time(text, is_end=True) == end


@pytest.mark.parametrize(
    "text",
    [
        "x", "2026-13-01", "2026-02-30", "2026-10-05T25:00", "2026-10-05T19:00+99:00", "2026",
        "1791227470", "9" * 400, "-1", "9999-12-31T23:59-10:00", "2026-10-05T19:00.5",
    ],
)  # fmt: skip
def test_what_is_no_time_is_refused_with_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="“") as caught:
        parse_time(text)
    assert len(str(caught.value)) < 250


@pytest.mark.parametrize(
    ("text", "ms"),
    [("250", 250), ("250ms", 250), ("5s", 5000), ("2m", 120_000), ("1.5 h", 5_400_000)],
)
def test_a_duration_has_a_unit_or_is_milliseconds(text: str, ms: int) -> None:
    assert parse_duration(text) == ms


@pytest.mark.parametrize("text", ["5x", "-3", "", "five", "1e9", "5 5s"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no duration"):
        parse_duration(text)
