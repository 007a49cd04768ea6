"""Hostile text: everything visible, nothing that acts, and always possible to encode."""

import pytest

from dashboard.render.ansi import ansi_html
from dashboard.render.text import clip, line_html, text_html, visible
from tests.dashboard.fakes import HOSTILE

BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u061c\u200e\u200f"
INVISIBLE = "\u200b\u2060\ufeff\xad\u3164\u180e\U000e0041"


@pytest.mark.parametrize("code", [*range(9), *range(11, 32), *range(127, 160)])
def test_control_characters_become_visible(code: int) -> None:
    shown = visible(f"a{chr(code)}b")
    assert chr(code) not in shown
    assert shown.isprintable()


@pytest.mark.parametrize("odd", [*BIDI, *INVISIBLE, "\ud800", "\udfff"])
def test_what_cannot_be_seen_is_written_out(odd: str) -> None:
    shown = text_html(f"a{odd}b")
    assert odd not in shown
    assert f"{ord(odd):x}" in shown
    shown.encode()


def test_newlines_tabs_and_joiners_stay() -> None:
    assert visible("a\tb\r\nc\n\u200d\u200cd") == "a\tb\nc\n\u200d\u200cd"


def test_a_lone_carriage_return_is_shown() -> None:
    assert visible("10%\r20%") == "10%␍20%"


def test_a_second_pass_changes_nothing() -> None:
    once = visible(HOSTILE)
    assert visible(once) == once


@pytest.mark.parametrize("render", [text_html, line_html, ansi_html])
def test_markup_in_text_is_text(render: object) -> None:
    assert callable(render)
    shown = render(HOSTILE + "\n<img src=x onerror=1>")
    assert "<script" not in shown
    assert "<img" not in shown
    shown.encode()


def test_a_cut_ends_at_a_line_where_one_is_near() -> None:
    assert clip("aaaa\nbbbb\ncccc", 12) == ("aaaa\nbbbb\n", True)
    assert clip("x" * 30, 12) == ("x" * 12, True)
    assert clip("short", 12) == ("short", False)


def test_colours_become_classes() -> None:
    shown = ansi_html("\x1b[1;31mbad\x1b[0m ok \x1b[92;44mgood\x1b[39;49m!")
    assert shown == (
        '<span class="ansi-1 ansi-31">bad</span> ok <span class="ansi-92 ansi-44">good</span>!'
    )


@pytest.mark.parametrize(
    ("params", "classes"),
    [("38;5;1", "ansi-31"), ("38;5;9", "ansi-91"), ("48;5;12", "ansi-104"), ("38:5:2", "ansi-32")],
)
def test_palette_colours_that_have_a_name_get_its_class(params: str, classes: str) -> None:
    assert ansi_html(f"\x1b[{params}mx") == f'<span class="{classes}">x</span>'


@pytest.mark.parametrize("params", ["38;2;255;0;0", "38;5;208", "38", "38;5", "999999999999", ";;"])
def test_other_colours_are_dropped_without_a_trace(params: str) -> None:
    assert ansi_html(f"\x1b[{params}mx") == "x"


@pytest.mark.parametrize(
    "sequence",
    ["\x1b]52;c;aGk=\x07", "\x1b]0;title\x07", "\x1b[2J", "\x1b[10;10H", "\x1b]8;;u\x07"],
)
def test_every_other_sequence_is_visible(sequence: str) -> None:
    shown = ansi_html(f"\x1b[31ma{sequence}b")
    assert "␛" in shown
    assert "\x1b" not in shown


def test_a_sequence_that_a_cut_tore_is_dropped() -> None:
    assert ansi_html("\x1b[31mred\x1b[3") == '<span class="ansi-31">red</span>'


def test_endless_colour_changes_end_in_plain_text() -> None:
    shown = ansi_html("\x1b[31ma\x1b[32mb" * 5000)
    assert shown.count("<span") == 4001
    assert "\x1b" not in shown
