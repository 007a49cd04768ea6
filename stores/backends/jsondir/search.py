"""Find a text in what the index does not hold: the files of each session, one after the other.

A session's file is read once for a search; what it answers is kept while the file stays the same,
so that going on with a search does not begin it anew. The SDK writes printable ASCII as it is, so
a file whose bytes do not hold such a text need not be decoded.
"""

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from stores.backends.jsondir.folders import look_at
from stores.backends.jsondir.rows import call_rows, message_rows
from stores.backends.jsondir.session_files import (
    MAX_FILE_BYTES,
    read_calls,
    read_messages,
)
from stores.kode.agent_ids import id_parts
from stores.kode.recent import Recent
from stores.kode.safe_files import open_folder, read_tail

__all__ = ["TextSearch"]

_KEPT: Final = 20_000
#: Texts that stand in the file as they are: no quotes, no escapes, nothing that spaces surround.
_PLAIN: Final = re.compile(r"[ !#-+\-./0-9;-Z^-z|~]+\Z")

Accept = Callable[[Sequence[Any]], bool]


class TextSearch:
    """Tell which messages and calls hold a text, ASCII letters in either case."""

    def __init__(self, base: Path) -> None:
        self._base = base
        self._kept: Recent[frozenset[Any]] = Recent(_KEPT)

    def in_messages(self, text: str) -> Accept:
        """Return a test of rows that begin with session id and seq."""
        seqs = self._memo("messages", text, self._message_seqs)
        return lambda row: row[1] in seqs(str(row[0]))

    def in_calls(self, text: str) -> Accept:
        """Return a test of rows that begin with the store-wide call id and the session id."""
        ids = self._memo("tool-calls", text, self._call_ids)
        return lambda row: str(row[0]).removesuffix(f"@{row[1]}") in ids(str(row[1]))

    def _memo(
        self, name: str, text: str, find: Callable[[str, str], frozenset[Any]]
    ) -> Callable[[str], frozenset[Any]]:
        """Return ``find`` for one search: each session is looked at once."""
        seen: dict[str, frozenset[Any]] = {}

        def look(agent_id: str) -> frozenset[Any]:
            if _PLAIN.match(text) and not self._mentions(name, text, agent_id):
                return frozenset()
            return find(agent_id, text)

        def matches(agent_id: str) -> frozenset[Any]:
            if agent_id not in seen:
                found = look_at(self._base, agent_id)
                mark = found.signature if found else ""
                key = f"{name}\n{text}\n{agent_id}"
                seen[agent_id] = self._kept.get(key, mark, lambda: look(agent_id))
            return seen[agent_id]

        return matches

    def _mentions(self, name: str, text: str, agent_id: str) -> bool:
        """Tell whether the bytes of a runtime file hold a text."""
        sought = text.lower().encode()
        parts = id_parts(agent_id)
        if parts is None:
            return False
        with open_folder(self._base, (*parts, "runtime")) as folder:
            if folder is None:
                return False
            reads = (
                read_tail(folder, f"{name}.{suffix}", max_bytes=MAX_FILE_BYTES)
                for suffix in ("wal", "json")
            )
            return any(found is not None and sought in found.data.lower() for found in reads)

    def _message_seqs(self, agent_id: str, text: str) -> frozenset[int]:
        says = _pattern(_in_json(text))
        rows = message_rows(agent_id, read_messages(self._base, agent_id))
        return frozenset(row["seq"] for row in rows if says(row["content"]))

    def _call_ids(self, agent_id: str, text: str) -> frozenset[str]:
        in_json, plainly = _pattern(_in_json(text)), _pattern(text)
        rows = call_rows(agent_id, read_calls(self._base, agent_id))
        return frozenset(
            row["id"]
            for row in rows
            if in_json(row["input"]) or in_json(row["result"] or "") or plainly(row["error"] or "")
        )


def _in_json(text: str) -> str:
    """Return how a text stands inside stored JSON: quotes and new lines are escaped there."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _pattern(text: str) -> Callable[[str], Any]:
    return re.compile(re.escape(text), re.ASCII | re.IGNORECASE).search
