"""Orders of a list and the places in them: SQL for "behind this row" without OFFSET."""

import base64
from dataclasses import dataclass, replace
from typing import Any

from stores.browse.queries import Cursor
from stores.browse.sql.reading import RawText
from stores.errors import InvalidCursor

__all__ = ["Order", "Place", "place_from_cursor", "place_to_cursor"]

#: The two sort values of a row.
Place = tuple[Any, Any]


@dataclass(frozen=True)
class Order:
    """A total order by two expressions, the second one unique among equal firsts.

    In SQLite, index entries end in the rowid, ascending, whatever the direction of the column: so
    ``created_at DESC, rowid ASC`` walks the SDK's descending index without a sort.
    """

    first: str
    second: str
    is_first_descending: bool = False
    is_second_descending: bool = False
    #: How the first value is read, where that differs from how it is compared.
    place: str = ""

    def reversed(self) -> "Order":
        """Return the opposite order."""
        return replace(
            self,
            is_first_descending=not self.is_first_descending,
            is_second_descending=not self.is_second_descending,
        )

    @property
    def values(self) -> str:
        """Return what to read of a row to know its place."""
        return f"{self.place or self.first}, {self.second}"

    @property
    def sql(self) -> str:
        """Return what follows ORDER BY."""
        first = "DESC" if self.is_first_descending else "ASC"
        second = "DESC" if self.is_second_descending else "ASC"
        return f"{self.first} {first}, {self.second} {second}"

    def behind(self, place: Place, prefix: str, params: dict[str, Any]) -> str:
        """Return the condition for rows strictly behind a place.

        The first comparison alone bounds the index walk; the OR only decides among ties.
        """
        first, second = self._bind(place, prefix, params)
        outer, inner = ("<", "<=") if self.is_first_descending else (">", ">=")
        tie = "<" if self.is_second_descending else ">"
        return (
            f"{self.first} {inner} {first} AND "
            f"({self.first} {outer} {first} OR {self.second} {tie} {second})"
        )

    def up_to(self, place: Place, prefix: str, params: dict[str, Any]) -> str:
        """Return the condition for rows before a place or at it."""
        first, second = self._bind(place, prefix, params)
        outer, inner = (">", ">=") if self.is_first_descending else ("<", "<=")
        tie = ">=" if self.is_second_descending else "<="
        return (
            f"{self.first} {inner} {first} AND "
            f"({self.first} {outer} {first} OR {self.second} {tie} {second})"
        )

    def _bind(self, place: Place, prefix: str, params: dict[str, Any]) -> tuple[str, str]:
        marks = []
        for index, value in enumerate(place):
            name = f"{prefix}{index}"
            if isinstance(value, RawText):
                # The stored bytes, not their readable form, decide the order.
                params[name] = value.raw
                marks.append(f"CAST(:{name} AS TEXT)")
            else:
                params[name] = value
                marks.append(f":{name}")
        return marks[0], marks[1]


#: What marks a packed value. Stored text may begin like a mark, so such text is marked itself.
_RAW, _BLOB, _TEXT = "\x00raw:", "\x00blob:", "\x00text:"


def place_to_cursor(sort: str, place: Place, direction: str) -> Cursor:
    """Return a cursor that carries a place, values of any type that a database can store."""
    return Cursor(sort, tuple(_pack(value) for value in place), direction)


def place_from_cursor(cursor: Cursor) -> Place:
    """Read a place back. Raises InvalidCursor when it is not one."""
    if len(cursor.values) != 2:
        raise InvalidCursor("This page link belongs to another list or is damaged.")
    try:
        first, second = (_unpack(value) for value in cursor.values)
    except ValueError as exc:
        raise InvalidCursor("This page link belongs to another list or is damaged.") from exc
    return first, second


def _pack(value: Any) -> Any:
    if isinstance(value, RawText):
        return _RAW + base64.b64encode(value.raw).decode()
    if isinstance(value, bytes):
        return _BLOB + base64.b64encode(value).decode()
    if isinstance(value, str) and value.startswith("\x00"):
        return _TEXT + value
    return value


def _unpack(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    if value.startswith(_RAW):
        return RawText.of(base64.b64decode(value.removeprefix(_RAW)))
    if value.startswith(_BLOB):
        return base64.b64decode(value.removeprefix(_BLOB))
    return value.removeprefix(_TEXT)
