"""What ``check_consistency`` finds wrong with a session, in sentences for people.

The SDK compares ``message_count`` with the rows and looks for calls without id or name. Here
positions, references and the file half are looked at too; nothing is changed or created.
"""

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from stores.kode.agent_ids import id_parts
from stores.kode.records import AgentInfo
from stores.kode.safe_files import open_folder, read_tail

__all__ = ["call_issues", "file_issues", "message_issues", "missing_agent"]

_CHANNELS: Final = ("progress", "control", "monitor")
#: Folders below that of an agent whose files each hold one JSON value.
_JSON_FOLDERS: Final = (
    ("runtime",),
    ("snapshots",),
    ("history", "windows"),
    ("history", "compressions"),
)
#: A larger file is looked at up to here only.
_MAX_BYTES: Final = 256 * 1024 * 1024


def missing_agent(agent_id: str, *, has_files: bool) -> str:
    """Say that there is no such session, and what was left of it."""
    left = " Its folder of files is still there." if has_files else ""
    return f"There is no session {agent_id} in the database.{left}"


def message_issues(info: AgentInfo, seqs: Iterable[int]) -> list[str]:
    """Compare what a session says of its messages with their positions, which rise from 0."""
    places = list(seqs)
    issues = []
    if info.message_count != len(places):
        issues.append(
            f"The session says it has {info.message_count} messages, but {len(places)} are stored."
        )
    if places != list(range(len(places))):
        issues.append("The positions of the messages do not run from 0 without a gap.")
    if not -1 <= info.last_sfp_index < max(len(places), 1):
        issues.append(
            f"The last safe fork point is message {info.last_sfp_index}, which is not stored."
        )
    return issues


def call_issues(calls: Iterable[tuple[str, str]]) -> list[str]:
    """Find the calls, given as (id, name), that lack either."""
    return [
        f"A tool call lacks its id or its name (id {call_id!r}, name {name!r})."
        for call_id, name in calls
        if not call_id or not name
    ]


def file_issues(base_dir: Path, agent_id: str) -> list[str]:
    """Find the files of a session that cannot be parsed, and the torn lines of its logs."""
    parts = id_parts(agent_id)
    if parts is None:
        return []
    issues = []
    for folder_parts in _JSON_FOLDERS:
        for name, text in _files(base_dir, (*parts, *folder_parts), (".json", ".wal")):
            if not _parses(text):
                issues.append(f"The file {'/'.join((*folder_parts, name))} holds no JSON.")
    for name, text in _files(base_dir, (*parts, "events"), (".log", ".wal")):
        if name.partition(".")[0] not in _CHANNELS:
            continue
        broken = sum(1 for line in text.split(b"\n") if line.strip() and not _parses(line))
        if broken:
            issues.append(f"Lines of events/{name} that hold no JSON: {broken}.")
    return issues


def _files(
    base_dir: Path, parts: tuple[str, ...], endings: tuple[str, ...]
) -> Iterator[tuple[str, bytes]]:
    with open_folder(base_dir, parts) as folder:
        if folder is None:
            return
        for name in sorted(os.listdir(folder)):  # noqa: PTH208 - of an open folder
            if name.endswith(endings):
                found = read_tail(folder, name, max_bytes=_MAX_BYTES)
                if found is not None and not found.is_cut:
                    yield name, found.data


def _parses(text: bytes) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True
