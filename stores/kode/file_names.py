"""Names and text of the files whose form is not plain JSON under a fixed name."""

import hashlib
import math
import re
from typing import Final

from stores.browse.json_text import clean_text
from stores.errors import StoreError
from stores.kode.js_text import js_number
from stores.kode.records import RecoveredFile

__all__ = ["read_recovered", "recovered_name", "recovered_text", "snapshot_path", "time_name"]

_MAX_NAME_BYTES: Final = 255
_HASHED: Final = re.compile(r"~[0-9a-f]{64}")
_UNUSABLE: Final = re.compile("[\x00\ud800-\udfff]")
# A path may have line breaks in it, so the head ends where all three lines have come.
_HEAD: Final = re.compile(
    rb"# Recovered: (.+?)\n# Timestamp: (-?\d{1,18})[^\n]*\n# Mtime: (-?\d{1,18})[^\n]*\n\n",
    re.DOTALL,
)


def time_name(timestamp: int, suffix: str) -> str:
    """Return ``<timestamp><suffix>``.

    Raises:
        StoreError: the time is no number, so it may not become a file name.
    """
    return f"{_number('timestamp', timestamp)}{suffix}"


def recovered_name(file: RecoveredFile) -> str:
    """Return ``<path with _ for />_<timestamp>.txt``; a path too long for a name is hashed.

    Readers take the path from the file's head, so the name only has to differ.

    Raises:
        StoreError: the time is no number.
    """
    end = time_name(file.timestamp, ".txt")
    flat = _UNUSABLE.sub("_", file.path.replace("/", "_").replace("\\", "_"))
    if len(flat.encode()) + len(end) + 1 > _MAX_NAME_BYTES:
        flat = f"~{hashlib.sha256(file.path.encode(errors='surrogatepass')).hexdigest()}"
    return f"{flat}_{end}"


def recovered_text(file: RecoveredFile) -> bytes:
    """Return three lines of head, an empty one, and the content as it is.

    Raises:
        StoreError: a time that is no number, or a path that is empty.
    """
    if not file.path:
        raise StoreError("A recovered file has a path.")
    head = (
        f"# Recovered: {file.path}\n"
        f"# Timestamp: {_number('timestamp', file.timestamp)}\n"
        f"# Mtime: {_number('mtime', file.mtime)}\n\n"
    )
    return clean_text(head + file.content).encode()


def read_recovered(data: bytes) -> RecoveredFile | None:
    """Return the file of such a text, None when the head is not whole; mtime in whole ms."""
    head = _HEAD.match(data)
    if head is None:
        return None
    return RecoveredFile(
        path=head[1].decode(errors="replace"),
        content=data[head.end() :].decode(errors="replace"),
        mtime=int(head[3]),
        timestamp=int(head[2]),
    )


def snapshot_path(snapshot_id: str) -> tuple[str, ...]:
    """Return where below ``snapshots`` the file of a snapshot is.

    The SDK pastes the id into the path, so ``a/b`` is ``a/b.json`` there. An id that leads
    elsewhere, or that no name can hold, becomes a hash; the id itself is in the file.
    """
    *folders, last = snapshot_id.split("/")
    names = (*folders, f"{last}.json")
    is_usable = (
        not _UNUSABLE.search(snapshot_id)
        and not _HASHED.fullmatch(snapshot_id)
        and all(len(name.encode()) <= _MAX_NAME_BYTES for name in names)
        and len(names) <= 8
        and not any(name in ("", ".", "..") or name.endswith(".json") for name in folders)
    )
    if is_usable:
        return names
    digest = hashlib.sha256(snapshot_id.encode(errors="surrogatepass")).hexdigest()
    return (f"~{digest}.json",)


def _number(name: str, value: object) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if not is_number or not math.isfinite(value) or abs(value) >= 1e18:  # type: ignore[arg-type]
        raise StoreError(f"The {name} of this record is not a time in milliseconds.")
    return js_number(value)  # type: ignore[arg-type]
