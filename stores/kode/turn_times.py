"""Date the turns of a session: their rows only know when the session was last saved.

A turn is bound to a mark by what cannot be mistaken first
(call ids, texts that occur once), then by order between those. What stays unbound has no time.
"""

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence

from stores.browse.records import ToolCall, Turn
from stores.browse.transcript import TurnTimes
from stores.kode.log_marks import TEXT_KEY_CHARS, Mark

__all__ = ["MarkIndex", "times_from_marks"]


def times_from_marks(
    marks: "Sequence[Mark] | MarkIndex",
    turns: Sequence[Turn],
    *,
    is_start: bool = False,
    is_end: bool = False,
) -> TurnTimes:
    """Return times and tokens by seq.

    ``is_start``: the first mark is not later than the first turn; ``is_end``: the last turn is
    the last one of the session. They tell from which side repeated texts can be counted.
    """
    index = marks if isinstance(marks, MarkIndex) else MarkIndex(marks)
    marks = index.marks
    calls = {
        block.get("id"): block.call
        for turn in turns
        for block in turn.blocks
        if block.type == "tool_use" and block.call is not None
    }
    start = -1 if is_start else None
    stop = len(marks) if is_end else None
    places = _assistant_places(index, turns, start, stop)
    _place_results(index, turns, places)
    _place_user_turns(index, turns, places, start, stop)
    at: dict[int, int] = {}
    latest = 0
    for number, turn in enumerate(turns):
        place = places.get(number)
        found = marks[place].at if place is not None else None
        if found is None or turn.kind == "results":
            # A call that a crash left open ended when it was sealed, long after the others.
            known = (at for at in (found, _time_of_calls(turn, calls)) if at is not None)
            found = max(known, default=None)
        if found is not None and found >= latest:
            at[turn.seq] = latest = found
    return TurnTimes(at, _tokens(index, turns, places))


class MarkIndex:
    """Where in the order of marks each thing is; made once for a log and then only read."""

    def __init__(self, marks: Sequence[Mark]) -> None:
        self.marks = marks
        self.texts: dict[str, list[int]] = defaultdict(list)
        self.starts: dict[str, int] = {}
        self.ends: dict[str, int] = {}
        self.work: list[int] = []
        self.steps: list[int] = []
        self.tokens: list[int] = []
        for place, mark in enumerate(marks):
            if mark.kind == "text":
                self.texts[mark.key].append(place)
            elif mark.kind == "start":
                self.starts.setdefault(mark.key, place)
            elif mark.kind == "end":
                self.ends[mark.key] = place
            else:
                {"work": self.work, "step": self.steps, "tokens": self.tokens}[mark.kind].append(
                    place
                )

    def between(self, places: list[int], low: int, high: int) -> list[int]:
        """Return those of sorted places that lie strictly between two."""
        return places[bisect_right(places, low) : bisect_left(places, high)]


def _assistant_places(
    index: MarkIndex, turns: Sequence[Turn], start: int | None, stop: int | None
) -> dict[int, int]:
    """Bind assistant turns: by call or unmistakable text, then by order in the gaps."""
    keys = {
        number: _text_key(turn) for number, turn in enumerate(turns) if turn.kind == "assistant"
    }
    counts = Counter(keys.values())
    places: dict[int, int] = {}
    low = -1
    for number, key in keys.items():
        place = _sure_place(index, turns[number], key if counts[key] == 1 else "")
        if place is not None and place > low:
            places[number] = low = place
    gaps: list[list[int]] = [[]]
    bounds: list[int | None] = [start]
    for number in keys:
        if number in places:
            gaps.append([])
            bounds.append(places[number])
        else:
            gaps[-1].append(number)
    bounds.append(stop)
    for place, gap in enumerate(gaps):
        _fill_gap(
            index, {number: keys[number] for number in gap}, bounds[place : place + 2], places
        )
    return places


def _sure_place(index: MarkIndex, turn: Turn, key: str) -> int | None:
    starts = (
        index.starts.get(block.get("id")) for block in turn.blocks if block.type == "tool_use"
    )
    place = next((start for start in starts if start is not None), None)
    found = index.texts.get(key) if key and place is None else None
    return found[0] if found and len(found) == 1 else place


def _fill_gap(
    index: MarkIndex, keys: Mapping[int, str], bounds: Sequence[int | None], places: dict[int, int]
) -> None:
    """Bind repeated texts in order from a side that is known, else only when all are there."""
    low, high = bounds
    first = -1 if low is None else low
    last = len(index.marks) if high is None else high
    if low is None and high is None and not _is_exact(index, keys, first, last):
        return
    is_forward = low is not None or high is None
    order = sorted(keys, reverse=not is_forward)
    for number in order:
        found = index.between(index.texts.get(keys[number], []), first, last)
        if not found:
            continue
        places[number] = found[0] if is_forward else found[-1]
        first, last = (found[0], last) if is_forward else (first, found[-1])


def _is_exact(index: MarkIndex, keys: Mapping[int, str], low: int, high: int) -> bool:
    counts = Counter(keys.values())
    return all(
        len(index.between(index.texts.get(key, []), low, high)) == count
        for key, count in counts.items()
    )


def _place_results(index: MarkIndex, turns: Sequence[Turn], places: dict[int, int]) -> None:
    for number, turn in enumerate(turns):
        if turn.kind == "results":
            ends = [index.ends.get(block.get("tool_use_id")) for block in turn.blocks]
            known = [end for end in ends if end is not None]
            if known:
                places[number] = max(known)


def _place_user_turns(
    index: MarkIndex,
    turns: Sequence[Turn],
    places: dict[int, int],
    start: int | None,
    stop: int | None,
) -> None:
    """Bind what a person or the system said to the moment the agent began to work on it."""
    group: list[int] = []
    for number, turn in enumerate(turns):
        if turn.kind in ("user", "reminder"):
            group.append(number)
            continue
        _place_group(index, group, start, places.get(number), places)
        start, group = places.get(number), []
    _place_group(index, group, start, stop, places)


def _place_group(
    index: MarkIndex,
    group: Sequence[int],
    start: int | None,
    stop: int | None,
    places: dict[int, int],
) -> None:
    if not group or (stop is None and start is None):
        return
    low, high = -1 if start is None else start, len(index.marks) if stop is None else stop
    work = index.between(index.work, low, high)
    if start is None:
        group, work = group[-1:], work[-1:]
    for order, number in enumerate(group if work else ()):
        is_last = order == len(group) - 1 and stop is not None
        places[number] = work[-1 if is_last else min(order, len(work) - 1)]


def _time_of_calls(turn: Turn, calls: Mapping[str, ToolCall]) -> int | None:
    """Return what the rows tell: made with the assistant's turn, ended before the results'."""
    if turn.kind == "assistant":
        made = [block.call.created_at for block in turn.blocks if block.call is not None]
        return min((at for at in made if at is not None), default=None)
    if turn.kind != "results":
        return None
    rows = (calls.get(block.get("tool_use_id")) for block in turn.blocks)
    ended = [_ended_at(row) for row in rows if row is not None]
    return max((at for at in ended if at is not None), default=None)


def _ended_at(call: ToolCall) -> int | None:
    if call.completed_at is not None:
        return call.completed_at
    return call.audit_trail[-1].at if call.audit_trail else None


def _tokens(index: MarkIndex, turns: Sequence[Turn], places: Mapping[int, int]) -> dict[int, int]:
    """Add up what each step used; a step is from one PRE_MODEL to the next."""
    found: dict[int, int] = {}
    for number, turn in enumerate(turns):
        place = places.get(number)
        if turn.kind != "assistant" or place is None:
            continue
        step = bisect_right(index.steps, place)
        low = index.steps[step - 1] if step else -1
        high = index.steps[step] if step < len(index.steps) else len(index.marks)
        used = index.between(index.tokens, low, high)
        if used:
            found[turn.seq] = sum(index.marks[token].tokens for token in used)
    return found


def _text_key(turn: Turn) -> str:
    return next((block.text[:TEXT_KEY_CHARS] for block in turn.blocks if block.type == "text"), "")
