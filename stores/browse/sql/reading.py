"""What a SQL backend gives to the statements of this package: rows, and two ways to be stopped."""

from collections.abc import Mapping
from typing import Any, Protocol

__all__ = ["RawText", "Reading", "Row", "RowTooLarge", "StatementTimeout"]

Row = tuple[Any, ...]


class StatementTimeout(Exception):
    """A statement reached its time limit and was stopped; a shorter read may still answer."""


class RowTooLarge(Exception):
    """A cell is above the size that is read into memory."""


class RawText(str):
    """Text that was not UTF-8: reads with replacement characters, keeps its bytes in ``raw``."""

    raw: bytes

    @classmethod
    def of(cls, raw: bytes) -> "RawText":
        """Decode what can be decoded and keep the rest reachable."""
        text = cls(raw.decode("utf-8", "replace"))
        text.raw = raw
        return text


class Reading(Protocol):
    """Run short statements on one checked-out connection, each under a time limit."""

    #: A chunk of a search slower than ``chunk_aim_ms`` is not followed by a larger one, one
    #: slower than ``chunk_slow_ms`` by a smaller.
    chunk_aim_ms: float
    chunk_slow_ms: float

    def fetch(self, statement: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Return all rows of one statement; a parameter is written ``:name``.

        Raises:
            StatementTimeout: the statement was stopped at its time limit.
            RowTooLarge: a row is above the size that is read into memory.
            StoreUnavailable: the store cannot be read now, or is none of the SDK's.
        """
        ...
