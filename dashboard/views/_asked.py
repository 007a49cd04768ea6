"""What the address of a session page asks for, read once; what is wrong in it is said."""

import re
from dataclasses import dataclass
from typing import Final

from django.http import QueryDict

from stores.interface import EventPosition

__all__ = ["TABS", "Asked"]

TABS: Final = ("transcript", "events", "todos", "snapshots", "info")
_LONGEST_LIST: Final = 4000
_LARGEST_SEQ: Final = 1 << 31
_POSITION: Final = re.compile(r"([0-9]{1,16})\.(-?[0-9]{1,16})\.([a-z]{1,20})\.([0-9]{1,16})")


@dataclass(frozen=True)
class Asked:
    """``seq`` and ``call`` name a place, ``start`` the first turn of a window.

    ``origin`` is the query string of the list that one came from, None when one did not.
    """

    tab: str = TABS[0]
    seq: int | None = None
    start: int | None = None
    call: str = ""
    step: str = ""
    after: EventPosition | None = None
    origin: str | None = None
    errors: tuple[str, ...] = ()

    @classmethod
    def of(cls, params: QueryDict) -> "Asked":
        """Read the parameters of a request."""
        errors: list[str] = []
        tab = params.get("tab") or TABS[0]
        if tab not in TABS:
            errors.append(f"A session has no tab “{tab[:40]}”. It has {', '.join(TABS)}.")
        origin = params.get("list")
        step = params.get("step") or ""
        return cls(
            tab=tab if tab in TABS else TABS[0],
            seq=_number(params, "seq", errors),
            start=_number(params, "from", errors),
            call=params.get("call") or "",
            step=step if step in ("next", "previous") else "",
            after=_position(params.get("after") or "", errors),
            origin=origin[:_LONGEST_LIST] if origin is not None else None,
            errors=tuple(errors),
        )


def _number(params: QueryDict, name: str, errors: list[str]) -> int | None:
    text = (params.get(name) or "").strip()
    if not text:
        return None
    if text.isascii() and text.isdigit() and len(text) < 12 and int(text) < _LARGEST_SEQ:
        return int(text)
    errors.append(f"“{text[:40]}” is not the number of a message, so nothing is looked up.")
    return None


def _position(text: str, errors: list[str]) -> EventPosition | None:
    """Read the place of an event: time, seq, channel and place in the log, joined by dots."""
    if not text:
        return None
    match = _POSITION.fullmatch(text)
    if match is not None:
        return int(match[1]), int(match[2]), match[3], int(match[4])
    errors.append("The place in the events is not readable, so they start from the first.")
    return None
