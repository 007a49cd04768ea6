"""What happens to a run besides talking: plans, snapshots, forks, helpers, crashes.

Each act changes the run and says so in its event log, as the SDK does.
"""

from collections.abc import Callable, Sequence

from stores.kode.records import JsonObject, Snapshot, TodoItem, ToolCallRecord
from stores.sample.batch import call_snapshot, result_block, step_record
from stores.sample.blocks import text_block
from stores.sample.ids import agent_id, iso
from stores.sample.outcomes import Call, ok
from stores.sample.run import Run
from stores.sample.templates import Template

__all__ = ["delegate", "fork", "interrupt", "plan", "remind", "resume", "snapshot"]

_SEALED_NOTES = {
    "APPROVAL_REQUIRED": (
        "Tool interrupted while awaiting approval; session sealed automatically.",
        (
            "Confirm if approval is still required",
            "Re-trigger the tool and complete approval to continue",
        ),
    ),
    "PENDING": (
        "Tool interrupted just before execution; session sealed automatically.",
        ("Confirm tool parameters are correct", "Re-trigger the tool to continue"),
    ),
    "EXECUTING": (
        "Tool interrupted during execution; session sealed automatically.",
        ("Check whether the tool had side effects", "Re-trigger the tool if it is safe to"),
    ),
}
_DELEGATION_LEAD_MS = 6000


def plan(run: Run, *items: tuple[str, str]) -> Call:
    """Return a ``todo_write`` call that sets the plan to these (title, status) lines."""
    todos: list[JsonObject] = [
        {"id": f"t{number}", "title": title, "status": status}
        for number, (title, status) in enumerate(items, start=1)
    ]

    def change() -> None:
        now = run.clock_ms
        previous = [item.to_json() for item in run.left.todos]
        run.left.todos = [TodoItem(**todo, created_at=now, updated_at=now) for todo in todos]
        run.left.todo_version += 1
        run.left.todos_updated_ms = now
        current = [item.to_json() for item in run.left.todos]
        run.stream.emit("monitor", "todo_changed", previous=previous, current=current)

    result = ok({"ok": True, "count": len(todos)})
    return Call("todo_write", {"todos": todos}, result, run.rng.randrange(3, 20), effect=change)


def remind(run: Run) -> None:
    """Let the SDK remind the agent of its open plan, as a message that no person wrote."""
    open_items = [item for item in run.left.todos if item.status != "completed"]
    lines = [f"{n}. [{item.status}] {item.title}" for n, item in enumerate(open_items, start=1)]
    content = "The todo list still has open items:\n" + "\n".join(lines)
    todos = [item.to_json() for item in run.left.todos]
    run.stream.emit("monitor", "todo_reminder", todos=todos, reason="interval")
    run.stream.emit("monitor", "reminder_sent", category="todo", content=content)
    wrapped = (
        f"<system-reminder>\n{content}\n\nThis is a system reminder. DO NOT respond to this "
        "message directly.\nDO NOT mention this reminder to the user.\n"
        "Continue with your current task.\n</system-reminder>"
    )
    run.add("user", [text_block(wrapped)])


def snapshot(run: Run, label: str | None = None) -> Snapshot:
    """Keep the conversation as it stands."""
    run.stream.wait(40)
    index = run.last_sfp_index()
    taken = Snapshot(
        id=label or f"sfp-{index}",
        messages=tuple(run.messages[: index + 1]),
        last_sfp_index=index,
        last_bookmark=run.bookmark(),
        created_at=iso(run.clock_ms),
        metadata={"stepCount": run.step},
    )
    kept = [other for other in run.left.snapshots if other.id != taken.id]
    run.left.snapshots = [*kept, taken]
    return taken


def fork(run: Run) -> Run:
    """Branch off a new agent from here; it inherits the messages, not the call records."""
    taken = snapshot(run)
    return Run(
        run.template,
        f"{run.agent_id}/fork-{run.clock_ms}",
        run.clock_ms,
        run.rng,
        user_metadata=run.user_metadata,
        lineage=[*run.lineage, run.agent_id],
        messages=taken.messages,
    )


def delegate(
    run: Run, template: Template, task: tuple[str, str], story: Callable[[Run], None]
) -> tuple[Run, Call]:
    """Let a helper do a task of this (description, prompt); return it and the call for it."""
    description, prompt = task
    start_ms = run.clock_ms + _DELEGATION_LEAD_MS
    marks = {"parentAgentId": run.agent_id, "delegatedBy": "task_tool"}
    helper = Run(
        template,
        agent_id(start_ms, run.rng),
        start_ms,
        run.rng,
        user_metadata={**(run.user_metadata or {}), **marks},
        lineage=[*run.lineage, run.agent_id],
    )
    helper.ask(prompt, after=(0.05, 0.2))
    story(helper)
    report = {
        "status": "ok",
        "template": template.id,
        "text": helper.last_text,
        "permissionIds": [],
    }
    call = Call(
        "task_run",
        {"description": description, "prompt": prompt, "agentTemplateId": template.id},
        ok(report),
        helper.clock_ms - start_ms + 120,
        not_before_ms=start_ms - 5,
    )
    return helper, call


def interrupt(run: Run, note: str) -> None:
    """Let a person stop the turn: open calls are sealed, and what still ran is cut off."""
    batch = run.open_batch
    if batch is None:
        return
    running = [key for key, record in batch.records.items() if record.state == "EXECUTING"]
    now, blocks = run.clock_ms, []
    advice = ("Check the seal description and decide whether to retry the tool",)
    for key, record in batch.records.items():
        if record.state in _SEALED_NOTES:
            batch.records[key] = step_record(
                record,
                "SEALED",
                now,
                "sealed due to interrupt",
                error=note,
                is_error=True,
                completed_at=None if key in running else now,
            )
            blocks.append(_sealed_block(record, "TOOL_RESULT_MISSING", note, advice))
    run.add("user", blocks)
    run.stream.wait(32)
    for key in running:
        batch.cut_off(key)
    cut = [result_block(batch.records[key], batch.calls[key]) for key in running]
    if cut:
        run.add("user", cut)
    run.calls.update(batch.records)
    run.open_batch, run.persisted_calls = None, None
    run.rest()


def resume(run: Run, *, after_ms: int, strategy: str = "crash") -> None:
    """Load the agent in a new process; calls that the crash left open are sealed."""
    run.stream.wait(after_ms)
    last = run.stream.last_done
    run.stream.restart(seq=0)
    manuals = run.template.tools_with_manual()
    if manuals and strategy == "crash":
        now = run.clock_ms
        run.stream.emit("monitor", "tool_manual_updated", tools=manuals, timestamp=now)
    run.stream.restart(seq=last.seq + 1 if last else 1)
    run.stream.wait(300)
    run.stream.breakpoint = "STREAMING_MODEL"
    sealed, blocks = _seal_open_calls(run)
    run.calls.update({record.id: record for record in sealed})
    run.open_batch, run.persisted_calls = None, None
    if blocks:
        run.add("user", blocks)
    calls = [call_snapshot(record) for record in sealed]
    run.stream.emit("monitor", "agent_resumed", strategy=strategy, sealed=calls)


def _seal_open_calls(run: Run) -> tuple[list[ToolCallRecord], list[JsonObject]]:
    """Seal what the table says is open: calls as they were saved last, others leave no trace."""
    sealed, blocks = [], []
    for key in run.open_batch.calls if run.open_batch else ():
        record = (run.persisted_calls or {}).get(key)
        if record is None or record.state not in _SEALED_NOTES:
            continue
        note, advice = _SEALED_NOTES[record.state]
        now = run.clock_ms
        sealed.append(
            step_record(
                record, "SEALED", now, "auto seal", error=note, is_error=True, completed_at=now
            )
        )
        blocks.append(_sealed_block(record, record.state, note, advice))
    return sealed, blocks


def _sealed_block(
    record: ToolCallRecord, status: str, note: str, advice: Sequence[str]
) -> JsonObject:
    data: JsonObject = {"status": status}
    if status != "TOOL_RESULT_MISSING":
        data["approval"] = record.approval.to_json()
    data |= {"toolId": record.id, "note": note}
    content = {"ok": False, "data": data, "error": note, "recommendations": list(advice)}
    return {"type": "tool_result", "tool_use_id": record.id, "content": content, "is_error": True}
