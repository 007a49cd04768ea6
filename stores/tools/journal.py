"""What a run of prune is deleting, noted outside the store until it is done."""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

from stores.kode.store import ExtendedStore

__all__ = ["Journal"]


class Journal:
    """The ids that a run is deleting, kept outside the store, so that a killed one is finished.

    A session that is deleted loses its rows first. What a kill in between leaves are files
    without rows, which the next run removes because it finds them named here.
    """

    def __init__(self, path: Path | None) -> None:
        self._path = path

    def begin(self, agent_ids: Iterable[str]) -> None:
        """Note what is going to be deleted."""
        if self._path is None:
            return
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        temporary = self._path.with_suffix(".tmp")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with open(descriptor, "w", encoding="ascii") as file:  # noqa: PTH123 - of a descriptor
            json.dump(list(agent_ids), file)
            file.flush()
            os.fsync(file.fileno())
        temporary.rename(self._path)

    def end(self) -> None:
        """Forget it: all of it is done."""
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def finish(self, store: ExtendedStore) -> list[str]:
        """Remove what a killed run left of sessions that have no row any more; return their ids.

        A session that still has its row is whole, and is judged again like any other.
        """
        finished = []
        for agent_id in self._left():
            if not store.exists(agent_id):
                store.delete(agent_id)
                finished.append(agent_id)
        self.end()
        return finished

    def _left(self) -> Iterator[str]:
        if self._path is None:
            return
        try:
            found = json.loads(self._path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            return
        yield from (item for item in found if isinstance(item, str))
