"""The row of one agent in ``agents``, with metadata of the size that the SDK writes."""

import json
from datetime import UTC, datetime
from random import Random

from bench.plan import TEMPLATES, AgentPlan
from bench.pools import TOOLS
from bench.rows import Row

__all__ = ["FAKE_KEY", "AgentRowMaker", "iso_ms"]

FAKE_KEY = "sk-bench-not-a-key"
"""The start of each planted provider key: no page may ever contain it."""

_MODELS = (
    ("anthropic", "claude-sonnet-4-5-20250929"),
    ("openai", "gpt-5.2"),
    ("gemini", "gemini-2.5-pro"),
)


def iso_ms(at_ms: int) -> str:
    """Format a time as ``Date.toISOString`` does."""
    moment = datetime.fromtimestamp(at_ms / 1000, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z"


class AgentRowMaker:
    """Makes agent rows; the long middle part of the metadata is made once per template."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._middles = {template: self._middle(template) for template in TEMPLATES}

    def _middle(self, template: str) -> str:
        provider, model = self._rng.choice(_MODELS)
        tools = [
            {
                "source": "registered",
                "name": tool.name,
                "registryId": tool.name,
                "config": {"timeoutMs": 120_000, "maxOutputBytes": 262_144},
                "metadata": {
                    "tuned": False,
                    "access": "write" if tool.asks else "read",
                    "mutates": tool.asks,
                },
            }
            for tool in TOOLS
        ]
        document = {
            "templateId": template,
            "templateVersion": f"1.{self._rng.randrange(9)}.0",
            "sandboxConfig": {
                "kind": "local",
                "workDir": f"/srv/agents/{template}",
                "watchFiles": False,
            },
            "tools": tools,
            "exposeThinking": False,
            "retainThinking": True,
            "multimodalContinuation": "history",
            "permission": {"mode": "auto"},
            "modelConfig": {"provider": provider, "model": model, "apiKey": FAKE_KEY},
        }
        return json.dumps(document, separators=(",", ":"))[1:-2]

    def row(self, plan: AgentPlan) -> Row:
        """Make one row; ``last_bookmark`` counts about three events per message."""
        lineage = json.dumps(plan.lineage, separators=(",", ":"))
        created = iso_ms(plan.created_ms)
        user = f'{{"userId":"user-{self._rng.randrange(40)}","project":"alpha"'
        if plan.is_delegated:
            user += f',"parentAgentId":"{plan.lineage[-1]}","delegatedBy":"task_tool"'
        metadata = (
            f'{{"agentId":"{plan.agent_id}",{self._middles[plan.template_id]}}},'
            f'"createdAt":"{created}","updatedAt":"{iso_ms(plan.saved_ms)}","configVersion":"v2.7.0",'
            f'"metadata":{user}}},"lineage":{lineage},"breakpoint":"STREAMING_MODEL"}}'
        )
        bookmark = f'{{"seq":{plan.messages * 3},"timestamp":{plan.saved_ms}}}'
        return (
            plan.agent_id, plan.template_id, created, "v2.7.0", lineage, plan.messages,
            plan.messages - 1, bookmark, None, metadata,
        )  # fmt: skip
