"""Ids in addresses."""

import pytest
from django.urls import resolve, reverse
from hypothesis import given
from hypothesis import strategies as st

from dashboard.paths import OpaqueConverter, opaque
from dashboard.tables._links import Links, quoted

IDS = st.text(st.characters(), max_size=40) | st.sampled_from(
    ["", ".", "..", "~", "/", "a//b", "../../etc/passwd", "a/", "~7E", "%2e%2e", "\\..\\", "a\x00b"]
)


@given(IDS)
def test_any_id_comes_back_unchanged(agent_id: str) -> None:
    converter = OpaqueConverter()
    assert converter.to_python(converter.to_url(agent_id)) == agent_id


@given(IDS)
def test_no_segment_is_empty_or_dots_or_holds_controls(agent_id: str) -> None:
    path = opaque(agent_id)
    assert all(part not in ("", ".", "..") for part in path.split("/"))
    assert path.isprintable() or not any(
        ord(character) < 0xA0 for character in path if character < " "
    )
    path.encode()


@pytest.mark.parametrize("path", ["~41", "~7e", "a//b", ".", "a/../b", "~FF"])
def test_a_second_spelling_is_no_id(path: str) -> None:
    with pytest.raises(ValueError, match=r".*"):
        OpaqueConverter().to_python(path)


@given(IDS)
def test_links_spell_an_id_as_reverse_does(agent_id: str) -> None:
    links = Links.of("agents", now_ms=0)
    href = f"{links.sessions}{quoted(agent_id)}/"
    assert href == reverse("session_detail", args=["agents", agent_id])


def test_a_fork_id_keeps_its_slashes() -> None:
    path = reverse("session_detail", args=["agents", "agt-1/fork:2"])
    assert path == "/browse/agents/sessions/agt-1/fork:2/"
    assert resolve(path).kwargs == {"store": "agents", "agent_id": "agt-1/fork:2"}


@pytest.mark.parametrize("name", ["session_export", "message_export", "tool_call_export"])
def test_exports_have_two_formats(name: str) -> None:
    assert reverse(name, args=["agents", "csv"]).endswith(".csv")
    assert reverse(name, args=["agents", "jsonl"]).endswith(".jsonl")
