"""What a record becomes in a row and a row in a record, where both SQL stores agree."""

import logging
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from random import Random
from typing import Any, Final, TypeVar

from stores.errors import StoreError

__all__ = [
    "BrokenRow",
    "column_text",
    "first_free_fork",
    "is_truthy",
    "new_message_id",
    "readable",
    "stored_form",
]

_LOG = logging.getLogger(__name__)
_BASE36: Final = "0123456789abcdefghijklmnopqrstuvwxyz"
_LONE_HALVES: Final = re.compile("[\ud800-\udfff]")
_FORK_NUMBER: Final = re.compile(r"[0-9]{1,18}")
_Row = TypeVar("_Row")
_Found = TypeVar("_Found")


class BrokenRow(StoreError):
    """Tell which row cannot be read, and why; the rest of the store can be."""


def is_truthy(value: Any) -> bool:
    """Judge as JavaScript does: empty lists and objects are true, NaN is not."""
    if isinstance(value, list | tuple | Mapping):
        return True
    return bool(value) and value == value


def new_message_id(now_ms: int, rng: Random) -> str:
    """Return the id of a message row, which is new with each save."""
    return f"msg_{now_ms}_{''.join(rng.choices(_BASE36, k=9))}"


def column_text(text: str) -> str:
    """Return what the SDK's drivers store of a text: half a surrogate pair has no UTF-8 form."""
    if text.isascii() or not _LONE_HALVES.search(text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def first_free_fork(call_ids: Iterable[str], taken: Iterable[str]) -> int:
    """Return the first number from which ``<id>_fork_<number>`` is free for every call.

    ``taken`` are the ids of the store that begin with ``<id>_fork_`` for one of ``call_ids``.
    The SDK always begins with 0, so that a session with calls cannot be copied twice.
    """
    sources = set(call_ids)
    used = [-1]
    for call_id in taken:
        source, _, number = call_id.rpartition("_fork_")
        if source in sources and _FORK_NUMBER.fullmatch(number):
            used.append(int(number))
    return max(used) + 1


def readable(rows: Iterable[_Row], read: Callable[[_Row], _Found]) -> list[_Found]:
    """Read rows of a list; those that cannot be read are left out, each with a warning."""
    found = []
    for row in rows:
        try:
            found.append(read(row))
        except BrokenRow as exc:
            _LOG.warning("%s", exc)
    return found


@contextmanager
def stored_form() -> Iterator[None]:
    """Turn what records raise that have no stored form into one error.

    Raises:
        StoreError: a value is no JSON, is nested too deep, or is not of its field's type.
    """
    try:
        yield
    except (TypeError, AttributeError, ValueError, RecursionError) as exc:
        raise StoreError(
            "This record cannot be stored: a value in it is no JSON, is nested too deep or is not "
            "of the type that its field has."
        ) from exc
