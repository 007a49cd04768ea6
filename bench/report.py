"""The figures, their verdicts and how they are printed."""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

__all__ = ["Figure", "as_table", "percentile", "write_json"]

_HEAD = (
    "figure",
    "measured",
    "p95",
    "raw SQL",
    "ratio",
    "budget",
    "",
    "queries",
    "SQL ms",
    "bytes",
    "sent",
)


@dataclass(frozen=True)
class Figure:
    """One measured number.

    ``budget`` is the highest good value (the lowest where ``is_floor``), None where there is
    none. ``queries`` are kodeweb's statements on the store for one page and ``sql_ms``
    the time in them; ``size_bytes`` is the page as HTML, ``sent_bytes`` as it goes over the wire.
    ``is_wrong``: the answers were no pages (not 200), so the number means nothing.
    """

    section: str
    name: str
    value: float
    unit: str = "ms"
    p95: float | None = None
    raw_ms: float | None = None
    budget: float | None = None
    is_floor: bool = False
    queries: int | None = None
    size_bytes: int | None = None
    sent_bytes: int | None = None
    sql_ms: float | None = None
    is_wrong: bool = False
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times the bare SQL this is."""
        return self.value / self.raw_ms if self.raw_ms else None

    @property
    def verdict(self) -> str:
        """``ok``, ``OVER``, ``WRONG`` or nothing where there is no budget."""
        if self.is_wrong:
            return "WRONG"
        if self.budget is None:
            return ""
        is_good = self.value >= self.budget if self.is_floor else self.value <= self.budget
        return "ok" if is_good else "OVER"


def percentile(values: list[float], share: float) -> float:
    """Return the value below which ``share`` of the values lie (nearest rank)."""
    ranked = sorted(values)
    return ranked[min(len(ranked) - 1, int(share * len(ranked)))]


def as_table(figures: Iterable[Figure]) -> str:
    """Lay the figures out in columns, one heading per section."""
    rows: list[tuple[str, ...]] = []
    section = ""
    for figure in figures:
        if figure.section != section:
            section = figure.section
            rows.append((f"# {section}",))
        rows.append(_cells(figure))
    widths = [
        max(len(row[column]) for row in [_HEAD, *rows] if len(row) > 1)
        for column in range(len(_HEAD))
    ]
    lines = [_line(_HEAD, widths), _line(tuple("-" * width for width in widths), widths)]
    for row in rows:
        lines.append(_line(row, widths) if len(row) > 1 else f"\n{row[0]}")
    return "\n".join(lines) + "\n"


def _line(cells: tuple[str, ...], widths: list[int]) -> str:
    first = f"{cells[0]:<{widths[0]}}"
    rest = (f"{cell:>{width}}" for cell, width in zip(cells[1:], widths[1:], strict=False))
    return "  ".join([first, *rest, *cells[len(widths) :]]).rstrip()


def _cells(figure: Figure) -> tuple[str, ...]:
    sign = ">=" if figure.is_floor else "<="
    return (
        figure.name,
        f"{_number(figure.value)} {figure.unit}".rstrip(),
        _number(figure.p95),
        _number(figure.raw_ms),
        _number(figure.ratio),
        "" if figure.budget is None else f"{sign} {_number(figure.budget)}",
        figure.verdict,
        "" if figure.queries is None else str(figure.queries),
        _number(figure.sql_ms),
        "" if figure.size_bytes is None else f"{figure.size_bytes:,}",
        "" if figure.sent_bytes is None else f"{figure.sent_bytes:,}",
        figure.note,
    )


def _number(value: float | None) -> str:
    if value is None:
        return ""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def write_json(path: Path, machine: dict[str, object], figures: Iterable[Figure]) -> None:
    """Write the same figures for programs, with ratio and verdict."""
    rows = [
        {**asdict(figure), "ratio": figure.ratio, "verdict": figure.verdict} for figure in figures
    ]
    document = {"machine": machine, "figures": rows}
    path.write_text(json.dumps(document, indent=2) + "\n", encoding="utf-8")
