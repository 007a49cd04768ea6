"""Questions over all agents of a JSON store, answered by looking through its files.

What cannot be read is left out with a log line; ``check_consistency`` names it.
"""

import heapq
import logging
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import TypeVar

from stores.backends.jsondir.agent_store_files import AgentFiles
from stores.browse.times import ms_from_iso
from stores.errors import StoreError
from stores.kode.agent_folders import NOT_JSON
from stores.kode.consistency import call_issues, file_issues, message_issues
from stores.kode.filters import Filter, MessageFilter, SessionFilter, ToolCallFilter
from stores.kode.records import AgentInfo, Message, ToolCallRecord
from stores.kode.results import SessionInfo, StorageMetrics, StoreStats

__all__ = [
    "count_all",
    "find_calls",
    "find_messages",
    "find_sessions",
    "issues_of",
    "list_ids",
    "stats_of",
]

_LOG = logging.getLogger(__name__)
_Row = TypeVar("_Row")


def list_ids(files: AgentFiles, prefix: str) -> list[str]:
    """Return the ids that begin with a text exactly, newest first, unreadable agents last."""
    dated = []
    for agent_id in files.ids():
        if agent_id.startswith(prefix):
            info = _info(files, agent_id)
            dated.append((_created_ms(info) if info else None, agent_id))
    dated.sort(key=lambda item: -1 if item[0] is None else item[0], reverse=True)
    return [agent_id for _, agent_id in dated]


def find_sessions(files: AgentFiles, query: SessionFilter) -> list[SessionInfo]:
    """Return the sessions that a filter admits."""
    found = []
    for agent_id in _ids(files, query):
        info = _info(files, agent_id)
        if (
            info is not None
            and query.template_id in (None, info.template_id)
            and _is_between(query, _created_ms(info))
        ):
            found.append((agent_id, info))
    orders: dict[str, Callable[[AgentInfo], float]] = {
        "created_at": lambda info: _created_ms(info) or 0,
        "message_count": lambda info: _number(info.message_count),
    }
    order = orders[query.sort_by]
    found.sort(key=lambda item: order(item[1]), reverse=query.sort_order == "desc")
    return [_session(agent_id, info) for agent_id, info in _page(found, query)]


def find_messages(files: AgentFiles, query: MessageFilter) -> list[Message]:
    """Return the messages that a filter admits, last saved first, then in order.

    A file tells only when all of its messages were saved, as rows of the SDK do.
    """
    saved = [(files.saved_at_ms(agent_id), agent_id) for agent_id in _ids(files, query)]
    saved.sort(key=lambda item: item[0], reverse=True)
    admitted = (
        message
        for at_ms, agent_id in saved
        if _is_between(query, at_ms)
        for message in _logged(files.readable_messages(agent_id))
        if query.role in (None, message.role) and _has_block(message, query.content_type)
    )
    return _page(admitted, query)


def find_calls(files: AgentFiles, query: ToolCallFilter) -> list[ToolCallRecord]:
    """Return the tool calls that a filter admits, newest first."""
    admitted = (
        call
        for agent_id in _ids(files, query)
        for call in _logged(files.readable_calls(agent_id))
        if query.tool_name in (None, call.name)
        and query.state in (None, call.state)
        and query.is_error in (None, bool(call.is_error))
        and query.has_approval in (None, call.approval.required is True)
        and _is_between(query, call.created_at)
    )
    if query.limit is None:
        return _page(sorted(admitted, key=_newest_first), query)
    # Only as many as the page needs are held at a time.
    most = query.offset + query.limit
    return _page(heapq.nsmallest(most, admitted, key=_newest_first), query)


def stats_of(files: AgentFiles, agent_id: str) -> StoreStats:
    """Count what one session has; names and states in alphabetical order."""
    calls, _ = files.readable_calls(agent_id)
    messages = files.count(agent_id, "messages")
    return StoreStats(
        total_messages=messages,
        total_tool_calls=len(calls),
        total_snapshots=len(files.snapshots(agent_id)[0]),
        avg_messages_per_session=messages,
        tool_calls_by_name=_tally(call.name for call in calls),
        tool_calls_by_state=_tally(call.state for call in calls),
    )


def count_all(files: AgentFiles) -> StorageMetrics:
    """Count the agents with their messages and calls; there is no database to be measured."""
    agents = messages = calls = 0
    for agent_id in files.ids():
        agents += 1
        messages += files.count(agent_id, "messages")
        calls += files.count(agent_id, "tool-calls")
    return StorageMetrics(total_agents=agents, total_messages=messages, total_tool_calls=calls)


def issues_of(files: AgentFiles, agent_id: str) -> list[str]:
    """Return what is wrong with the files of a session, in sentences."""
    base_dir = files.files.base_dir
    try:
        info = files.load_info(agent_id)
    except StoreError as exc:
        return [str(exc), *file_issues(base_dir, agent_id)]
    if info is None:
        left = (
            " Its folder of files is still there." if files.files.has_agent_files(agent_id) else ""
        )
        return [f"There is no session {agent_id} in the store.{left}"]
    messages, broken_messages = files.readable_messages(agent_id)
    calls, broken_calls = files.readable_calls(agent_id)
    issues = []
    if info.agent_id != agent_id:
        issues.append(f"meta.json of session {agent_id} is that of another session.")
    issues += message_issues(info, range(len(messages) + len(broken_messages)))
    issues += call_issues((call.id, call.name) for call in calls)
    broken = [*broken_messages, *broken_calls, *files.snapshots(agent_id)[1]]
    # A file without any JSON is named by file_issues.
    issues += [issue for issue in broken if not issue.endswith(NOT_JSON)]
    return issues + file_issues(base_dir, agent_id)


def _ids(files: AgentFiles, query: Filter) -> Iterator[str]:
    if query.agent_id is None:
        yield from files.ids()
    elif files.folders.is_usable(query.agent_id) and files.is_agent(query.agent_id):
        yield query.agent_id


def _info(files: AgentFiles, agent_id: str) -> AgentInfo | None:
    try:
        return files.load_info(agent_id)
    except StoreError as exc:
        _LOG.warning("%s", exc)
        return None


def _logged(found: tuple[list[_Row], list[str]]) -> list[_Row]:
    rows, issues = found
    for issue in issues:
        _LOG.warning("%s", issue)
    return rows


def _session(agent_id: str, info: AgentInfo) -> SessionInfo:
    return SessionInfo(
        agent_id=agent_id,
        template_id=info.template_id,
        created_at=info.created_at,
        message_count=info.message_count,
        last_sfp_index=info.last_sfp_index,
        breakpoint=info.breakpoint or None,
    )


def _created_ms(info: AgentInfo) -> int | None:
    return ms_from_iso(info.created_at)


def _is_between(query: Filter, at_ms: float | None) -> bool:
    if query.after_ms is None and query.before_ms is None:
        return True
    return (
        at_ms is not None
        and (query.after_ms is None or at_ms >= query.after_ms)
        and (query.before_ms is None or at_ms <= query.before_ms)
    )


def _has_block(message: Message, kind: str | None) -> bool:
    return kind is None or any(
        isinstance(block, dict) and block.get("type") == kind for block in message.content
    )


def _newest_first(call: ToolCallRecord) -> float:
    return -_number(call.created_at)


def _number(value: object) -> float:
    return value if isinstance(value, int | float) else 0


def _tally(names: Iterable[str]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for name in names:
        counts[name] = counts.get(name, 0) + 1
    return dict(sorted(counts.items()))


def _page(rows: Iterable[_Row], query: Filter) -> list[_Row]:
    end = None if query.limit is None else query.offset + query.limit
    return list(islice(rows, query.offset, end))
