"""The three lists, for claims that hold for each of them."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.dashboard.fakes import FakeReader, make_message, make_session, make_tool_call

__all__ = ["each_list", "fill"]

LISTS: list[tuple[str, str, Callable[..., Any]]] = [
    ("/browse/agents/sessions/", "sessions", make_session),
    ("/browse/agents/messages/", "messages", make_message),
    ("/browse/agents/tool-calls/", "tool_calls", make_tool_call),
]
each_list = pytest.mark.parametrize(("path", "name", "make"), LISTS)


def fill(reader: FakeReader, kind: str, make: Callable[..., Any], rows: int, **fields: Any) -> None:
    """Give the reader rows of one kind."""
    setattr(reader, kind, [make(number, **fields) for number in range(rows)])
