"""Compose the conditions of one list statement: clauses from here, values as parameters."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final

from stores.backends.sqlite.connection import Reading
from stores.backends.sqlite.failures import StatementTimeout

__all__ = ["Where", "is_selective", "like_pattern"]

#: Up to so many hits it is cheaper to read them through their index and sort (performance.md 8).
SELECTIVE_ROWS: Final = 5000


def like_pattern(text: str) -> str:
    """Return the LIKE pattern (with ``\\`` as escape) that finds a text anywhere."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


class Where:
    """Conditions that are joined by AND, and their parameters.

    ``is_scan`` tells that a condition reads payloads or is in no index: such a list is searched in
    chunks. ``is_sorted`` tells that an index finds few rows, which are then sorted.
    """

    def __init__(self) -> None:
        self.clauses: list[str] = []
        self.params: dict[str, Any] = {}
        self.is_scan = False
        self.is_sorted = False
        #: Rows must also pass this, outside of the database (for what is not in it).
        self.accept: Callable[[Sequence[Any]], bool] | None = None

    def __str__(self) -> str:
        return " AND ".join(self.clauses) or "TRUE"

    def bind(self, value: Any) -> str:
        """Add a parameter and return its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return f":{name}"

    def bind_all(self, values: Iterable[Any]) -> str:
        """Add parameters and return the list for an IN."""
        return f"({', '.join(self.bind(value) for value in values)})"

    def add(self, clause: str, *, is_scan: bool = False) -> None:
        """Add a condition."""
        self.clauses.append(f"({clause})")
        self.is_scan = self.is_scan or is_scan

    def contains(self, expression: str, text: str) -> str:
        """Return the condition that a text occurs, ASCII letters in either case.

        LIKE would end the pattern at a NUL, so a text with one is sought as it is.
        """
        if "\x00" in text:
            return f"instr({expression}, {self.bind(text)}) > 0"
        return f"{expression} LIKE {self.bind(like_pattern(text))} ESCAPE '\\'"

    def between(self, expression: str, low: int | None, high: int | None) -> None:
        """Add an inclusive range; an open end adds nothing."""
        if low is not None:
            self.add(f"{expression} >= {self.bind(low)}")
        if high is not None:
            self.add(f"{expression} <= {self.bind(high)}")

    def one_session(self, table: str, agent_id: str) -> None:
        """Narrow to one session, always through its index."""
        self.is_sorted = True
        self.add(f"{table}.agent_id = {self.bind(agent_id)}")

    def among(self, reading: Reading, table: str, column: str, values: Sequence[Any]) -> None:
        """Narrow an indexed column to some values.

        The SDK never runs ANALYZE, so SQLite takes the equality index even for a value that half
        of the rows have, and sorts them all. A unary plus takes that index out of the choice.
        """
        if not values:
            return
        if is_selective(reading, table, column, values):
            self.is_sorted = True
            self.add(f"{table}.{column} IN {self.bind_all(values)}")
        else:
            self.add(f"+{table}.{column} IN {self.bind_all(values)}", is_scan=True)


def is_selective(
    reading: Reading,
    table: str,
    column: str,
    values: Sequence[Any],
    *,
    rows: int = SELECTIVE_ROWS,
) -> bool:
    """Tell whether few rows have one of the values, at the price of a short index walk."""
    marks = ", ".join(f":v{index}" for index in range(len(values)))
    params = {f"v{index}": value for index, value in enumerate(values)}
    statement = f"""
        SELECT count(*)
        FROM (SELECT 1 FROM {table} WHERE {column} IN ({marks}) LIMIT {rows + 1})
    """
    try:
        return bool(reading.fetch(statement, params)[0][0] <= rows)
    except StatementTimeout:
        return False
