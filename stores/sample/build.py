"""Write the sample store to disk: all or nothing, the same for the same seed and time."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from random import Random

from stores.backends.sqlite.agent_store import SqliteStore
from stores.kode.records import Timeline, TodoSnapshot
from stores.sample.cast import SESSION_COUNT, BatchFork, batch_fork, bookings, perform
from stores.sample.run import Run
from stores.sample.stories.planning import release

__all__ = ["DATABASE_NAME", "FILES_NAME", "make_sample_store", "save_run"]

DATABASE_NAME = "agents.db"
FILES_NAME = "store"

_BATCH_FORKS = 2


def make_sample_store(
    directory: Path,
    *,
    now_ms: int,
    seed: int = 7,
    progress: Callable[[int, int], None] | None = None,
) -> Path:
    """Build the sample store in a new directory and return its database.

    The directory appears when it is complete: the work is done in a sibling and renamed.
    ``progress`` is told how many of how many sessions are written.

    Raises:
        FileExistsError: the directory exists and is not empty.
    """
    if directory.exists() and any(directory.iterdir()):
        raise FileExistsError(f"{directory} is not empty")
    directory.parent.mkdir(parents=True, exist_ok=True)
    workplace = Path(tempfile.mkdtemp(prefix=f".{directory.name}-", dir=directory.parent))
    try:
        _fill(workplace, now_ms=now_ms, seed=seed, progress=progress or _quiet)
        workplace.replace(directory)
    except BaseException:
        shutil.rmtree(workplace, ignore_errors=True)
        raise
    return directory / DATABASE_NAME


def save_run(store: SqliteStore, run: Run) -> None:
    """Write all that a run left, as it was saved last."""
    store.save_info(run.agent_id, run.info())
    store.save_messages(run.agent_id, run.messages)
    records = run.calls if run.persisted_calls is None else run.persisted_calls
    store.save_tool_call_records(run.agent_id, records.values())
    for snapshot in run.left.snapshots:
        store.save_snapshot(run.agent_id, snapshot)
    _save_files(store, run)


def _quiet(done: int, total: int) -> None:
    """Tell nobody."""


def _fill(directory: Path, *, now_ms: int, seed: int, progress: Callable[[int, int], None]) -> None:
    clock = now_ms

    def saved_at() -> int:
        return clock

    files = directory / FILES_NAME
    files.mkdir()
    rng = Random(seed)
    done = 0
    store = SqliteStore(directory / DATABASE_NAME, files, now_ms=saved_at, rng=rng)
    with store, store.transaction():
        for booking in bookings(now_ms, seed):
            runs = perform(booking)
            copies = batch_fork(runs[0], _BATCH_FORKS, rng) if booking.story is release else []
            for run in runs:
                clock = run.message_times[-1] if run.message_times else run.created_ms
                save_run(store, run)
            for copy in copies:
                clock = copy.created_ms
                _save_copy(store, copy)
            done += len(runs) + len(copies)
            progress(done, SESSION_COUNT)


def _save_copy(store: SqliteStore, copy: BatchFork) -> None:
    store.save_info(copy.info.agent_id, copy.info)
    store.save_messages(copy.info.agent_id, copy.messages)
    store.save_tool_call_records(copy.info.agent_id, copy.calls)


def _save_files(store: SqliteStore, run: Run) -> None:
    left, agent_id = run.left, run.agent_id
    flushed, unflushed = _split_log(run)
    store.files.append_events(agent_id, flushed)
    if unflushed:
        store.files.append_events(agent_id, unflushed, is_flushed=False)
    if left.todos:
        snapshot = TodoSnapshot(
            todos=tuple(left.todos), version=left.todo_version, updated_at=left.todos_updated_ms
        )
        store.save_todos(agent_id, snapshot)
    for window in left.windows:
        store.save_history_window(agent_id, window)
    for record in left.compressions:
        store.save_compression_record(agent_id, record)
    for file in left.recovered:
        store.save_recovered_file(agent_id, file)
    if left.media:
        store.save_media_cache(agent_id, left.media)


def _split_log(run: Run) -> tuple[list[Timeline], list[Timeline]]:
    """Part the log into what reached the disk, some of it twice, and what is in the WAL."""
    entries, twice = run.stream.entries, run.left.duplicated_events
    kept = len(entries) - run.left.unflushed_events
    return [*entries[:twice], *entries[:kept]], entries[kept:]
