"""Write one agent's rows: a conversation in turns, and a record for each tool call in it."""

from bisect import bisect
from dataclasses import dataclass, field
from itertools import accumulate, product
from random import Random

from bench.plan import AgentPlan
from bench.pools import NEEDLE, RARE_TOOL, TOOLS, Pools

__all__ = ["Conversation", "Row", "RowMaker"]

Row = tuple[object, ...]

_TRIPLES = ["".join(triple) for triple in product("0123456789abcdefghijklmnopqrstuvwxyz", repeat=3)]
_STEPS = (0, 0, 0, 0, 1, 1, 1, 2, 2, 3)
"""Tool steps in a turn; their mean of one gives 0.3 calls per message."""

_NAMES = [tool.name for tool in TOOLS]
_NAME_WEIGHTS = list(accumulate(tool.weight for tool in TOOLS))
_ASKING = frozenset(tool.name for tool in TOOLS if tool.asks)

_IMAGE_SHARE = 0.0024
"""Of the turns; 0.06 % of all messages."""

_ERRORS = (
    "ENOENT: no such file or directory, open 'src/missing.ts'",
    "Command timed out after 120000 ms",
    "Tool returned failure",
    "HTTP 502 from upstream",
    "must have required property 'path'",
)


@dataclass
class Conversation:
    """The rows of one agent."""

    messages: list[Row] = field(default_factory=list)
    tool_calls: list[Row] = field(default_factory=list)


class RowMaker:
    """Makes the rows of one agent after the other from one stream of random numbers."""

    def __init__(self, pools: Pools, rng: Random) -> None:
        self._pools = pools
        self._rng = rng
        self._bits = rng.getrandbits
        self._random = rng.random
        self._rare_calls = 0

    def conversation(self, plan: AgentPlan) -> Conversation:
        """Make exactly ``plan.messages`` messages in turns, with the calls that they hold."""
        made = Conversation()
        pace = (plan.saved_ms - plan.created_ms) / plan.messages
        rare_left, needle_left = plan.has_rare_call, plan.has_needle
        while (left := plan.messages - len(made.messages)) > 0:
            self._ask(made, plan)
            steps = _STEPS[int(self._random() * 10)]
            if rare_left and left >= 4:
                steps = max(1, steps)
            for _ in range(min(steps, (left - 2) // 2)):
                at_ms = plan.created_ms + int(len(made.messages) * pace)
                self._step(made, plan, at_ms, RARE_TOOL if rare_left else None)
                rare_left = False
            if left > 1:
                self._answer(made, plan, f"{NEEDLE} found. " if needle_left else "")
                needle_left = False
        return made

    def _message(
        self, made: Conversation, plan: AgentPlan, role: str, content: str, metadata: str | None
    ) -> None:
        bits = self._bits
        identity = (
            f"msg_{plan.saved_ms}_{_TRIPLES[bits(20) % 46656]}"
            f"{_TRIPLES[bits(20) % 46656]}{_TRIPLES[bits(20) % 46656]}"
        )
        made.messages.append(
            (identity, plan.agent_id, role, content, len(made.messages), metadata, plan.saved_ms)
        )

    def _ask(self, made: Conversation, plan: AgentPlan) -> None:
        text = f'{{"type":"text","text":"{self._pools.prompts[self._bits(10)]}"}}'
        if self._random() >= _IMAGE_SHARE:
            self._message(made, plan, "user", f"[{text}]", None)
            return
        file_id = f"https://files.example.com/v1/f-{self._bits(48):x}"
        blocks = f'[{text},{{"type":"image","mime_type":"image/png","file_id":"{file_id}"}}]'
        self._message(made, plan, "user", blocks, _preserved(blocks))

    def _answer(self, made: Conversation, plan: AgentPlan, opening: str) -> None:
        bits = self._bits
        text = f'{{"type":"text","text":"{opening}{self._pools.answers[bits(11)]}"}}'
        if self._random() >= 0.06:
            self._message(made, plan, "assistant", f"[{text}]", None)
            return
        reasoning = self._pools.prompts[bits(10)]
        blocks = f'[{{"type":"reasoning","reasoning":"{reasoning}"}},{text}]'
        self._message(made, plan, "assistant", blocks, _preserved(blocks))

    def _step(self, made: Conversation, plan: AgentPlan, at_ms: int, name: str | None) -> None:
        """Add one assistant message with one or two calls, and the message of their results."""
        uses: list[str] = []
        results: list[str] = []
        for position in range(1 + (self._random() < 0.2)):
            call_name = name if name and not position else self._tool_name()
            use, result = self._call(made, plan, at_ms + position * 40, call_name)
            uses.append(use)
            results.append(result)
        if self._random() < 0.4:
            prompt = self._pools.prompts[self._bits(10)]
            uses.insert(0, f'{{"type":"text","text":"{prompt}"}}')
        self._message(made, plan, "assistant", f"[{','.join(uses)}]", None)
        self._message(made, plan, "user", f"[{','.join(results)}]", None)

    def _tool_name(self) -> str:
        return _NAMES[min(bisect(_NAME_WEIGHTS, self._random()), len(_NAMES) - 1)]

    def _outcome(self, name: str) -> float:
        """Draw where a call ends; every third call of the rare tool fails."""
        if name != RARE_TOOL:
            return self._random()
        self._rare_calls += 1
        return 0.0 if self._rare_calls % 3 == 0 else 0.5

    def _call(self, made: Conversation, plan: AgentPlan, at_ms: int, name: str) -> tuple[str, str]:
        """Add one tool call; return its ``tool_use`` and ``tool_result`` blocks."""
        bits = self._bits
        identity = "toolu_0" + "".join(_TRIPLES[bits(20) % 46656] for _ in range(7))
        tool_input = self._pools.inputs[name][bits(7)]
        outcome = self._outcome(name)
        ending = _ENDINGS[bisect(_ENDING_SHARES, outcome)]
        duration_ms = int(self._rng.lognormvariate(5.5, 1.4)) or None
        result = self._pools.results[bits(11)] if ending.has_result else None
        error = ending.error or (_ERRORS[bits(8) % len(_ERRORS)] if ending.is_error else None)
        started_ms = at_ms + 3 if ending.is_started else None
        completed_ms = at_ms + 3 + (duration_ms or 0) if ending.is_completed else None
        updated_ms = completed_ms or at_ms + 5
        asked = ending.asks or (name in _ASKING and outcome > 0.97)
        made.tool_calls.append(
            (
                identity, plan.agent_id, name, tool_input, ending.state,
                _approval(ending, at_ms, asked=asked), result, error, int(ending.is_error),
                started_ms, completed_ms, duration_ms if ending.is_completed else None,
                at_ms, updated_ms, ending.audit(at_ms, updated_ms),
            )
        )  # fmt: skip
        use = f'{{"type":"tool_use","id":"{identity}","name":"{name}","input":{tool_input}}}'
        if result is not None:
            return use, (
                f'{{"type":"tool_result","tool_use_id":"{identity}",'
                f'"content":{{"ok":true,"data":{result}}},"is_error":false}}'
            )
        return use, (
            f'{{"type":"tool_result","tool_use_id":"{identity}",'
            f'"content":{{"ok":false,"error":"{error}"}},"is_error":true}}'
        )


@dataclass(frozen=True)
class _Ending:
    """How a call ends, as the SDK records it."""

    state: str
    share: float
    note: str
    error: str | None = None
    is_error: bool = True
    is_started: bool = True
    is_completed: bool = False
    asks: bool = False

    @property
    def has_result(self) -> bool:
        return self.state == "COMPLETED"

    def audit(self, at_ms: int, end_ms: int) -> str:
        """The audit trail as JSON."""
        start = f'[{{"state":"PENDING","timestamp":{at_ms}}}'
        if self.is_started:
            start += f',{{"state":"EXECUTING","timestamp":{at_ms + 3},"note":"execution start"}}'
        return f'{start},{{"state":"{self.state}","timestamp":{end_ms},"note":"{self.note}"}}]'


_ENDINGS = (
    _Ending("FAILED", 0.044, "execution failed"),
    _Ending("DENIED", 0.010, "policy deny", "Tool denied by policy", is_started=False, asks=True),
    _Ending("SEALED", 0.006, "auto seal", "Sealed after a crash", is_completed=True),
    _Ending(
        "APPROVAL_REQUIRED", 0.0002, "awaiting approval", is_error=False, is_started=False,
        asks=True,
    ),
    _Ending("COMPLETED", 0.9398, "execution complete", is_error=False, is_completed=True),
)  # fmt: skip
_ENDING_SHARES = list(accumulate(ending.share for ending in _ENDINGS))[:-1]


def _approval(ending: _Ending, at_ms: int, *, asked: bool) -> str:
    if not asked:
        return '{"required":false}'
    if ending.state == "APPROVAL_REQUIRED":
        return '{"required":true}'
    decision, by = ("deny", "policy") if ending.state == "DENIED" else ("allow", "api")
    return f'{{"required":true,"decision":"{decision}","decidedBy":"{by}","decidedAt":{at_ms + 2}}}'


def _preserved(blocks: str) -> str:
    return f'{{"content_blocks":{blocks},"transport":"provider"}}'
