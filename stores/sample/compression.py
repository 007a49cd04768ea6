"""Compress a run's context: a summary in front, the rest to the history files."""

from collections.abc import Mapping

from stores.kode.js_text import js_text
from stores.kode.records import (
    CompressionRecord,
    HistoryWindow,
    JsonObject,
    Message,
    RecoveredFile,
)
from stores.sample.blocks import text_block
from stores.sample.ids import iso
from stores.sample.run import Run

__all__ = ["compress"]

_KEPT_SHARE = 0.6
_SUMMARY_CHARS = 200
_RECORD_CHARS = 500
_PROMPT = "Summarize the conversation history concisely"


def compress(run: Run, files: Mapping[str, str], *, kept_share: float = _KEPT_SHARE) -> None:
    """Drop the older part of the conversation, now; ``files`` are kept beside it by path."""
    now, before = run.clock_ms, run.messages
    run.stream.emit("monitor", "context_compression", phase="start")
    kept = before[len(before) - round(len(before) * kept_share) :]
    dropped = before[: len(before) - len(kept)]
    run.left.windows.append(_window(run, now))
    body = "\n\n".join(f"{n}. {_line(message)}" for n, message in enumerate(dropped, start=1))
    run.stream.wait(24)
    summary = (
        f'<context-summary timestamp="{iso(run.clock_ms)}" window="window-{now}">\n'
        f"{body}\n</context-summary>"
    )
    paths = [f"{run.workdir}/{path}" for path in files]
    record = _record(run, now, body, round(len(kept) / len(before), 4), paths)
    run.left.compressions.append(record)
    run.left.recovered += [
        RecoveredFile(path=path, content=text, mtime=now + 0.25, timestamp=now)
        for path, text in zip(paths, files.values(), strict=True)
    ]
    run.replace_messages([Message(role="system", content=[text_block(summary)]), *kept])
    run.stream.emit(
        "monitor", "context_compression", phase="end", summary=summary, ratio=record.ratio
    )


def _window(run: Run, now: int) -> HistoryWindow:
    stats = {
        "messageCount": len(run.messages),
        "tokenCount": run.tokens(),
        "eventCount": len(run.stream.entries),
    }
    return HistoryWindow(
        id=f"window-{now}",
        messages=tuple(run.messages),
        events=tuple(run.stream.entries),
        stats=stats,
        timestamp=now,
    )


def _record(run: Run, now: int, body: str, ratio: float, paths: list[str]) -> CompressionRecord:
    context = run.template.context or {"maxTokens": 50000}
    return CompressionRecord(
        id=f"comp-{now}",
        window_id=f"window-{now}",
        config={
            "model": context.get("compressionModel", "claude-haiku-4-5"),
            "prompt": _PROMPT,
            "threshold": context["maxTokens"],
        },
        summary=body[:_RECORD_CHARS],
        ratio=ratio,
        recovered_files=paths,
        timestamp=now,
    )


def _line(message: Message) -> str:
    parts = [_block(block) for block in message.content]
    return f"[{message.role}]\n" + "\n".join(part for part in parts if part)


def _block(block: JsonObject) -> str:
    if block["type"] == "text":
        return str(block["text"])[:_SUMMARY_CHARS]
    if block["type"] == "tool_use":
        return f"[tool] {block['name']}(...)"
    if block["type"] == "tool_result":
        return f"[result] {js_text(block['content'])[:_SUMMARY_CHARS]}"
    return ""
