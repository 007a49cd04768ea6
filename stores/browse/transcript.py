"""Build the turns of a session from its stored messages, whichever backend they came from.

Cards are drawn from the message blocks and joined to their rows, because a fork has the blocks
of its parent without the rows, and a running call has a block and no row yet (product F9, F18).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final

from stores.browse.blocks import block_from_item
from stores.browse.json_text import cut_text, parse_json, parse_json_prefix, to_text
from stores.browse.previews import is_reminder
from stores.browse.records import Block, ToolCall, Turn

__all__ = ["RawMessage", "TurnTimes", "build_turns", "call_ids_of", "with_times"]

_ROLES: Final = frozenset({"user", "assistant", "system"})
_COPY_SUFFIX: Final = re.compile(r"_fork_\d+\Z")


@dataclass(frozen=True)
class RawMessage:
    """One stored message. ``content`` is its JSON text, the start of it when ``is_cut``."""

    seq: int
    role: str
    content: str | bytes | None
    size_bytes: int
    is_cut: bool = False


@dataclass(frozen=True)
class TurnTimes:
    """What the event logs tell about turns: time in ms and tokens, by seq."""

    at: Mapping[int, int] = field(default_factory=dict)
    tokens: Mapping[int, int] = field(default_factory=dict)


def build_turns(
    messages: Sequence[RawMessage],
    calls: Mapping[str, ToolCall],
    *,
    owner: str,
    times: TurnTimes | None = None,
    preview_bytes: int = 8192,
) -> tuple[Turn, ...]:
    """Return the turns of a window, each tool_use with its row and its result.

    ``calls`` are rows by id: those of the window's tool_use ids in any session of the lineage,
    and the ``<id>_fork_<n>`` ones of batch copies. ``owner`` is the session that is shown.
    """
    drafts = [_draft(message, preview_bytes) for message in messages]
    _join(drafts, _Rows(calls, owner))
    turns = (draft.turn() for draft in drafts)
    return with_times(turns, times) if times else tuple(turns)


def with_times(turns: Iterable[Turn], times: TurnTimes) -> tuple[Turn, ...]:
    """Return the turns with what is known of their times and tokens."""
    at, tokens = times.at, times.tokens
    # Built by hand: dataclasses.replace looks at every field of every turn of a page.
    return tuple(
        Turn(
            turn.seq,
            turn.role,
            turn.kind,
            turn.blocks,
            at.get(turn.seq),
            tokens.get(turn.seq),
            turn.size_bytes,
            turn.raw,
            turn.problems,
        )
        for turn in turns
    )


def call_ids_of(turns: Iterable[Turn]) -> tuple[str, ...]:
    """Return the ids of the tool_use blocks, to fetch their rows."""
    blocks = (block for turn in turns for block in turn.blocks if block.type == "tool_use")
    return tuple(dict.fromkeys(name for block in blocks if (name := block.get("id"))))


@dataclass
class _Draft:
    """A turn whose blocks are still being joined."""

    message: RawMessage
    role: str
    problems: list[str]
    blocks: list[Block] = field(default_factory=list)
    raw: str | None = None

    def turn(self) -> Turn:
        role = self.role if self.role in _ROLES else "system"
        return Turn(
            seq=self.message.seq,
            role=self.role,
            kind=role if self.raw is not None else _kind(role, self.blocks),
            blocks=tuple(self.blocks),
            size_bytes=self.message.size_bytes,
            raw=self.raw,
            problems=tuple(self.problems),
        )


def _draft(message: RawMessage, preview_bytes: int) -> _Draft:
    text, is_good = to_text(message.content)
    role, is_good_role = to_text(message.role)
    draft = _Draft(message, role, [] if is_good else ["content is not UTF-8 text"])
    if not is_good_role or role not in _ROLES:
        draft.problems.append(f"unknown role {role[:40]!r}")
    items = _items(text, message, draft.problems)
    if items is None:
        draft.raw = cut_text(text, preview_bytes)[0]
        return draft
    blocks = draft.blocks
    for index, item in enumerate(items):
        blocks.append(block_from_item(index, item, preview_bytes=preview_bytes))
    strange = [block.index for block in blocks if block.type == "unknown"]
    draft.problems += [f"block {index} has no known shape" for index in strange[:3]]
    if message.is_cut and blocks:
        known = sum(block.size_bytes for block in blocks[:-1])
        rest = max(message.size_bytes - known, blocks[-1].size_bytes)
        blocks[-1] = replace(blocks[-1], is_cut=True, size_bytes=rest, value=None)
    return draft


def _items(text: str, message: RawMessage, problems: list[str]) -> list[Any] | None:
    """Return the elements of a message's content, None when it is no list of blocks."""
    if message.is_cut:
        problems.append("the message is too large to be shown whole")
        return parse_json_prefix(text) or None
    value, problem = parse_json(text)
    if problem is None and isinstance(value, list):
        return value
    problems.append(f"content: {problem or 'not a list of blocks'}")
    return None


def _kind(role: str, blocks: Sequence[Block]) -> str:
    if role == "assistant":
        return role
    texts = [block.text for block in blocks if block.type == "text"]
    if role != "user":
        is_summary = bool(texts) and texts[0].lstrip().startswith("<context-summary")
        return "summary" if is_summary else "system"
    others = {block.type for block in blocks} - {"text"}
    if texts and all(map(is_reminder, texts)) and not others - {"tool_result"}:
        return "results" if others else "reminder"
    return "results" if others == {"tool_result"} and not texts else "user"


class _Rows:
    """Finds the tool-call row that belongs to a block."""

    def __init__(self, calls: Mapping[str, ToolCall], owner: str) -> None:
        self._calls = calls
        self._owner = owner
        self._copies: dict[str, ToolCall] = {}
        for name, call in calls.items():
            original = _COPY_SUFFIX.sub("", name)
            if original != name and call.agent_id == owner:
                self._copies[original] = call

    def find(self, call_id: str) -> tuple[ToolCall | None, bool]:
        """Return the row of a call and whether it belongs to another session."""
        call = self._calls.get(call_id)
        if call is not None and call.agent_id == self._owner:
            return call, False
        copy = self._copies.get(call_id)
        return (copy, False) if copy is not None else (call, call is not None)


def _join(drafts: Sequence[_Draft], rows: _Rows) -> None:
    """Give each tool_use its row and its result; mark the results that are drawn there."""
    waiting: dict[str, list[tuple[_Draft, int]]] = defaultdict(list)
    for draft in drafts:
        for place, block in enumerate(draft.blocks):
            if block.type == "tool_result":
                waiting[block.get("tool_use_id")].append((draft, place))
    for draft in drafts:
        for place, block in enumerate(draft.blocks):
            if block.type == "tool_use" and (call_id := block.get("id")):
                seq, result = _take(waiting.get(call_id), draft.message.seq)
                call, is_inherited = rows.find(call_id)
                draft.blocks[place] = replace(
                    block, call=call, is_inherited=is_inherited, result=result, result_seq=seq
                )


def _take(results: list[tuple[_Draft, int]] | None, seq: int) -> tuple[int | None, Block | None]:
    """Take the first result behind the call; ids may repeat, and results may come before."""
    if not results:
        return None, None
    behind = (index for index, (draft, _) in enumerate(results) if draft.message.seq > seq)
    draft, place = results.pop(next(behind, 0))
    draft.blocks[place] = block = replace(draft.blocks[place], is_paired=True)
    return draft.message.seq, block
