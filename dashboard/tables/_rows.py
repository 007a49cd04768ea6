"""Rows as joined fragments: what django-tables2 and a template loop cost is gone.

A table class is compiled once into the fixed markup around its cells; a page of rows is then one
join of strings. This is the one place where cell text becomes trusted HTML, so every ``cell``
function escapes what it shows (``tests/dashboard/tables`` proves it with hostile records).
"""

from collections.abc import Callable, Iterable
from functools import lru_cache
from typing import Any

from django.utils.safestring import SafeString

from dashboard.tables._columns import CellColumn
from dashboard.tables._links import Links

__all__ = ["render_rows"]

_Compiled = tuple[tuple[str, Callable[[Any, Links], str], str], ...]


@lru_cache(maxsize=32)
def _compile(table_class: type[Any]) -> _Compiled:
    """Return (markup before, cell function, markup after) for each column, in order."""
    parts = []
    for column in table_class.base_columns.values():
        if isinstance(column, CellColumn):
            tag = 'th scope="row"' if column.is_row_header else "td"
            css = f' class="{column.css}"' if column.css else ""
            parts.append((f"<{tag}{css}>", column.cell, f"</{tag[:2]}>"))
    return tuple(parts)


def render_rows(table_class: type[Any], records: Iterable[Any], links: Links) -> SafeString:
    """Return the body rows of a table."""
    columns = _compile(table_class)  # type: ignore[arg-type]  # a class is hashable
    parts: list[str] = []
    add = parts.append
    for record in records:
        add("<tr data-row>")
        for before, cell, after in columns:
            add(before)
            add(cell(record, links))
            add(after)
        add("</tr>\n")
    return SafeString("".join(parts))
