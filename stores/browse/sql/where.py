"""Compose the conditions of one list statement: clauses from here, values as parameters."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

__all__ = ["Where", "like_pattern"]


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
