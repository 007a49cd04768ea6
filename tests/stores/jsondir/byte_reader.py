"""A reader of JSON stores that shares no code with the product: it follows the layout alone.

What it returns is what the SDK's ``JSONStore`` would: parsed JSON, WAL before main file, lines of
the log and then of its WAL. It refuses any file whose text is not spelt as the SDK spells it.
"""

import json
import re
from pathlib import Path
from typing import Any

__all__ = ["read_agent", "tree"]

_HEAD = re.compile(r"# Recovered: (.+)\n# Timestamp: (\d+)\n# Mtime: (\d+)(?:\.\d+)?\n\n")
_CHANNELS = ("progress", "control", "monitor")


def tree(base: Path) -> set[str]:
    """Return the paths of all files below a store."""
    return {str(path.relative_to(base)) for path in base.rglob("*") if path.is_file()}


def read_agent(base: Path, agent_id: str) -> dict[str, Any]:
    """Return everything that is kept of an agent, as parsed JSON."""
    folder = base / agent_id
    return {
        "info": _json(folder / "meta.json"),
        "messages": _rows(folder / "runtime", "messages"),
        "calls": _rows(folder / "runtime", "tool-calls"),
        "todos": _json(folder / "runtime" / "todos.json"),
        "media": _json(folder / "runtime" / "media-cache.json"),
        "events": [event for name in _CHANNELS for event in _events(folder / "events", name)],
        "windows": _by_time(folder / "history" / "windows"),
        "compressions": _by_time(folder / "history" / "compressions"),
        "recovered": [_recovered(path) for path in sorted((folder / "history").rglob("*.txt"))],
        "snapshots": {
            str(path.relative_to(folder / "snapshots"))[:-5]: _json(path)
            for path in sorted((folder / "snapshots").rglob("*.json"))
        },
    }


def _json(path: Path) -> Any:
    if not path.exists():
        return None
    text = path.read_bytes().decode("utf-8")
    value = json.loads(text)
    assert not text.endswith("\n"), f"{path.name} ends in a line feed"
    # Indented by two; non-ASCII raw, a lone surrogate as an escape in lower case.
    spelt = json.dumps(value, indent=2, ensure_ascii=False)
    spelt = re.sub("[\ud800-\udfff]", lambda found: f"\\u{ord(found[0]):04x}", spelt)
    assert text == spelt, f"{path.name} is spelt in another way"
    return value


def _rows(runtime: Path, name: str) -> Any:
    wal = runtime / f"{name}.wal"
    if wal.exists():
        text = wal.read_text("utf-8")
        assert "\n" not in text
        value = json.loads(text)
        assert list(value) == ["data", "timestamp"]
        return value["data"]
    return _json(runtime / f"{name}.json")


def _events(folder: Path, channel: str) -> list[Any]:
    found = []
    for path in (folder / f"{channel}.log", folder / f"{channel}.wal"):
        if path.exists():
            text = path.read_bytes().decode("utf-8")
            assert text.endswith("\n")
            for line in text[:-1].split("\n"):
                found.append(json.loads(line))
                assert list(found[-1])[:3] == ["cursor", "bookmark", "event"]
    return found


def _by_time(folder: Path) -> list[Any]:
    found = []
    for path in folder.glob("*.json"):
        found.append(_json(path))
        assert path.name == f"{found[-1]['timestamp']}.json"
    return sorted(found, key=lambda value: value["timestamp"])


def _recovered(path: Path) -> dict[str, Any]:
    text = path.read_bytes().decode("utf-8")
    head = _HEAD.match(text)
    assert head
    return {"path": head[1], "timestamp": int(head[2]), "content": text[head.end() :]}
