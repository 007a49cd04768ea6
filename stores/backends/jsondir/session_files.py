"""Read the JSON files of one session as a writer left them: torn, ahead in a WAL, or broken.

The SDK writes ``<name>.wal``, then a temporary file, renames that to ``<name>.json`` and removes
the WAL; so a WAL that parses is the newest state, whatever the times say. ``meta.json`` is
overwritten in place and may be seen half written, so what does not parse is read once more.
"""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from stores.backends.jsondir.folders import META, json_names
from stores.browse.json_text import to_text
from stores.kode.agent_ids import id_parts
from stores.kode.safe_files import open_folder, read_tail, signature

__all__ = ["JsonFile", "SnapshotFile", "read_calls", "read_info", "read_messages", "read_snapshots"]

#: Larger files are not taken into memory; their session is marked.
MAX_FILE_BYTES: Final = 128 << 20
_RETRY_AFTER_S: Final = 0.01
_BROKEN_PREFIX: Final = 800
# An integer longer than this is not converted by Python; its digits are kept as text.
_MAX_DIGITS: Final = 4000


@dataclass(frozen=True)
class JsonFile:
    """What a file holds. ``value`` is None without a file; ``problem`` says what is wrong.

    ``text`` is the start of a file that could not be understood. ``saved_at`` is its time in ms.
    """

    value: Any = None
    problem: str = ""
    text: str = ""
    saved_at: int = 0


@dataclass(frozen=True)
class SnapshotFile:
    """One file of ``snapshots/``; its name is the snapshot's id."""

    snapshot_id: str
    file: JsonFile


def read_info(base: Path, agent_id: str) -> JsonFile:
    """Return ``meta.json``, an object or a problem."""
    return _in_folder(base, agent_id, (), lambda folder: _read(folder, META, dict))


def read_messages(base: Path, agent_id: str) -> JsonFile:
    """Return the messages, a list or a problem."""
    return _in_folder(base, agent_id, ("runtime",), lambda folder: _runtime(folder, "messages"))


def read_calls(base: Path, agent_id: str) -> JsonFile:
    """Return the tool-call records, a list or a problem."""
    return _in_folder(base, agent_id, ("runtime",), lambda folder: _runtime(folder, "tool-calls"))


def read_snapshots(base: Path, agent_id: str) -> tuple[SnapshotFile, ...]:
    """Return the snapshots by name; a broken one is there with its problem."""
    parts = id_parts(agent_id)
    if parts is None:
        return ()
    with open_folder(base, (*parts, "snapshots")) as folder:
        if folder is None:
            return ()
        try:
            names = json_names(folder)
        except OSError:
            return ()
        found = ((name, _read(folder, name, dict)) for name in names)
        return tuple(
            SnapshotFile(to_text(name.removesuffix(".json"))[0], file)
            for name, file in found
            if file.value is not None or file.problem
        )


def _in_folder(
    base: Path, agent_id: str, inner: tuple[str, ...], read: Callable[[int], JsonFile]
) -> JsonFile:
    parts = id_parts(agent_id)
    if parts is None:
        return JsonFile()
    with open_folder(base, (*parts, *inner)) as folder:
        return JsonFile() if folder is None else read(folder)


def _runtime(folder: int, name: str) -> JsonFile:
    """Return the list of one runtime file, the WAL's where it has one that parses."""
    wal = _read(folder, f"{name}.wal", dict)
    if isinstance(wal.value, dict) and isinstance(wal.value.get("data"), list):
        at = wal.value.get("timestamp")
        return JsonFile(wal.value["data"], saved_at=at if type(at) is int else wal.saved_at)
    main = _read(folder, f"{name}.json", list)
    if wal.value is None and not wal.problem:
        return main
    problem = wal.problem or f"{name}.wal holds no list"
    return JsonFile(main.value, main.problem or problem, main.text, main.saved_at or wal.saved_at)


def _read(folder: int, name: str, shape: type) -> JsonFile:
    found = _parse(folder, name, shape)
    if found.problem:
        time.sleep(_RETRY_AFTER_S)
        found = _parse(folder, name, shape)
    return found


def _parse(folder: int, name: str, shape: type) -> JsonFile:
    mark = signature(folder, name)
    if mark is None:
        return JsonFile()
    saved_at = mark[0] // 1_000_000
    if mark[1] > MAX_FILE_BYTES:
        size = MAX_FILE_BYTES >> 20
        return JsonFile(problem=f"{name} is larger than {size} MB", saved_at=saved_at)
    found = read_tail(folder, name, max_bytes=MAX_FILE_BYTES)
    if found is None:
        return JsonFile(problem=f"{name} cannot be opened", saved_at=saved_at)
    if found.is_cut:
        return JsonFile(problem=f"{name} grew while it was read", saved_at=saved_at)
    text, is_good = to_text(found.data)
    value, problem = _value(text)
    if not problem and not isinstance(value, shape):
        problem = "not a list" if shape is list else "not an object"
    if problem:
        start = text[:_BROKEN_PREFIX]
        return JsonFile(problem=f"{name}: {problem}", text=start, saved_at=saved_at)
    return JsonFile(value, "" if is_good else f"{name} is not UTF-8 text", saved_at=saved_at)


def _value(text: str) -> tuple[Any, str]:
    """Decode; one deep message is that message's problem, not the file's, so depth is free."""
    try:
        try:
            return json.loads(text), ""
        except json.JSONDecodeError:
            raise
        except ValueError:
            return json.loads(text, parse_int=_integer), ""
    except RecursionError:
        return None, "nested too deep"
    except ValueError:
        return None, "empty" if not text.strip() else "not valid JSON"


def _integer(digits: str) -> int | str:
    return int(digits) if len(digits) < _MAX_DIGITS else digits
