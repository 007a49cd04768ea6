"""The address of a list as a value: the URL is the only state, so links are made from it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Final
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse

__all__ = ["Address", "address_of"]

# A link to other rows starts at their first page.
_PLACE: Final = ("after", "before", "count")


@lru_cache(maxsize=1024)
def address_of(name: str, *args: object) -> str:
    """Return the path of a page by its URL name; a page asks for the same twenty each time."""
    return reverse(name, args=args)


@dataclass(frozen=True)
class Address:
    """A path and its parameters in order, blank ones left out."""

    path: str
    pairs: tuple[tuple[str, str], ...] = ()

    @classmethod
    def of(cls, request: HttpRequest) -> "Address":
        """Return the address of a request."""
        given = (
            (name, value.strip())
            for name, values in request.GET.lists()
            for value in values
            if value.strip()
        )
        return cls(request.path, tuple(given))

    def __str__(self) -> str:
        return f"{self.path}?{self.query}" if self.pairs else self.path

    @property
    def query(self) -> str:
        """Return the encoded parameters, without the question mark."""
        return urlencode(self.pairs, errors="replace")

    @property
    def origin(self) -> str:
        """Return the parameters that lead back to these rows, their place included."""
        pairs = tuple(pair for pair in self.pairs if pair[0] != "count")
        return replace(self, pairs=pairs).query

    def at(self, path: str) -> "Address":
        """Return the same parameters at another path."""
        return replace(self, path=path)

    def only(self, names: Iterable[str]) -> "Address":
        """Return the address with these parameters only."""
        keep = set(names)
        return replace(self, pairs=tuple(pair for pair in self.pairs if pair[0] in keep))

    def with_value(self, name: str, value: str | None) -> "Address":
        """Return the address with one value for a name, or none, at the first page."""
        pairs = tuple(pair for pair in self.pairs if pair[0] not in (name, *_PLACE))
        return replace(self, pairs=(*pairs, (name, value)) if value else pairs)

    def without(self, name: str, value: str | None = None) -> "Address":
        """Return the address less one value of a name, or all of them, at the first page."""
        pairs = tuple(
            pair
            for pair in self.pairs
            if pair[0] not in _PLACE and not (pair[0] == name and value in (None, pair[1]))
        )
        return replace(self, pairs=pairs)
