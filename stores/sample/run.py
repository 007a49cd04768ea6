"""One simulated agent: what is said and done to it, as the SDK would record it.

Stories drive a ``Run`` turn by turn; it keeps the conversation, the call records and the
event log consistent with each other and with one clock.
"""

from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any

from stores.kode.js_text import js_text
from stores.kode.records import AgentInfo, Bookmark, JsonObject, Message, ToolCallRecord
from stores.sample.batch import Batch, result_block
from stores.sample.blocks import kept_blocks, text_block
from stores.sample.ids import call_id, iso
from stores.sample.leftovers import Leftovers
from stores.sample.outcomes import Call
from stores.sample.stream import EventStream
from stores.sample.templates import Template

__all__ = ["CONFIG_VERSION", "Run"]

CONFIG_VERSION = "v2.7.0"

_CHUNK = 96
_SYSTEM_TOKENS = 1180


class Run:
    """An agent's recorded life, from its creation to the last event."""

    def __init__(
        self,
        template: Template,
        agent_id: str,
        start_ms: int,
        rng: Random,
        *,
        user_metadata: Mapping[str, Any] | None = None,
        lineage: Sequence[str] = (),
        messages: Sequence[Message] = (),
    ) -> None:
        self.template = template
        self.agent_id = agent_id
        self.created_ms = start_ms
        self.rng = rng
        self.user_metadata = dict(user_metadata or {}) or None
        self.lineage = list(lineage)
        self.messages: list[Message] = []
        self.message_times: list[int] = []
        self.calls: dict[str, ToolCallRecord] = {}
        self.persisted_calls: dict[str, ToolCallRecord] | None = None
        self.stream = EventStream(start_ms)
        self.step = 0
        self.workdir = f"/srv/agents/ws/ws-{agent_id[-6:].lower()}"
        self.left = Leftovers()
        self.open_batch: Batch | None = None
        self.before_model: Callable[[], None] | None = None
        self.on_save: Callable[[], None] | None = None
        self.replace_messages(messages)
        self._announce()

    @property
    def clock_ms(self) -> int:
        """Return the time that this agent's story has reached."""
        return self.stream.clock_ms

    @property
    def last_text(self) -> str:
        """Return what the agent said last."""
        for message in reversed(self.messages):
            if message.role == "assistant":
                return " ".join(b["text"] for b in message.content if b["type"] == "text")
        return ""

    def seconds(self, low: float, high: float) -> int:
        """Draw a time span, in ms."""
        return int(self.rng.uniform(low, high) * 1000)

    def pause(self, low: float, high: float) -> None:
        """Let this many seconds pass."""
        self.stream.wait(self.seconds(low, high))

    def ask(
        self, content: str | Sequence[JsonObject], *, after: tuple[float, float] = (8, 90)
    ) -> None:
        """Let the user write; after a gap of so many seconds."""
        self.pause(*after)
        blocks = [text_block(content)] if isinstance(content, str) else list(content)
        self.add("user", blocks)
        self.begin_step()

    def begin_step(self) -> None:
        """Start the next call of the model."""
        self.step += 1
        self.stream.set_state("WORKING")
        self.stream.set_breakpoint("PRE_MODEL")
        hook, self.before_model = self.before_model, None
        if hook:
            hook()
        self.pause(0.01, 0.07)
        self.stream.set_breakpoint("STREAMING_MODEL")

    def say(
        self,
        text: str = "",
        *calls: Call,
        think: str = "",
        media: Sequence[JsonObject] = (),
    ) -> None:
        """Let the agent answer; with calls the turn goes on, without it is done."""
        blocks = [*self._stream_reply(text, think), *media]
        if not calls:
            self.add("assistant", blocks)
            self._end_turn()
            return
        pairs = [(call_id(self.rng), call) for call in calls]
        blocks += [
            {"type": "tool_use", "id": key, "name": call.name, "input": dict(call.input)}
            for key, call in pairs
        ]
        self.add("assistant", blocks)
        batch = self.open_batch = Batch(self.stream, pairs)
        batch.play()
        if batch.is_finished:
            self._close_batch(batch)
        elif batch.persisted:
            self.persisted_calls = {**self.calls, **batch.persisted}

    def fail_model(self, message: str) -> None:
        """Let the provider fail: nothing is said, the turn is cut off."""
        self.pause(0.4, 2)
        stack = f"Error: {message}\n    at Agent.runStep"
        self.stream.emit(
            "monitor",
            "error",
            severity="error",
            phase="model",
            message=message,
            detail={"stack": stack},
        )
        self.stream.done(self.step, "interrupted")
        self.step += 1
        self.stream.wait(20)
        self.rest()

    def rest(self) -> None:
        """Become ready for the next message."""
        self.stream.set_state("READY")
        self.stream.set_breakpoint("READY")

    def add(self, role: str, blocks: Sequence[JsonObject]) -> None:
        """Append a message, with the extra copy of its blocks where the SDK keeps one."""
        self.messages.append(
            Message(role=role, content=list(blocks), metadata=kept_blocks(role, blocks))
        )
        self.message_times.append(self.clock_ms)
        self._context_chars += len(js_text(self.messages[-1].content))
        if self.on_save:
            self.on_save()

    def replace_messages(self, messages: Sequence[Message]) -> None:
        """Put another conversation in place, as a compression does."""
        self.messages = list(messages)
        self.message_times = [self.clock_ms] * len(self.messages)
        self._context_chars = sum(len(js_text(message.content)) for message in messages)

    def info(self) -> AgentInfo:
        """Return the agent's row as the SDK saved it last."""
        updated_ms = self.clock_ms
        return AgentInfo(
            agent_id=self.agent_id,
            template_id=self.template.id,
            created_at=iso(self.created_ms),
            lineage=self.lineage,
            config_version=CONFIG_VERSION,
            message_count=len(self.messages),
            last_sfp_index=self.last_sfp_index(),
            last_bookmark=self.stream.last_done,
            metadata=self._metadata(updated_ms),
        )

    def last_sfp_index(self) -> int:
        """Return the last place to fork from: not between a call and its result."""
        for index in range(len(self.messages) - 1, -1, -1):
            message = self.messages[index]
            kinds = {block["type"] for block in message.content}
            if message.role != "assistant" or "tool_use" not in kinds:
                return index
        return -1

    def bookmark(self) -> Bookmark:
        """Return the bookmark of the last finished turn, or the SDK's stand-in."""
        return self.stream.last_done or Bookmark(seq=-1, timestamp=self.clock_ms)

    def tokens(self) -> int:
        """Guess the size of the context, as providers would count it."""
        return _SYSTEM_TOKENS + self._context_chars // 4

    def _announce(self) -> None:
        manuals = self.template.tools_with_manual()
        if manuals:
            now = self.clock_ms
            self.stream.emit("monitor", "tool_manual_updated", tools=manuals, timestamp=now)

    def _stream_reply(self, text: str, think: str) -> list[JsonObject]:
        """Emit what streams in from the model and return its blocks, calls apart."""
        written = (len(text) + len(think)) // 4 + 12
        self.stream.wait(self.seconds(0.5, 1.6))
        blocks: list[JsonObject] = []
        if think and self.template.is_thinking_shown:
            self._stream("think", think)
        if think and self.template.is_thinking_kept:
            blocks.append({"type": "reasoning", "reasoning": think})
        if text:
            self._stream("text", text, text=text)
            blocks.append(text_block(text))
        self.stream.wait(self.rng.randrange(2, 40))
        asked = self.tokens()
        self.stream.emit(
            "monitor",
            "token_usage",
            inputTokens=asked,
            outputTokens=written,
            totalTokens=asked + written,
        )
        self.stream.wait(self.rng.randrange(4, 90))
        return blocks

    def _stream(self, kind: str, content: str, **at_end: str) -> None:
        self.stream.emit("progress", f"{kind}_chunk_start", step=self.step)
        for start in range(0, len(content), _CHUNK):
            self.stream.wait(self.rng.randrange(180, 520))
            delta = content[start : start + _CHUNK]
            self.stream.emit("progress", f"{kind}_chunk", step=self.step, delta=delta)
        self.stream.emit("progress", f"{kind}_chunk_end", step=self.step, **at_end)

    def _end_turn(self) -> None:
        self.stream.wait(self.rng.randrange(3, 60))
        self.stream.done(self.step, "completed")
        self.step += 1
        self.stream.wait(self.rng.randrange(1, 30))
        self.stream.emit("monitor", "step_complete", step=self.step)
        self.rest()

    def _close_batch(self, batch: Batch) -> None:
        self.calls.update(batch.records)
        self.open_batch = None
        results = [result_block(batch.records[key], call) for key, call in batch.calls.items()]
        self.stream.wait(self.rng.randrange(10, 90))
        self.add("user", results)
        self.rest()
        self.begin_step()

    def _metadata(self, updated_ms: int) -> JsonObject:
        template = self.template
        shape: JsonObject = {
            "agentId": self.agent_id,
            "templateId": template.id,
            "templateVersion": template.version,
            "sandboxConfig": {
                "kind": "local",
                "workDir": self.workdir,
                "enforceBoundary": True,
                "watchFiles": False,
            },
            "modelConfig": dict(template.model),
            "tools": template.describe_tools(),
            "exposeThinking": template.is_thinking_shown,
            "retainThinking": template.is_thinking_kept,
            "multimodalContinuation": "history",
            "multimodalRetention": {"keepRecent": 3},
            "permission": dict(template.permission),
            "todo": {"enabled": True, "remindIntervalSteps": 12} if template.has_todos else None,
            "subagents": dict(template.subagents) if template.subagents else None,
            "context": dict(template.context) if template.context else None,
            "createdAt": iso(self.created_ms),
            "updatedAt": iso(updated_ms),
            "configVersion": CONFIG_VERSION,
            "metadata": self.user_metadata,
            "lineage": self.lineage,
            "breakpoint": self._saved_breakpoint(),
        }
        return {key: value for key, value in shape.items() if value is not None}

    def _saved_breakpoint(self) -> str:
        """Return what metadata says: it is saved just before READY is set."""
        return "STREAMING_MODEL" if self.messages else "READY"
