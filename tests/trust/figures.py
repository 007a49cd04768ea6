"""Figures that tests state: printed at the end of a run, also when the run is spread."""

from collections.abc import Callable, Iterable
from typing import Any

__all__ = ["KEY", "Say", "stated"]

KEY = "figure"

Say = Callable[[str], None]


def stated(reports: Iterable[Any]) -> list[str]:
    """Return the figures of all tests, in the order in which the tests ended."""
    return [
        str(value)
        for report in reports
        if getattr(report, "when", "") == "call"
        for name, value in report.user_properties
        if name == KEY
    ]
