"""Who plays in the sample store and when: 80 sessions over the 60 days before now."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random

from stores.kode.records import AgentInfo, Message, ToolCallRecord
from stores.sample.ids import agent_id, base36, iso
from stores.sample.run import Run
from stores.sample.stories import (
    code_review,
    data_analysis,
    operations,
    planning,
    research,
    support,
)
from stores.sample.templates import TEMPLATES

__all__ = ["SESSION_COUNT", "BatchFork", "Booking", "batch_fork", "bookings", "perform"]

SESSION_COUNT = 80

_MINUTE_MS = 60_000
_DAY_MS = 24 * 60 * _MINUTE_MS
_SPAN_DAYS = 60
_FIRST_HOUR, _LAST_HOUR = 7, 15
_SATURDAY = 5

Story = Callable[[Run], list[Run]]

_PLAY: tuple[tuple[str, Story, int], ...] = (
    ("code-reviewer", code_review.review, 6),
    ("code-reviewer", code_review.failing_build, 3),
    ("code-reviewer", code_review.upgrade, 3),
    ("code-reviewer", code_review.review_with_forks, 2),
    ("data-analyst", data_analysis.revenue, 4),
    ("data-analyst", data_analysis.churn, 3),
    ("data-analyst", data_analysis.slow_job, 2),
    ("data-analyst", data_analysis.picture, 1),
    ("data-analyst", data_analysis.sales_in_chinese, 1),
    ("data-analyst", data_analysis.table_export, 1),
    ("ops-bot", operations.deploy, 5),
    ("ops-bot", operations.incident, 3),
    ("ops-bot", operations.cleanup, 2),
    ("ops-bot", operations.certificate, 2),
    ("ops-bot", operations.interrupted, 1),
    ("ops-bot", operations.crashed_deploy, 1),
    ("researcher", research.compare, 4),
    ("researcher", research.delegated, 2),
    ("researcher", research.long_review, 1),
    ("researcher", research.hebrew, 1),
    ("researcher", research.nothing_found, 1),
    ("support-agent", support.refund, 4),
    ("support-agent", support.complaint, 3),
    ("support-agent", support.complaint_with_markup, 1),
    ("support-agent", support.overloaded, 1),
    ("support-agent", support.shift, 1),
    ("planner", planning.offsite, 3),
    ("planner", planning.sprint, 2),
    ("planner", planning.release, 1),
    ("planner", planning.never_started, 1),
)

# What happened today, in minutes ago: the first thing that a newcomer sees.
_TODAY: tuple[tuple[str, Story, int], ...] = (
    ("ops-bot", operations.waiting, 26),
    ("ops-bot", operations.stuck, 205),
    ("ops-bot", operations.incident, 95),
    ("ops-bot", operations.deploy, 340),
    ("support-agent", support.refund, 150),
)


@dataclass(frozen=True, slots=True)
class Booking:
    """One story that is to be played, and when it starts."""

    template_id: str
    story: Story
    start_ms: int
    rng: Random


@dataclass(frozen=True, slots=True)
class BatchFork:
    """A copy that ``store.batchFork`` made: rows only, no files."""

    info: AgentInfo
    messages: list[Message]
    calls: list[ToolCallRecord]
    created_ms: int


def bookings(now_ms: int, seed: int) -> Iterator[Booking]:
    """Yield all stories in the order in which they start."""
    rng = Random(seed)
    plays = [(template, story) for template, story, count in _PLAY for _ in range(count)]
    rng.shuffle(plays)
    step_ms = (_SPAN_DAYS - 2) * _DAY_MS // len(plays)
    starts = sorted(
        _office_hours(now_ms - (_SPAN_DAYS - 1) * _DAY_MS + n * step_ms, rng)
        for n in range(len(plays))
    )
    dated = [(start, *play) for start, play in zip(starts, plays, strict=True)]
    dated += [(now_ms - ago * _MINUTE_MS, template, story) for template, story, ago in _TODAY]
    for number, (start_ms, template, story) in enumerate(sorted(dated, key=lambda item: item[0])):
        yield Booking(template, story, start_ms, Random(f"{seed}:{number}"))


def perform(booking: Booking) -> list[Run]:
    """Play a story; return its agent first, then forks and helpers."""
    template = TEMPLATES[booking.template_id]
    user = {"userId": booking.rng.choice(template.users), **template.extras}
    run = Run(
        template,
        agent_id(booking.start_ms, booking.rng),
        booking.start_ms,
        booking.rng,
        user_metadata=user,
    )
    return [run, *booking.story(run)]


def batch_fork(source: Run, count: int, rng: Random) -> list[BatchFork]:
    """Copy an agent as ``store.batchFork`` does, two days after it ended."""
    copies = []
    for number in range(count):
        created_ms = source.clock_ms + 2 * _DAY_MS + number * 2
        digits = base36(rng.getrandbits(72))[:12]
        info = source.info()
        copy = AgentInfo(
            agent_id=f"agt-{base36(created_ms)}{digits}",
            template_id=info.template_id,
            created_at=iso(created_ms),
            lineage=[*source.lineage, source.agent_id],
            config_version=info.config_version,
            message_count=info.message_count,
            last_sfp_index=info.last_sfp_index,
            last_bookmark=info.last_bookmark,
            metadata=info.metadata,
        )
        calls = [_renamed(record, number) for record in source.calls.values()]
        copies.append(BatchFork(copy, source.messages, calls, created_ms))
    return copies


def _renamed(record: ToolCallRecord, number: int) -> ToolCallRecord:
    return ToolCallRecord.from_json({**record.to_json(), "id": f"{record.id}_fork_{number}"})


def _office_hours(at_ms: int, rng: Random) -> int:
    """Move a time to an hour at which people work, on a day on which they do."""
    day = datetime.fromtimestamp(at_ms / 1000, UTC)
    back = max(0, day.weekday() - _SATURDAY + 1)
    start_of_day = at_ms - at_ms % _DAY_MS - back * _DAY_MS
    hour_ms = rng.randrange(_FIRST_HOUR * 60, _LAST_HOUR * 60) * _MINUTE_MS
    return start_of_day + hour_ms + rng.randrange(_MINUTE_MS)
