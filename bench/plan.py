"""Who is in the generated store: one small plan per agent, so that any size streams.

The shape is drawn first and the rows are made from it, agent by agent, in the order in which the
agents were last saved: that is the order in which the SDK would have left the rows.
"""

from bisect import bisect
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from random import Random

__all__ = [
    "AGENT_OF_200",
    "AGENT_OF_5000",
    "RARE_CALLS",
    "RARE_TEMPLATE",
    "TEMPLATES",
    "AgentPlan",
    "make_plans",
]

TEMPLATES = (
    "code-reviewer", "data-analyst", "support-desk", "ops-watch", "researcher", "planner",
    "chat-assistant", "test-writer", "release-notes", "bug-triage", "sql-helper", "doc-writer",
    "translator", "refactorer", "security-audit", "cost-report", "onboarding", "incident-commander",
    "log-reader", "ledger-clerk",
)  # fmt: skip
RARE_TEMPLATE = TEMPLATES[-1]
RARE_TEMPLATE_AGENTS = 6
RARE_CALLS = 12
"""Calls of the rare tool in the whole store, whatever its size."""

MESSAGES_PER_AGENT = 193.8
NEEDLES = 10

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_END_MS = 1_790_812_800_000
_SPAN_MS = 120 * 86_400_000
_AGENT_TAIL = "BENCHSTATEDAGENT"


@dataclass(frozen=True, order=True)
class AgentPlan:
    """One agent before its rows exist; sorts by the time of its last save."""

    saved_ms: int
    agent_id: str
    template_id: str
    lineage: tuple[str, ...]
    created_ms: int
    messages: int
    is_delegated: bool = False
    has_rare_call: bool = False
    has_needle: bool = False


def _agent_id(created_ms: int, tail: str) -> str:
    stamp = "".join(_CROCKFORD[created_ms >> shift & 31] for shift in range(45, -5, -5))
    return f"agt-{stamp}{tail}"


def _stated(days_before_end: int, digit: str) -> tuple[int, str]:
    created_ms = _END_MS - days_before_end * 86_400_000
    return created_ms, _agent_id(created_ms, _AGENT_TAIL[:-1] + digit)


_CREATED_200, AGENT_OF_200 = _stated(31, "2")
_CREATED_5000, AGENT_OF_5000 = _stated(30, "5")


def make_plans(messages: int, rng: Random) -> list[AgentPlan]:
    """Draw the agents of a store of exactly ``messages`` messages, oldest save first."""
    count = max(24, round(messages / MESSAGES_PER_AGENT))
    sizes = _sizes(messages - 5_200, count - 2, rng)
    templates = _templates(count, rng)
    plans = [
        _plan(AGENT_OF_5000, _CREATED_5000, 5_000, templates[0], rng),
        _plan(AGENT_OF_200, _CREATED_200, 200, templates[1], rng),
    ]
    starts = sorted(_END_MS - int(rng.random() * _SPAN_MS) for _ in range(count - 2))
    for created_ms, size, template in zip(starts, sizes, templates[2:], strict=True):
        plans.append(_next_plan(plans, created_ms, size, template, rng))
    return _with_marks(sorted(plans), rng)


def _sizes(total: int, count: int, rng: Random) -> list[int]:
    """Split ``total`` into ``count`` log-normal parts of at least two."""
    weights = [min(12.0, rng.lognormvariate(0.0, 0.9)) for _ in range(count)]
    scale = (total - 2 * count) / sum(weights)
    sizes = [2 + int(weight * scale) for weight in weights]
    for index in range(total - sum(sizes)):
        sizes[index % count] += 1
    return sizes


def _templates(count: int, rng: Random) -> list[str]:
    """Draw a template per agent, very unevenly; the last one has exactly six agents."""
    cumulative = list(accumulate(1 / (rank + 1) ** 1.3 for rank in range(len(TEMPLATES) - 1)))
    drawn = [TEMPLATES[bisect(cumulative, rng.random() * cumulative[-1])] for _ in range(count)]
    for step in range(RARE_TEMPLATE_AGENTS):
        drawn[2 + step * (count - 2) // RARE_TEMPLATE_AGENTS] = RARE_TEMPLATE
    return drawn


def _plan(agent_id: str, created_ms: int, size: int, template: str, rng: Random) -> AgentPlan:
    saved_ms = created_ms + int(size * rng.uniform(2_000, 9_000))
    return AgentPlan(saved_ms, agent_id, template, (), created_ms, size)


def _next_plan(
    plans: Sequence[AgentPlan], created_ms: int, size: int, template: str, rng: Random
) -> AgentPlan:
    """Draw one more agent: mostly a root, sometimes a fork or a delegate of an earlier one."""
    saved_ms = created_ms + int(size * rng.uniform(2_000, 9_000))
    kind = rng.random()
    parent = plans[rng.randrange(max(0, len(plans) - 40), len(plans))]
    lineage = (*parent.lineage, parent.agent_id) if kind < 0.08 and len(parent.lineage) < 3 else ()
    if lineage and kind < 0.03:
        agent_id = f"{parent.agent_id}/fork-{created_ms}"
    else:
        agent_id = _agent_id(created_ms, "".join(rng.choices(_CROCKFORD, k=16)))
    return AgentPlan(
        saved_ms,
        agent_id,
        template,
        lineage,
        created_ms,
        size,
        is_delegated=bool(lineage) and kind >= 0.03,
    )


def _with_marks(plans: list[AgentPlan], rng: Random) -> list[AgentPlan]:
    """Spread the twelve rare calls and the ten needles over the store."""
    big = [index for index, plan in enumerate(plans) if plan.messages >= 12]
    for index in rng.sample(big, min(RARE_CALLS, len(big))):
        plans[index] = replace(plans[index], has_rare_call=True)
    for index in rng.sample(big, min(NEEDLES, len(big))):
        plans[index] = replace(plans[index], has_needle=True)
    return plans
