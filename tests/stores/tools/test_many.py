"""Thousands of sessions: how fast they are copied, in memory that does not grow."""

import os
from pathlib import Path

import pytest

from stores.tools.migrate import migrate
from stores.tools.places import Place, open_source, open_target
from tests.stores.tools.conftest import NewPlace
from tests.stores.tools.support import made_store
from tests.trust.figures import Say

_PAGE = os.sysconf("SC_PAGE_SIZE")
MOST_GROWTH_BYTES = 24 << 20


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE


@pytest.mark.parametrize("count", [100, pytest.param(5_000, marks=pytest.mark.slow)])
@pytest.mark.parametrize("kind", ["sqlite", "json", "postgres"])
def test_memory_stays_flat_however_many_sessions_there_are(
    new_place: NewPlace, say: Say, kind: str, count: int
) -> None:
    """Measured after the first tenth and at the end; the report itself is a few hundred kB."""
    here: Place = made_store(new_place("sqlite"), count - 1)
    sizes: dict[int, int] = {}

    def note(done: int, total: int, _what: str) -> None:
        if done in (total // 10, total):
            sizes[done] = _resident_bytes()

    with open_source(here) as source, open_target(new_place(kind)) as target:
        done = migrate(source, target, progress=note)
    assert done.counts == {"copied": count}
    growth = sizes[count] - sizes[count // 10]
    assert growth < MOST_GROWTH_BYTES
    say(
        f"migrate of {count} sessions to {kind}: {count / done.seconds:.0f} a second, "
        f"memory grew by {growth / 1e6:.1f} MB after the first tenth"
    )
