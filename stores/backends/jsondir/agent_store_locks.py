"""Locks on agents of a JSON store that hold among processes too, without a file for them.

The lock is the kernel's on the agent's own folder, so it ends with the process that has it. The
SDK knows no such lock, and a session that has no folder yet is locked within this process only.
"""

import fcntl
import os
import threading
from collections.abc import Callable

from stores.errors import AgentLocked
from stores.kode.files import FileStore
from stores.kode.locks import AgentLocks
from stores.kode.safe_files import open_folder

__all__ = ["FolderLocks"]


class FolderLocks:
    """The locks of one store; store objects on the same folder see each other's."""

    def __init__(self, files: FileStore) -> None:
        self._files = files
        self._here = AgentLocks(f"json:{files.base_dir.resolve()}")

    def acquire(self, agent_id: str, timeout_ms: int) -> Callable[[], None]:
        """Take the lock at once and return what releases it; it ends by itself in time.

        Raises:
            AgentLocked: somebody else holds it.
            InvalidAgentId: an id that would lead out of the store.
            InvalidQuery: a longest hold that is no time.
        """
        parts = self._files.folders.parts(agent_id)
        release_here = self._here.acquire(agent_id, timeout_ms)
        with open_folder(self._files.base_dir, parts) as folder:
            held = None if folder is None else os.dup(folder)
        if held is None:
            return release_here
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(held)
            release_here()
            raise AgentLocked(
                f"Session {agent_id} is locked by another process. Try again when it is done."
            ) from None
        except OSError:
            os.close(held)  # a file system without locks
            return release_here
        return _Hold(held, release_here, timeout_ms).release


class _Hold:
    """One lock on a folder, given back once: by its holder or when its time is over."""

    def __init__(self, folder: int, release_here: Callable[[], None], timeout_ms: int) -> None:
        self._folder = folder
        self._release_here = release_here
        self._guard = threading.Lock()
        self._is_held = True
        self._timer = threading.Timer(timeout_ms / 1000, self._give_back)
        self._timer.daemon = True
        self._timer.start()

    def release(self) -> None:
        """Give the lock back; doing so late or twice changes nothing."""
        self._timer.cancel()
        self._give_back()

    def _give_back(self) -> None:
        with self._guard:
            if self._is_held:
                self._is_held = False
                os.close(self._folder)
        self._release_here()
