"""``python -m bench``: build the store, start the servers, measure, print one table.

A figure over its budget is printed as such and is no failure of the run: the exit code only tells
whether the measuring itself worked.
"""

import argparse
import sys
from pathlib import Path

from bench.generate import BENCH_DIR, MINIMUM_MESSAGES, ensure_store
from bench.machine import describe, load_average
from bench.measure import Effort
from bench.report import as_table, write_json
from bench.run import Plan, run

QUICK_MESSAGES = 100_000


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000_000, help="size of the store")
    parser.add_argument(
        "--flat-with",
        type=int,
        metavar="MESSAGES",
        help="measure page 1 of a store of this size too",
    )
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument(
        "--quick", action="store_true", help=f"{QUICK_MESSAGES:,} messages, few repetitions"
    )
    parser.add_argument(
        "--no-peers", action="store_true", help="leave datasette and sqlite-web out"
    )
    parser.add_argument("--dir", type=Path, default=BENCH_DIR, help="where stores are kept")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args()
    if options.quick:
        options.messages = min(options.messages, QUICK_MESSAGES)
    smallest = min(options.messages, options.flat_with or options.messages)
    if smallest < MINIMUM_MESSAGES:
        parser.error(f"a store needs at least {MINIMUM_MESSAGES:,} messages")
    return options


def main() -> int:
    """Run the benchmark; progress goes to stderr, the table to stdout."""
    options = _options()
    folder: Path = options.dir.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    _say(f"store of {options.messages:,} messages")
    store = ensure_store(options.messages, seed=options.seed, folder=folder)
    other = None
    if options.flat_with:
        _say(f"store of {options.flat_with:,} messages")
        other = ensure_store(options.flat_with, seed=options.seed, folder=folder)
    machine = describe(store)
    plan = Plan(
        store=store,
        other=other,
        effort=Effort.quick() if options.quick else Effort(),
        has_peers=not options.no_peers,
        folder=folder,
    )
    figures = run(plan, say=_say)
    machine["load_at_end"] = load_average()
    facts = "\n".join(f"{name}: {value}" for name, value in machine.items())
    sys.stdout.write(f"{as_table(figures)}\n{facts}\n")
    if options.json:
        write_json(options.json, machine, figures)
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"bench: {text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
