"""Markdown of an agent: formatted, and nothing in it that loads, runs or points into our pages."""

import time

import pytest

from dashboard.render.markdown import MARKDOWN_LIMIT, markdown_html
from tests.dashboard.render.makers import Fragment

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<a href=x hx-get=/account/ hx-trigger=load>go</a>",
    "<iframe srcdoc='<script>1</script>'></iframe>",
    "<base href=//evil.example><form action=//evil.example><button>",
    "<meta http-equiv=refresh content=0;url=//evil.example>",
    "<div id=main class=app style=color:red>x</div>",
    "<!-- c --><![CDATA[x]]><?php x ?>",
    "<math><mi//xlink:href='data:x,<script>alert(1)</script>'>",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt&#58;alert(1))",
    "[x](data:text/html,<script>alert(1)</script>)",
    "[x](vbscript:x) [y](file:///etc/passwd)",
    "[x](//evil.example) [y](/account/) [z](?step=next) [w](#m1)",
    "![x](javascript:alert(1))",
    "<javascript:alert(1)>",
    '[x](https://a.example "onmouseover=alert(1)")',
    "[a]: javascript:alert(1)\n\n[a]",
    "{{ 7*7 }} {% if %} ${7*7}",
    "```html onload=x\n<script>alert(1)</script>\n```",
]
ALLOWED = {
    "a": {"href", "rel"},
    "pre": {"tabindex"},
    "th": {"scope"},
    "ol": {"start"},
}


@pytest.mark.parametrize("source", HOSTILE)
def test_nothing_in_a_text_can_act(source: str) -> None:
    shown = Fragment(markdown_html(f"**b** {source}\n\n{source}"))
    for element in shown.all():
        assert element.tag not in ("script", "img", "svg", "iframe", "form", "base", "meta", "div")
        assert set(element.attrs) <= ALLOWED.get(element.tag, set()), element
        address = element.attrs.get("href", "https://")
        assert address.lower().startswith(("https://", "http://", "mailto:"))


def test_a_link_says_where_it_leads_and_tells_nobody() -> None:
    shown = Fragment(markdown_html("[my bank](https://user@evil.example/login)"))
    link = shown.one("a")
    assert link.attrs["rel"] == "noopener noreferrer nofollow"
    assert shown.text == "my bank (evil.example)"


def test_a_host_in_other_letters_is_shown_in_ascii() -> None:
    shown = Fragment(markdown_html("[x](https://аpple.com/)"))
    assert "(xn--" in shown.text


def test_an_image_is_a_link_and_is_not_fetched() -> None:
    shown = Fragment(markdown_html("![pixel](https://track.example/p.png?id=1)"))
    assert not shown.all("img")
    assert shown.text == "Image: pixel (track.example)"
    assert shown.one("a").attrs["href"] == "https://track.example/p.png?id=1"


def test_common_syntax_is_formatted() -> None:
    source = (
        "# Head\n\nSome **bold** `code`\nnext\n\n- a\n- b\n\n| x |\n|---|\n| 1 |\n\n```py\n<b>\n```"
    )
    shown = Fragment(markdown_html(source))
    assert shown.one("h3").text == "Head"
    assert shown.one("strong").text == "bold"
    assert [item.text for item in shown.all("li")] == ["a", "b"]
    assert shown.one("th").text == "x"
    assert shown.one("pre").text == "<b>"
    assert shown.all("br")


@pytest.mark.parametrize("level", range(1, 7))
def test_headings_of_a_text_do_not_disturb_the_outline_of_the_page(level: int) -> None:
    assert Fragment(markdown_html(f"{'#' * level} x")).one("h3").text == "x"


@pytest.mark.parametrize(
    "source",
    [
        "plain words",
        "fs_read and a_b_c",
        "two\nlines\n\nand more",
        "5 > 3 & 2 < 4",
        "&lt;b&gt;",
        "a - b",
    ],
)
def test_text_without_syntax_reads_as_it_was_written(source: str) -> None:
    shown = Fragment(markdown_html(source))
    assert shown.text == " ".join(source.split())
    assert {element.tag for element in shown.all()} <= {"p", "br"}


def test_entities_stay_as_they_were_written() -> None:
    assert Fragment(markdown_html("**&lt;already&gt;** &amp;")).text == "&lt;already&gt; &amp;"


def test_a_long_text_is_shown_as_it_is() -> None:
    shown = Fragment(markdown_html("**x** " * MARKDOWN_LIMIT))
    assert not shown.all("strong")
    assert shown.text.startswith("**x** **x**")


@pytest.mark.parametrize(
    "source",
    [
        "[" * 9000,
        "![[" * 3000,
        "*a **b" * 1600,
        "|a" * 4000 + "\n" + "|-" * 900,
        "> " * 4900,
        "`a" * 4500,
    ],
)
def test_a_text_made_to_be_slow_is_not(source: str) -> None:
    start = time.process_time()
    markdown_html(source)
    assert time.process_time() - start < 0.5


def test_odd_characters_are_visible_in_formatted_text() -> None:
    shown = markdown_html("**a\u202eb**\x00 \ud800")
    assert "\\u202e" in shown
    shown.encode()
