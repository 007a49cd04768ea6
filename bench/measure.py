"""Take the times: raw, ours, raw, ours, so that the machine's drift falls on both alike."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from statistics import median

from bench.client import Answer, Client
from bench.pages import Page
from bench.raw import RawSql
from bench.report import percentile

__all__ = ["Effort", "Sampled", "Samples", "measure_pages"]


@dataclass(frozen=True)
class Effort:
    """How often things are repeated; a peer's page takes seconds, so it is fetched rarely."""

    rounds: int = 6
    per_round: int = 6
    peer_rounds: int = 3
    load_requests: int = 240

    @classmethod
    def quick(cls) -> "Effort":
        """Just enough to fill each column."""
        return cls(rounds=2, per_round=3, peer_rounds=1, load_requests=40)


@dataclass
class Samples:
    """The times of one address."""

    ttfb_ms: list[float] = field(default_factory=list)
    total_ms: list[float] = field(default_factory=list)
    statuses: set[int] = field(default_factory=set)

    def add(self, answer: Answer) -> None:
        """Keep one answer's times."""
        self.ttfb_ms.append(answer.ttfb_ms)
        self.total_ms.append(answer.total_ms)
        self.statuses.add(answer.status)

    @property
    def p50(self) -> float:
        """The median time to the first byte."""
        return median(self.ttfb_ms)

    @property
    def p95(self) -> float:
        """The 95th percentile of the time to the first byte."""
        return percentile(self.ttfb_ms, 0.95)

    @property
    def total_p50(self) -> float:
        """The median time to the last byte."""
        return median(self.total_ms)


@dataclass
class Sampled:
    """Everything that was measured about one page."""

    page: Page
    raw_ms: list[float] = field(default_factory=list)
    partial: Samples = field(default_factory=Samples)
    full: Samples = field(default_factory=Samples)
    peers: dict[str, Samples] = field(default_factory=lambda: defaultdict(Samples))
    partial_sizes: tuple[int, int] = (0, 0)
    full_sizes: tuple[int, int] = (0, 0)

    @property
    def raw_p50(self) -> float | None:
        """The median of the bare SQL, None where it was not run."""
        return median(self.raw_ms) if self.raw_ms else None


def measure_pages(
    pages: Iterable[Page],
    *,
    raw: RawSql,
    ours: Client | None,
    base: str,
    peers: Mapping[str, Client],
    effort: Effort,
) -> list[Sampled]:
    """Measure all pages in interleaved rounds; without ``ours`` only bare SQL and peers."""
    sampled = [Sampled(page) for page in pages]
    for item in sampled:
        raw.times_ms(item.page, 1)
        if ours is not None:
            _warm(item, ours, base)
    for number in range(effort.rounds):
        for item in sampled:
            if not item.page.is_slow_raw or number == 0:
                item.raw_ms += raw.times_ms(
                    item.page, 1 if item.page.is_slow_raw else effort.per_round
                )
            if ours is not None:
                _sample(item, ours, base, effort.per_round)
            if number < effort.peer_rounds:
                _sample_peers(item, peers)
    return sampled


def _warm(item: Sampled, client: Client, base: str) -> None:
    """Fetch once, unmeasured, and note the sizes."""
    path = base + item.page.path
    answer = client.get(path, region=item.page.region)
    item.partial_sizes = (len(answer.body), answer.sent_bytes)
    answer = client.get(path)
    item.full_sizes = (len(answer.body), answer.sent_bytes)


def _sample(item: Sampled, client: Client, base: str, times: int) -> None:
    path = base + item.page.path
    for _ in range(times):
        item.partial.add(client.get(path, region=item.page.region))
        if item.page.goal != "count":
            item.full.add(client.get(path))


def _sample_peers(item: Sampled, peers: Mapping[str, Client]) -> None:
    addresses = {
        "datasette": item.page.datasette,
        "datasette .json": _as_json(item.page.datasette),
        "sqlite-web": item.page.sqlite_web,
    }
    for name, path in addresses.items():
        client = peers.get(name.split()[0])
        if path is not None and client is not None:
            item.peers[name].add(client.get(path))


def _as_json(path: str | None) -> str | None:
    """Datasette's like-for-like answer: rows only, no counts, no facet suggestions."""
    return path and path.replace("?", ".json?", 1) + "&_nocount=1&_nofacet=1"
