"""Stores with one planted fault each, under the conformance suite.

Not collected by itself: ``test_planted_faults.py`` runs it and wants red. ``fault`` names the
test that must find the fault.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Timer
from typing import Any, ClassVar

from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance import ExtendedStoreContract
from stores.errors import AgentLocked, InvalidAgentId
from stores.kode.filters import MessageFilter, ToolCallFilter
from stores.kode.records import Approval, Message, Timeline, ToolCallRecord
from stores.kode.results import OperationMetrics, StoreMetrics


class Good(SqliteStore):
    """No fault: the control."""


class LosesTheLastMessage(SqliteStore):
    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        super().save_messages(agent_id, messages[: max(len(messages) - 1, 1)])


class MixesTwoSessions(SqliteStore):
    def load_tool_call_records(self, agent_id: str) -> list[ToolCallRecord]:
        super().load_tool_call_records(agent_id)
        return super().query_tool_calls(ToolCallFilter(limit=None))[::-1]


class IgnoresAFilter(SqliteStore):
    def query_tool_calls(self, query: ToolCallFilter | None = None) -> list[ToolCallRecord]:
        return super().query_tool_calls(query and replace(query, is_error=None))


class DeleteLeavesEvents(SqliteStore):
    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        events = list(self.read_events(agent_id))
        super().delete(agent_id, with_forks=with_forks)
        self.files.append_events(agent_id, events)


class LockReleaseFreesOthers(SqliteStore):
    held: ClassVar[set[tuple[Path, str]]] = set()

    def acquire_agent_lock(self, agent_id: str, *, timeout_ms: int = 30_000) -> Callable[[], None]:
        key = (self.db_path, agent_id)
        if key in self.held:
            raise AgentLocked(agent_id)
        self.held.add(key)
        timer = Timer(timeout_ms / 1000, lambda: self.held.discard(key))
        timer.daemon = True
        timer.start()
        return lambda: self.held.discard(key)


class ListsOldestFirst(SqliteStore):
    def list(self, prefix: str | None = None) -> list[str]:
        return super().list(prefix)[::-1]


class CutsPayloads(SqliteStore):
    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        super().save_messages(agent_id, [self._cut(message) for message in messages])

    def _cut(self, message: Message) -> Message:
        blocks = [
            {**block, "text": block["text"][:65_535]}
            if isinstance(block.get("text"), str)
            else block
            for block in message.content
        ]
        return replace(message, content=blocks)


class SavesInTwoSteps(SqliteStore):
    def save_messages(self, agent_id: str, messages: Sequence[Message]) -> None:
        super().save_messages(agent_id, [])
        super().save_messages(agent_id, messages)


class HasNoDefaultLimit(SqliteStore):
    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        query = query or MessageFilter()
        return super().query_messages(replace(query, limit=None) if query.limit == 100 else query)


class DeleteTakesForkFiles(SqliteStore):
    def delete(self, agent_id: str, *, with_forks: bool = False) -> None:
        super().delete(agent_id, with_forks=with_forks)
        self.files.delete_agent(agent_id, with_forks=True)


class TakesAPrefixForAPattern(SqliteStore):
    def list(self, prefix: str | None = None) -> list[str]:
        low = (prefix or "").lower()
        return [agent_id for agent_id in super().list() if agent_id.lower().startswith(low)]


class AcceptsAnyId(SqliteStore):
    def load_messages(self, agent_id: str) -> list[Message]:
        try:
            return super().load_messages(agent_id)
        except InvalidAgentId:
            return []


class ForgetsUnknownFields(SqliteStore):
    def save_tool_call_records(self, agent_id: str, records: Iterable[ToolCallRecord]) -> None:
        known = [replace(row, approval=_without_extra(row.approval)) for row in records]
        super().save_tool_call_records(agent_id, known)


class PagesOverlap(SqliteStore):
    def query_messages(self, query: MessageFilter | None = None) -> list[Message]:
        query = query or MessageFilter()
        return super().query_messages(replace(query, offset=max(query.offset - 1, 0)))


class CountsNothing(SqliteStore):
    def get_metrics(self) -> StoreMetrics:
        return replace(super().get_metrics(), operations=OperationMetrics())


class RewritesTheLog(SqliteStore):
    def append_event(self, agent_id: str, timeline: Timeline) -> None:
        events = [*self.read_events(agent_id), timeline]
        time.sleep(0.002)
        self.files.delete_agent(agent_id)
        self.files.append_events(agent_id, events)


def _without_extra(approval: Approval) -> Approval:
    return replace(approval, extra={})


def _under_test(kind: type[SqliteStore]) -> type[ExtendedStoreContract]:
    """Return the suite over one of the stores above."""

    def open_store(self: Any, place: Path) -> SqliteStore:
        return kind(place / "agents.db")

    return type(f"Test{kind.__name__}", (ExtendedStoreContract,), {"open_store": open_store})


#: Fault -> the test that must go red.
FAULTS: dict[type[SqliteStore], str] = {
    LosesTheLastMessage: "test_messages_come_back_in_order_with_every_field",
    MixesTwoSessions: "test_two_sessions_do_not_mix",
    IgnoresAFilter: "test_every_filter_of_tool_calls_answers_what_it_must",
    DeleteLeavesEvents: "test_delete_removes_everything_of_the_session",
    LockReleaseFreesOthers: "test_a_late_release_frees_nobody_elses_lock",
    ListsOldestFirst: "test_sessions_are_listed_newest_first",
    CutsPayloads: "test_payloads_of_several_megabytes_come_back_whole",
    SavesInTwoSteps: "test_a_save_of_messages_that_breaks_half_way_leaves_the_old_ones",
    HasNoDefaultLimit: "test_every_query_ends_at_100_rows_unless_told_otherwise",
    DeleteTakesForkFiles: "test_deleting_a_parent_spares_its_forks",
    TakesAPrefixForAPattern: "test_a_prefix_is_compared_exactly",
    AcceptsAnyId: "test_an_id_that_leads_out_is_refused_by_every_method",
    ForgetsUnknownFields: "test_unknown_fields_inside_records_are_kept",
    PagesOverlap: "test_pages_give_each_row_once_though_all_have_the_same_time",
    CountsNothing: "test_metrics_count_each_call_of_this_object_once",
    RewritesTheLog: "test_threads_that_save_the_same_session_do_not_mix",
}
_EVERY: tuple[type[SqliteStore], ...] = (Good, *FAULTS)
for _kind in _EVERY:
    globals()[f"Test{_kind.__name__}"] = _under_test(_kind)
