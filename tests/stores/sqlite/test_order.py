"""Where the SDK's own order is defined, ours is that one."""

import json
from pathlib import Path

from stores.backends.sqlite.reader import SqliteReader
from stores.browse.queries import ToolCallQuery


def test_order_of_tool_calls_is_that_of_the_sdk(reader: SqliteReader, kode_data: Path) -> None:
    answers = json.loads((kode_data / "expected.json").read_text())["sqlite"]["queryToolCalls"]
    everything = next(answer for answer in answers if not answer["filter"])
    ids = [row.id for rows in reader.iter_tool_calls(ToolCallQuery()) for row in rows]
    assert ids == everything["ids"]
