"""Keep the index of a JSON store up to date while pages are read.

A request that comes when the last look is some seconds old starts the next one in a thread and
waits for it a moment. In a small or quiet store that is all; a first build of a large one goes on
in the background, session by session, and pages show what is there so far.
"""

import logging
import threading
import time
from pathlib import Path
from typing import Final

from stores.backends.jsondir.folders import SessionFolder, check_base, look_at, walk_sessions
from stores.backends.jsondir.index import PROGRESS, Index
from stores.backends.jsondir.index_writer import IndexWriter
from stores.errors import StoreError, StoreUnavailable

__all__ = ["IndexKeeper", "bring_up_to_date", "progress_text"]

logger = logging.getLogger("stores.jsondir")

#: How long a page waits for the look that it started.
WAIT_S: Final = 0.25
#: At least so long between two looks, and at least so many times as long as the last one took.
PAUSE_S: Final = 2.0
_PAUSE_FACTOR: Final = 10
#: How long the page of one session waits for its writer's turn.
TURN_S: Final = 0.25
_WALKED_AT: Final = "walked_at_ms"
#: Fewer changed sessions than this are no build that anybody need hear of.
_FEW: Final = 20


class IndexKeeper:
    """Bring one index up to date; safe to share among threads, and among processes."""

    def __init__(self, store_id: str, index: Index) -> None:
        self._store_id = store_id
        self._index = index
        self._lock = threading.Lock()
        self._look: threading.Thread | None = None
        self._long_look: threading.Thread | None = None
        self._error: StoreError | None = None
        self._next_at = 0.0

    def refresh(self) -> None:
        """Make sure that there is an index, and that it is at most some seconds behind.

        Raises:
            StoreUnavailable: the folder cannot be read, or the index cannot be written.
        """
        check_base(self._index.base)
        try:
            self._refresh()
        except StoreUnavailable as exc:
            if exc.reason != "index":
                raise
            # It was damaged and is gone now, or cannot be written at all: once more tells.
            self._next_at = 0.0
            self._refresh()

    def _refresh(self) -> None:
        if not self._index.exists():
            self._make()
        with self._lock:
            look = self._look
            if look is None and time.monotonic() >= self._next_at:
                name = f"index-{self._store_id[:8]}"
                look = self._look = threading.Thread(target=self._run, name=name, daemon=True)
                look.start()
        if look is not None and look is not self._long_look:
            look.join(WAIT_S)
            if look.is_alive():
                self._long_look = look  # a build: nobody waits for it a second time
        error, self._error = self._error, None
        if error is not None:
            raise error

    def refresh_session(self, agent_id: str) -> None:
        """Bring one session up to date, unless another writer is at it for too long."""
        found = look_at(self._index.base, agent_id)
        building = self._long_look
        wait_s = 0.0 if building is not None and building.is_alive() else TURN_S
        with self._index.writing(wait_s=wait_s) as writer:
            if writer is None:
                return
            known = writer.signature(agent_id)
            if found is not None and known != found.signature:
                writer.update(found)
            elif found is None and known:
                writer.remove(agent_id)

    def renew(self) -> None:
        """Throw the index away and start the next one."""
        with self._index.writing(wait_s=TURN_S) as writer:
            if writer is not None:
                self._index.discard()
        self._next_at = 0.0
        self.refresh()

    def close(self) -> None:
        """Wait a moment for a look that is under way."""
        look = self._look
        if look is not None:
            look.join(WAIT_S)

    def _make(self) -> None:
        """Make an empty index at once, so that pages have something to read."""
        with self._index.writing(wait_s=TURN_S):
            self._next_at = 0.0

    def _run(self) -> None:
        began = time.monotonic()
        try:
            with self._index.writing(wait_s=WAIT_S) as writer:
                if writer is not None and self._is_due(writer):
                    bring_up_to_date(self._index.base, writer)
        except StoreError as exc:
            self._error = exc
        except Exception:
            logger.exception("store %s: its index could not be brought up to date", self._store_id)
        took = time.monotonic() - began
        with self._lock:
            self._look = None
            self._next_at = time.monotonic() + max(PAUSE_S, took * _PAUSE_FACTOR)

    def _is_due(self, writer: IndexWriter) -> bool:
        """Tell whether no other process has looked just now."""
        walked_at = writer.state(_WALKED_AT)
        age_s = time.time() - int(walked_at) / 1000 if walked_at.isdecimal() else PAUSE_S
        return not 0 <= age_s < PAUSE_S or bool(writer.state(PROGRESS))


def progress_text(note: str) -> str:
    """Say how far a build is, nothing for a note that is none."""
    done, _, total = note.partition("/")
    if not (done.isdecimal() and total.isdecimal()):
        return ""
    if not int(total):
        return "This folder is being indexed: its sessions are being counted."
    return f"This folder is being indexed: {int(done):,} of {int(total):,} sessions so far."


def bring_up_to_date(base: Path, writer: IndexWriter) -> None:
    """Read the sessions that changed, each in its own transaction."""
    walked_at = time.time_ns() // 1_000_000
    known = writer.signatures()
    found = {folder.agent_id: folder for folder in walk_sessions(base)}
    changed = [one for one in found.values() if known.get(one.agent_id) != one.signature]
    for agent_id in known.keys() - found.keys():
        writer.remove(agent_id)
    total = len(found)
    is_build = len(changed) > _FEW
    if is_build:
        writer.note(PROGRESS, f"{total - len(changed)}/{total}")
    for number, folder in enumerate(changed, start=1):
        done = total - len(changed) + number
        _update(writer, folder, {PROGRESS: f"{done}/{total}"} if is_build else {})
    writer.note(PROGRESS, "")
    writer.note(_WALKED_AT, str(walked_at))


def _update(writer: IndexWriter, folder: SessionFolder, notes: dict[str, str]) -> None:
    try:
        writer.update(folder, notes=notes)
    except (ValueError, TypeError, RecursionError, MemoryError):
        # One session must not keep the others out, whatever is in its files.
        logger.exception("a session could not be indexed")
        writer.mark(folder, "its files could not be read", notes=notes)
