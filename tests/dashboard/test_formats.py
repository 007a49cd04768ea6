"""Numbers, times and hostile text as people read them."""

import pytest

from dashboard.formats import ago, clock, count, duration, exact, iso, one_line, short_id, size
from tests.dashboard.fakes import HOSTILE, NOW


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1160, "1.16 s"),
        (59_999, "59.99 s"),
        (60_000, "1 min 00 s"),
        (156_000, "2 min 36 s"),
        (23_520_000, "6 h 32 min"),
        (230_400_000, "2 d 16 h"),
        (-1500, "−1.50 s"),
    ],
)
def test_durations_have_at_most_two_units(ms: int, words: str) -> None:
    assert duration(ms) == words


@pytest.mark.parametrize(
    ("size_bytes", "words"),
    [(0, "0 B"), (999, "999 B"), (1400, "1.4 KB"), (9_960, "10 KB"), (205_000, "205 KB")],
)
def test_sizes_have_units(size_bytes: int, words: str) -> None:
    assert size(size_bytes) == words
    assert size(999_999) == "1.0 MB"


def test_times_are_relative_with_the_exact_one_in_utc() -> None:
    assert ago(NOW - 40 * 86_400_000, NOW) == "40 d ago"
    assert ago(NOW + 3 * 3_600_000, NOW) == "in 3 h"
    assert exact(1_791_070_264_607) == "3 Oct 2026 23:31:04 UTC"
    assert iso(1_791_070_264_607) == "2026-10-03T23:31:04.607Z"
    assert clock(1_791_070_264_607, NOW) == "3 Oct 23:31"
    assert clock(1_759_534_264_607, NOW) == "3 Oct 2025"


@pytest.mark.parametrize("at_ms", [10**18, -(10**18), 253_402_300_800_000])
def test_a_time_out_of_range_is_a_number(at_ms: int) -> None:
    assert iso(at_ms) == ""
    assert exact(at_ms) == clock(at_ms, NOW) == f"{at_ms} ms"


def test_control_and_bidi_characters_are_seen() -> None:
    text = one_line(HOSTILE)
    assert "␀␛[31m\\u202egpj" in text
    assert "\\ud800" in text
    assert text.isprintable()


def test_blanks_fold_and_long_text_is_cut() -> None:
    assert one_line("a\n\tb\u2028c") == "a b c"
    assert one_line("x" * 300) == "x" * 200 + "…"


def test_joiners_of_emoji_and_persian_stay() -> None:
    assert one_line("\U0001f468\u200d\U0001f4bb") == "\U0001f468\u200d\U0001f4bb"


def test_counts_and_ids_are_short() -> None:
    assert count(1234) == "1,234"
    assert count(1000, is_exact=False) == "1,000+"
    assert short_id("agt-01M56T8SKMWW") == "…6T8SKMWW"
    assert short_id("agt-1") == "agt-1"
