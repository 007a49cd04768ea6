"""Event logs for tests, spelt as the SDK spells them."""

import json
from pathlib import Path
from typing import Any

from stores.kode.file_reader import SessionFiles

__all__ = ["make_line", "seqs", "write_log"]


def make_line(seq: int, kind: str = "state_changed", at: int | None = None, **data: Any) -> str:
    """Return one line of an event log, as the SDK spells it."""
    bookmark = {"seq": seq, "timestamp": 1_000 + seq if at is None else at}
    event = {"channel": "monitor", "type": kind, **data, "bookmark": bookmark}
    entry = {"cursor": seq, "bookmark": bookmark, "event": event}
    return json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n"


def write_log(base: Path, agent_id: str, name: str, content: str | bytes) -> Path:
    """Write a file into the events folder of a session and return its path."""
    path = base.joinpath(*agent_id.split("/"), "events", name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def seqs(files: SessionFiles, agent_id: str = "a", **options: Any) -> list[int]:
    return [event.seq for event in files.read_events(agent_id, "monitor", **options).events]
