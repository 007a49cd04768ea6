"""Turn measurements into figures with the budgets of the performance specification."""

from collections.abc import Iterable, Mapping
from statistics import median

from bench.client import LoadResult
from bench.measure import Sampled
from bench.report import Figure, percentile

__all__ = [
    "deep_figures",
    "flat_figures",
    "load_figures",
    "memory_figures",
    "page_figures",
    "peer_figures",
]

_RESULTS_MS, _FULL_MS = 8.0, 12.0
_WORST_MS = 250.0
_TRANSCRIPT_MS = 15.0
_COUNT_MS = 50.0
_P95_FACTOR = 3.0
_DEPTH_FACTOR = 1.3
_LOAD_PER_S, _LOAD_MS = 150.0, 60.0
_DATASETTE_FACTOR, _SQLITE_WEB_SHARE = 10.0, 0.5
_WORKER_MB = 120.0


def _budget(item: Sampled, allowance_ms: float) -> float:
    if item.page.goal == "worst":
        return _WORST_MS
    if item.page.goal == "count":
        return _COUNT_MS
    if item.page.goal == "transcript":
        return _TRANSCRIPT_MS
    return 1.5 * (item.raw_p50 or 0.0) + allowance_ms


def page_figures(
    sampled: Iterable[Sampled], looked: Mapping[str, Mapping[str, float]]
) -> list[Figure]:
    """Results and full page of each page, time to the first byte with one client."""
    items = [item for item in sampled if item.partial.ttfb_ms]
    figures: list[Figure] = []
    for is_partial in (True, False):
        section = "Results only (HX-Request)" if is_partial else "Full page"
        for item in items:
            samples = item.partial if is_partial else item.full
            if not samples.ttfb_ms:
                continue
            seen = looked.get(item.page.key if is_partial else f"{item.page.key} (full)", {})
            size, sent = item.partial_sizes if is_partial else item.full_sizes
            figures.append(
                Figure(
                    section, item.page.key, samples.p50, p95=samples.p95, raw_ms=item.raw_p50,
                    budget=_budget(item, _RESULTS_MS if is_partial else _FULL_MS),
                    queries=int(seen["count"]) if seen else None, sql_ms=seen.get("spent_ms"),
                    size_bytes=size, sent_bytes=sent, is_wrong=samples.statuses != {200},
                    note=_note(item, is_partial=is_partial),
                )
            )  # fmt: skip
    return figures


def _note(item: Sampled, *, is_partial: bool) -> str:
    """Say what the columns can not: a status other than 200, a long tail."""
    samples = item.partial if is_partial else item.full
    notes = [f"status {status}" for status in sorted(samples.statuses - {200})]
    if samples.p95 > _P95_FACTOR * samples.p50:
        notes.append("p95 above 3 x p50")
    return ", ".join(notes)


def deep_figures(sampled: Iterable[Sampled]) -> list[Figure]:
    """Each deep page as a ratio to its first page, which is the budget."""
    by_key = {item.page.key: item for item in sampled}
    figures: list[Figure] = []
    for item in by_key.values():
        twin = by_key.get(item.page.twin or "")
        if twin is None or not item.partial.ttfb_ms:
            continue
        figures.append(
            Figure(
                "Flat with depth: ratio to page 1", item.page.key,
                item.partial.p50 / twin.partial.p50, unit="x", budget=_DEPTH_FACTOR,
            )
        )  # fmt: skip
    return figures


def flat_figures(small: Iterable[Sampled], large: Iterable[Sampled], messages: int) -> list[Figure]:
    """The first pages of a store of another size; the budget follows from the usual one."""
    usual, other = _merge(small), _merge(large)
    return [
        Figure(
            "Flat with size (HX-Request)", f"{key} of {messages:,} messages", median(times),
            p95=percentile(times, 0.95), budget=_DEPTH_FACTOR * median(usual[key]) + 2.0,
            note=f"{median(usual[key]):.2f} ms on the usual store",
        )
        for key, times in other.items()
    ]  # fmt: skip


def _merge(sampled: Iterable[Sampled]) -> dict[str, list[float]]:
    times: dict[str, list[float]] = {}
    for item in sampled:
        times.setdefault(item.page.key, []).extend(item.partial.ttfb_ms)
    return times


def load_figures(results: Mapping[str, LoadResult]) -> list[Figure]:
    """Throughput and median of eight clients at once."""
    figures: list[Figure] = []
    for name, result in results.items():
        note = f"{result.failed} failed" if result.failed else ""
        section = "Eight clients at once (HX-Request)"
        figures.append(
            Figure(section, name, percentile(result.times_ms, 0.5),
                   p95=percentile(result.times_ms, 0.95), budget=_LOAD_MS, note=note)
        )  # fmt: skip
        figures.append(
            Figure(section, f"{name}, requests per second", result.requests_per_s, unit="/s",
                   budget=_LOAD_PER_S, is_floor=True)
        )  # fmt: skip
    return figures


def peer_figures(sampled: Iterable[Sampled]) -> list[Figure]:
    """What the peers need for the same rows, and how many times ours that is.

    Whole answers are compared, to the last byte, since the peers stream.
    """
    figures: list[Figure] = []
    for item in sampled:
        for name, samples in item.peers.items():
            wrong = ", ".join(f"status {code}" for code in sorted(samples.statuses - {200}))
            figures.append(
                Figure("Peers on the same file", f"{name}: {item.page.key}", samples.total_p50,
                       raw_ms=item.raw_p50, note=wrong)
            )  # fmt: skip
            if item.full.total_ms and name in ("datasette", "sqlite-web"):
                figures.append(_comparison(name, item, samples.total_p50, wrong))
    return sorted(figures, key=lambda figure: figure.section)


def _comparison(name: str, item: Sampled, peer_ms: float, note: str) -> Figure:
    ours_ms = item.full.total_p50
    section = "Peers, compared with kodeweb's full page"
    if name == "datasette":
        return Figure(section, f"times faster than datasette: {item.page.key}", peer_ms / ours_ms,
                      unit="x", budget=_DATASETTE_FACTOR, is_floor=True, note=note)  # fmt: skip
    return Figure(section, f"share of sqlite-web's time: {item.page.key}", ours_ms / peer_ms,
                  unit="x", budget=_SQLITE_WEB_SHARE, note=note)  # fmt: skip


def memory_figures(sizes: Mapping[str, list[float]]) -> list[Figure]:
    """Resident memory of each worker."""
    return [
        Figure("Memory", f"{name}, process {number}", size, unit="MB",
               budget=_WORKER_MB if name == "kodeweb" else None)
        for name, found in sizes.items()
        for number, size in enumerate(found, 1)
    ]  # fmt: skip
