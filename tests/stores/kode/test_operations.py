"""Real counts, and locks that only their holder can free."""

import pytest

from stores.errors import AgentLocked, InvalidQuery
from stores.kode.locks import AgentLocks
from stores.kode.operations import Operations


def test_operations_are_counted_whether_they_fail_or_not() -> None:
    operations = Operations()
    with operations.timed("saves"):
        pass
    with pytest.raises(RuntimeError), operations.timed("loads"):
        raise RuntimeError
    counts, performance = operations.metrics()
    assert (counts.saves, counts.loads, counts.queries, counts.deletes) == (1, 1, 0, 0)
    assert 0 <= performance.min_latency_ms <= performance.avg_latency_ms
    assert performance.avg_latency_ms <= performance.max_latency_ms


def test_nothing_asked_is_all_zeros() -> None:
    counts, performance = Operations().metrics()
    assert set(counts.to_json().values()) == {0}
    assert set(performance.to_json().values()) == {0}


class Clock:
    """A clock that stands until it is moved."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


def test_a_late_release_frees_nobody_elses_lock() -> None:
    clock = Clock()
    locks = AgentLocks("test-late", clock=clock)
    late = locks.acquire("agt-1", 1000)
    clock.seconds = 1.0
    release = locks.acquire("agt-1", 1000)
    late()
    with pytest.raises(AgentLocked, match="agt-1"):
        locks.acquire("agt-1")
    release()
    release()
    locks.acquire("agt-1")()


def test_stores_and_agents_have_locks_of_their_own() -> None:
    release = AgentLocks("test-one").acquire("agt-1")
    AgentLocks("test-two").acquire("agt-1")()
    AgentLocks("test-one").acquire("agt-2")()
    with pytest.raises(AgentLocked):
        AgentLocks("test-one").acquire("agt-1")
    release()


@pytest.mark.parametrize("timeout_ms", [0, -1, True, 1.5, "1"])
def test_a_longest_hold_is_a_time(timeout_ms: int) -> None:
    with pytest.raises(InvalidQuery):
        AgentLocks("test-time").acquire("agt-1", timeout_ms)
