"""One run: which servers run when, and what is asked of them."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from os import getpid
from pathlib import Path
from shutil import rmtree
from typing import Any

from bench.client import Client, run_load
from bench.generate import BENCH_DIR, Generated
from bench.measure import Effort, Sampled, measure_pages
from bench.pages import DEEP, PAGE_ROWS, Page, deep_pages, flat_pages, list_pages
from bench.raw import RawSql
from bench.report import Figure
from bench.servers import (
    Server,
    free_port,
    is_installed,
    peer_command,
    rss_mb,
    running,
    with_environment,
)
from bench.verdicts import (
    deep_figures,
    flat_figures,
    load_figures,
    memory_figures,
    page_figures,
    peer_figures,
)

__all__ = ["Plan", "run"]

_PEERS = {"datasette": "datasette", "sqlite-web": "sqlite_web"}
_COMMAND = "import sys; from kodeweb.cli import main; sys.exit(main())"
_LOAD_CLIENTS = 8
_LOAD_KEYS = ("sessions", "messages", "tool calls", "tool calls, bash_run and FAILED")


@dataclass(frozen=True)
class Plan:
    """What to measure, and how hard to try. ``other`` is a store of another size."""

    store: Generated
    other: Generated | None = None
    effort: Effort = field(default_factory=Effort)
    has_peers: bool = True
    folder: Path = BENCH_DIR


@dataclass(frozen=True)
class _Kodeweb:
    """The running kodeweb with its stores registered and a browser signed in."""

    server: Server
    environment: Mapping[str, str]
    slugs: tuple[str, ...]
    cookie: str

    def client(self) -> Client:
        """Return a new signed-in client."""
        return Client(self.server.port, {"Cookie": self.cookie})

    def base(self, number: int = 0) -> str:
        """Return where the pages of a store begin."""
        return f"/browse/{self.slugs[number]}/"


def run(plan: Plan, *, say: Callable[[str], None]) -> list[Figure]:
    """Measure everything and return the figures in the order of the report."""
    with ExitStack() as stack:
        raw = RawSql(Path(plan.store.path))
        stack.callback(raw.close)
        say("starting the servers")
        ours = stack.enter_context(_kodeweb(plan))
        peers = _start_peers(plan, stack, say)
        clients = {name: Client(server.port) for name, server in peers.items()}
        pages = _all_pages(raw, ours, say)
        say("counting statements")
        looked = _look(ours, pages)
        say(f"measuring {len(pages)} pages")
        sampled = measure_pages(
            pages, raw=raw, ours=ours.client(), base=ours.base(), peers=clients, effort=plan.effort
        )
        say(f"{_LOAD_CLIENTS} clients at once")
        figures = page_figures(sampled, looked) + deep_figures(sampled)
        figures += _load(ours, sampled, plan.effort)
        if plan.other is not None:
            say("the other size")
            figures += _flat(plan, raw, ours)
        sizes = {"kodeweb": rss_mb(ours.server.process_id)}
        sizes |= {name: rss_mb(server.process_id) for name, server in peers.items()}
        return figures + peer_figures(sampled) + memory_figures(sizes)


@contextmanager
def _kodeweb(plan: Plan) -> Iterator[_Kodeweb]:
    """Serve the stores from a fresh data directory with two workers."""
    home = plan.folder / f"home-{getpid()}"
    port = free_port()
    environment = {
        "KODEWEB_HOME": str(home),
        "KODEWEB_PORT": str(port),
        "KODEWEB_LOG_LEVEL": "WARNING",
        "DJANGO_SETTINGS_MODULE": "kodeweb.settings",
    }
    serve = [sys.executable, "-c", _COMMAND, "serve", "--port", str(port), "--no-browser"]
    command = with_environment(environment, serve)
    with running("kodeweb", command, port, plan.folder / "kodeweb.log") as server:
        stores = [plan.store, *([plan.other] if plan.other else [])]
        ready = _ask(environment, "prepare", {"paths": [store.path for store in stores]})
        yield _Kodeweb(server, environment, tuple(ready["slugs"]), ready["cookie"])
    rmtree(home, ignore_errors=True)


def _ask(environment: Mapping[str, str], task: str, request: dict[str, Any]) -> dict[str, Any]:
    """Run one task of :mod:`bench.inside` in a process of its own."""
    command = with_environment(environment, [sys.executable, "-m", "bench.inside", task])
    done = subprocess.run(
        command, input=json.dumps(request), stdout=subprocess.PIPE, text=True, check=True
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _start_peers(plan: Plan, stack: ExitStack, say: Callable[[str], None]) -> dict[str, Server]:
    servers: dict[str, Server] = {}
    for name, module in _PEERS.items():
        if not plan.has_peers:
            continue
        if not is_installed(module):
            say(f"{name} is not installed and is left out")
            continue
        port = free_port()
        command = peer_command(name, Path(plan.store.path), port)
        log = plan.folder / f"{name}.log"
        servers[name] = stack.enter_context(running(name, command, port, log))
    return servers


def _all_pages(raw: RawSql, ours: _Kodeweb, say: Callable[[str], None]) -> list[Page]:
    """The first pages and those deep pages that the store is large enough for."""
    anchors: dict[str, Mapping[str, object]] = {}
    for deep in DEEP:
        found = raw.rows(deep.anchor, {"skip": deep.page * PAGE_ROWS - PAGE_ROWS - 1})
        if found:
            anchors[deep.twin] = found[0]
    rows = {deep.twin: (deep.page - 1) * PAGE_ROWS for deep in DEEP if deep.twin in anchors}
    say("walking to the deep pages")
    cursors = _ask(ours.environment, "walk", {"slug": ours.slugs[0], "rows": rows})["cursors"]
    return [*list_pages(), *deep_pages(anchors, cursors)]


def _look(ours: _Kodeweb, pages: list[Page]) -> dict[str, dict[str, float]]:
    request = {
        "port": ours.server.port,
        "cookie": ours.cookie,
        "pages": {page.key: [ours.base() + page.path, page.region] for page in pages},
    }
    looked: dict[str, dict[str, float]] = _ask(ours.environment, "look", request)["pages"]
    return looked


def _load(ours: _Kodeweb, sampled: list[Sampled], effort: Effort) -> list[Figure]:
    results = {
        item.page.key: run_load(
            ours.client,
            ours.base() + item.page.path,
            clients=_LOAD_CLIENTS,
            requests=effort.load_requests,
            region=item.page.region,
        )
        for item in sampled
        if item.page.key in _LOAD_KEYS
    }
    return load_figures(results)


def _flat(plan: Plan, raw: RawSql, ours: _Kodeweb) -> list[Figure]:
    """Measure the first pages of both sizes in alternation."""
    if plan.other is None:
        return []
    other_raw = RawSql(Path(plan.other.path))
    small: list[Sampled] = []
    large: list[Sampled] = []
    for _ in range(plan.effort.rounds):
        for found, source, number in ((small, raw, 0), (large, other_raw, 1)):
            found += measure_pages(
                flat_pages(),
                raw=source,
                ours=ours.client(),
                base=ours.base(number),
                peers={},
                effort=Effort(rounds=1, per_round=plan.effort.per_round),
            )
    other_raw.close()
    return flat_figures(small, large, plan.other.messages)
