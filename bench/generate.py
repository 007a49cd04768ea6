"""Build a large KODE store fast: the SDK's schema, plausible rows, one seed.

``python -m bench.generate --messages 1000000`` prints the path. A finished store is kept under
``.bench/`` and found again by its parameters; memory stays flat, since rows are made per agent.
"""

import argparse
import json
import shutil
import sqlite3
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random
from time import monotonic

from bench import schema
from bench.agent_rows import AgentRowMaker, iso_ms
from bench.event_files import write_events
from bench.plan import AgentPlan, make_plans
from bench.pools import make_pools
from bench.rows import Conversation, RowMaker

__all__ = ["BENCH_DIR", "MINIMUM_MESSAGES", "Generated", "ensure_store"]

BENCH_DIR = Path(__file__).resolve().parent.parent / ".bench"
MINIMUM_MESSAGES = 20_000
_VERSION = 1
"""Grows with each change of what is generated, so that no old store is mistaken for a new one."""

_PRAGMAS = """
PRAGMA page_size = 4096;
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
PRAGMA locking_mode = EXCLUSIVE;
PRAGMA cache_size = -262144;
PRAGMA threads = 2;
"""


@dataclass(frozen=True)
class Generated:
    """A finished store: where it is and what it holds."""

    path: str
    messages: int
    tool_calls: int
    failures: int
    sessions: int
    size_bytes: int
    build_s: float


def ensure_store(messages: int, *, seed: int = 7, folder: Path = BENCH_DIR) -> Generated:
    """Return the store of these parameters, building it when it is not there yet."""
    if messages < MINIMUM_MESSAGES:
        raise ValueError(f"a store needs at least {MINIMUM_MESSAGES} messages, not {messages}")
    home = folder / f"store-{messages}-seed{seed}-v{_VERSION}"
    note = home / "generated.json"
    if note.exists():
        return Generated(**json.loads(note.read_text(encoding="utf-8")))
    shutil.rmtree(home, ignore_errors=True)
    (home / "store").mkdir(parents=True)
    generated = _build(home, messages, seed)
    note.write_text(json.dumps(asdict(generated), indent=2), encoding="utf-8")
    return generated


def _build(home: Path, messages: int, seed: int) -> Generated:
    started = monotonic()
    path = home / "agents.db"
    rng = Random(seed)
    plans = make_plans(messages, rng)
    connection = sqlite3.connect(path, isolation_level=None)
    connection.executescript(_PRAGMAS + schema.TABLES)
    connection.execute("BEGIN")
    calls, failures = _fill(connection, plans, home / "store", rng)
    connection.execute("COMMIT")
    connection.executescript(schema.INDEXES)
    connection.close()
    return Generated(
        path=str(path), messages=messages, tool_calls=calls, failures=failures, sessions=len(plans),
        size_bytes=path.stat().st_size, build_s=round(monotonic() - started, 1),
    )  # fmt: skip


def _fill(
    connection: sqlite3.Connection, plans: list[AgentPlan], files: Path, rng: Random
) -> tuple[int, int]:
    """Insert everything in the order of saving; return the number of calls and of failures."""
    maker, agents = RowMaker(make_pools(rng), rng), AgentRowMaker(rng)
    calls = failures = 0
    for index, plan in enumerate(plans):
        made = maker.conversation(plan)
        connection.execute(schema.INSERT_AGENT, agents.row(plan))
        connection.executemany(schema.INSERT_MESSAGE, made.messages)
        connection.executemany(schema.INSERT_TOOL_CALL, made.tool_calls)
        if index % 16 == 0:
            connection.execute(schema.INSERT_SNAPSHOT, _snapshot(plan, made))
        write_events(files, plan, made)
        calls += len(made.tool_calls)
        failures += sum(1 for call in made.tool_calls if call[8])
    return calls, failures


def _snapshot(plan: AgentPlan, made: Conversation) -> tuple[object, ...]:
    kept = made.messages[:8]
    messages = ",".join(f'{{"role":"{row[2]}","content":{row[3]}}}' for row in kept)
    bookmark = f'{{"seq":{len(kept) * 3},"timestamp":{plan.created_ms}}}'
    last = len(kept) - 1
    return (
        plan.agent_id, f"sfp-{last}", f"[{messages}]", last, bookmark, iso_ms(plan.saved_ms),
        f'{{"stepCount":{len(kept)}}}',
    )  # fmt: skip


def main() -> int:
    """Build a store from the command line and say where it is."""
    parser = argparse.ArgumentParser(prog="python -m bench.generate", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    generated = ensure_store(options.messages, seed=options.seed)
    sys.stdout.write(json.dumps(asdict(generated), indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
