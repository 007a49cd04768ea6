"""The sessions of the sample store: how many, of what kind, and how they are related."""

import json
import re
from typing import Any

from tests.stores.sample.reading import NOW_MS, Sample

TEMPLATES = {
    "code-reviewer", "data-analyst", "ops-bot", "planner", "researcher", "support-agent",
}  # fmt: skip


def test_there_are_80_sessions_of_6_templates_in_60_days(sample: Sample) -> None:
    assert len(sample.agents) == 80
    assert {row["template_id"] for row in sample.agents.values()} == TEMPLATES
    days = {row["created_at"][:10] for row in sample.agents.values()}
    assert len(days) > 35
    assert min(days) >= "2026-09-17"  # 61 days before NOW_MS: a weekend moves one back
    assert max(days) <= "2026-11-18"


def test_sessions_are_not_copies_of_each_other(sample: Sample) -> None:
    conversations = {
        json.dumps([row["content"] for row in rows]) for rows in sample.messages.values()
    }
    questions = {rows[0]["content"][0].get("text") for rows in sample.messages.values() if rows}
    assert len(conversations) >= 78  # batch forks are copies by nature
    assert len(questions) >= 45


def test_sessions_differ_in_length_as_real_ones_do(sample: Sample) -> None:
    lengths = sorted(len(rows) for rows in sample.messages.values())
    assert lengths[0] == 0
    assert lengths[-1] >= 300
    assert lengths[len(lengths) // 2] < 20


def test_forks_name_their_ancestors(sample: Sample) -> None:
    forks = [agent_id for agent_id in sample.agents if "/" in agent_id]
    assert len([agent_id for agent_id in forks if agent_id.count("/") == 2]) == 2
    for agent_id in forks:
        parts = agent_id.split("/")
        ancestors = ["/".join(parts[: n + 1]) for n in range(len(parts) - 1)]
        assert json.loads(sample.agents[agent_id]["lineage"]) == ancestors
        assert ancestors[-1] in sample.agents


def test_helpers_name_who_sent_them(sample: Sample) -> None:
    helpers = {}
    for agent_id in sample.agents:
        user = sample.metadata(agent_id).get("metadata") or {}
        if "parentAgentId" in user:
            helpers[agent_id] = user
    assert len(helpers) == 3
    for agent_id, user in helpers.items():
        assert user["delegatedBy"] == "task_tool"
        assert json.loads(sample.agents[agent_id]["lineage"]) == [user["parentAgentId"]]
        text = sample.messages[agent_id][-1]["content"][0]["text"]
        reports = [
            call
            for call in sample.calls
            if call["name"] == "task_run" and call["agent_id"] == user["parentAgentId"]
        ]
        assert any((call["result"] or {}).get("text") == text for call in reports)


def test_a_batch_fork_copies_rows_and_no_files(sample: Sample) -> None:
    copies = [key for key in sample.agents if re.fullmatch(r"agt-[0-9a-z]+", key)]
    assert len(copies) == 2
    for agent_id in copies:
        (source,) = json.loads(sample.agents[agent_id]["lineage"])
        assert sample.metadata(agent_id)["agentId"] == source
        copied = [row["content"] for row in sample.messages[agent_id]]
        assert copied == [row["content"] for row in sample.messages[source]]
        ids = [call["id"] for call in sample.calls if call["agent_id"] == agent_id]
        assert ids
        assert all(re.search(r"_fork_[01]$", call_id) for call_id in ids)
        assert not (sample.path.parent / "store" / agent_id).exists()


def _last(sample: Sample, agent_id: str, kind: str) -> dict[str, Any]:
    events = [e["event"] for e in sample.events(agent_id) if e["event"]["type"] == kind]
    return dict(events[-1])


def test_one_session_waits_for_a_person(sample: Sample) -> None:
    (agent_id,) = {c["agent_id"] for c in sample.calls if c["state"] == "APPROVAL_REQUIRED"}
    assert _last(sample, agent_id, "state_changed")["state"] == "PAUSED"
    assert _last(sample, agent_id, "breakpoint_changed")["current"] == "AWAITING_APPROVAL"


def test_one_session_is_stuck_in_a_tool(sample: Sample) -> None:
    stuck = [
        agent_id
        for agent_id in sample.agents
        if sample.events(agent_id)
        and _last_state(sample, agent_id) == "WORKING"
        and _last(sample, agent_id, "breakpoint_changed")["current"] == "TOOL_EXECUTING"
    ]
    assert len(stuck) == 1
    newest = max(entry["bookmark"]["timestamp"] for entry in sample.events(stuck[0]))
    assert NOW_MS - newest > 3 * 3_600_000


def _last_state(sample: Sample, agent_id: str) -> str:
    events = [e["event"] for e in sample.events(agent_id) if e["event"]["type"] == "state_changed"]
    return str(events[-1]["state"]) if events else ""


def test_provider_keys_are_there_and_obviously_fake(sample: Sample) -> None:
    keys = {sample.metadata(agent_id)["modelConfig"]["apiKey"] for agent_id in sample.agents}
    assert keys
    assert all(key.startswith("sk-sample-") and "not-a-real-key" in key for key in keys)
