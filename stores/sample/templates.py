"""The six agent templates of the sample store, as the SDK describes them in its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from stores.kode.records import JsonObject

__all__ = ["TEMPLATES", "Template", "fake_key"]


@dataclass(frozen=True, slots=True)
class Template:
    """What one kind of agent is made of."""

    id: str
    version: str
    model: Mapping[str, object]
    tools: tuple[str, ...]
    permission: Mapping[str, object]
    users: tuple[str, ...]
    is_thinking_shown: bool = False
    is_thinking_kept: bool = False
    has_todos: bool = False
    subagents: Mapping[str, object] | None = None
    context: Mapping[str, object] | None = None
    extras: Mapping[str, object] = field(default_factory=dict)

    def describe_tools(self) -> list[JsonObject]:
        """Return the tool descriptors of the SDK's metadata."""
        return [
            {
                "source": "registered",
                "name": name,
                "registryId": name,
                "metadata": _tool_metadata(name),
            }
            for name in self.tools
        ]

    def tools_with_manual(self) -> list[str]:
        """Return the tools that announce a manual when the agent starts."""
        return [name for name in self.tools if name.startswith(("fs_", "bash_", "task_"))]


_BUILT_IN = ("fs_", "bash_", "todo_", "task_")
_WRITERS = frozenset(
    {
        "fs_write", "fs_edit", "bash_run", "bash_kill", "todo_write", "task_run",
        "deploy_service", "restart_pod", "scale_service", "run_job", "send_reply",
        "issue_refund", "post_comment", "calendar_book", "create_ticket", "db_drop", "page_oncall",
    }
)  # fmt: skip


def _tool_metadata(name: str) -> JsonObject:
    is_writer = name in _WRITERS
    access = {"access": "write" if is_writer else "read", "mutates": is_writer}
    return (
        {"version": "1.0", **access} if name.startswith(_BUILT_IN) else {"tuned": False, **access}
    )


def fake_key(provider: str) -> str:
    """Return a provider key that nobody can mistake for a real one."""
    return f"sk-sample-{provider}-not-a-real-key-0000"


def _model(provider: str, model: str, **options: object) -> dict[str, object]:
    return {"provider": provider, "model": model, "apiKey": fake_key(provider), **options}


_SONNET = _model("anthropic", "claude-sonnet-4-5-20250929")
_HAIKU = _model("anthropic", "claude-haiku-4-5", temperature=0)
_GPT = _model("openai", "gpt-4.1-mini", reasoningTransport="provider")
_GEMINI = _model("gemini", "gemini-2.5-pro", reasoningTransport="provider")
_AUTO = {"mode": "auto"}

TEMPLATES = {
    template.id: template
    for template in (
        Template(
            id="code-reviewer",
            version="2.3.0",
            model=_SONNET,
            tools=(
                "fs_read", "fs_write", "fs_edit", "fs_glob", "fs_grep", "bash_run", "bash_logs",
                "run_tests", "post_comment", "todo_read", "todo_write",
            ),
            permission={**_AUTO, "requireApprovalTools": ["post_comment"]},
            users=("dana.frei", "tomasz.wolak", "li.wei"),
            is_thinking_shown=True,
            is_thinking_kept=True,
            has_todos=True,
        ),
        Template(
            id="data-analyst",
            version="1.8.2",
            model=_GPT,
            tools=("db_query", "chart_render", "fs_read", "fs_write", "run_job", "kv_get"),
            permission={**_AUTO, "denyTools": ["db_drop"]},
            users=("ana.ruiz", "kenji.sato"),
            is_thinking_shown=True,
            is_thinking_kept=True,
            extras={"toolTimeoutMs": 60000},
        ),
        Template(
            id="ops-bot",
            version="3.1.4",
            model=_HAIKU,
            tools=(
                "bash_run", "metrics_query", "log_search", "deploy_service", "restart_pod",
                "scale_service", "page_oncall", "db_query", "db_drop",
            ),
            permission={
                **_AUTO,
                "requireApprovalTools": ["deploy_service", "restart_pod", "scale_service"],
                "denyTools": ["db_drop"],
            },
            users=("oncall-a", "oncall-b"),
        ),
        Template(
            id="researcher",
            version="0.9.5",
            model=_GEMINI,
            tools=(
                "web_search", "http_fetch", "fs_read", "fs_write", "task_run",
                "todo_read", "todo_write",
            ),
            permission=_AUTO,
            users=("maya.cohen", "res-1"),
            has_todos=True,
            subagents={"templates": ["data-analyst", "researcher"], "depth": 1},
            context={
                "maxTokens": 24000,
                "compressToTokens": 12000,
                "compressionModel": "claude-haiku-4-5",
            },
        ),
        Template(
            id="support-agent",
            version="4.0.1",
            model=_HAIKU,
            tools=(
                "ticket_get", "kb_search", "order_lookup", "issue_refund", "send_reply",
                "create_ticket",
            ),
            permission={**_AUTO, "requireApprovalTools": ["issue_refund", "send_reply"]},
            users=("queue-eu", "queue-us", "queue-apac"),
        ),
        Template(
            id="planner",
            version="1.2.0",
            model=_SONNET,
            tools=(
                "calendar_read", "calendar_book", "create_ticket", "fs_read", "fs_write",
                "task_run", "todo_read", "todo_write",
            ),
            permission={**_AUTO, "requireApprovalTools": ["calendar_book"]},
            users=("priya.nair", "jonas.berg"),
            has_todos=True,
            subagents={"templates": ["researcher"], "depth": 1},
        ),
    )
}  # fmt: skip
