"""Small stores for the tests of the tools, and what is asked of them."""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from stores.kode.records import (
    AgentInfo,
    Approval,
    Bookmark,
    MediaCacheRecord,
    Message,
    RecoveredFile,
    Snapshot,
    Timeline,
    TodoItem,
    TodoSnapshot,
    ToolCallRecord,
)
from stores.kode.store import ExtendedStore
from stores.tools.content import fingerprint
from stores.tools.places import Place, find_place, open_source, open_target

__all__ = [
    "DAY_MS",
    "NOW_MS",
    "add_session",
    "hashes",
    "made_store",
    "opened",
    "tree_hash",
]

DAY_MS = 86_400_000
NOW_MS = 1_790_000_000_000


def add_session(
    store: ExtendedStore,
    agent_id: str,
    *,
    days_old: int = 0,
    template: str = "helper",
    lineage: tuple[str, ...] = (),
    state: str = "READY",
) -> None:
    """Save a session with a little of everything."""
    at = NOW_MS - days_old * DAY_MS
    iso = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    iso = iso.replace("+00:00", "Z")
    mark = Bookmark(seq=3, timestamp=at)
    say = Message(role="user", content=[{"type": "text", "text": f"hello from {agent_id} \u2028é"}])
    use = {"type": "tool_use", "id": f"call-{agent_id}", "name": "bash_run", "input": {"n": 1.5}}
    store.save_info(
        agent_id,
        AgentInfo(
            agent_id=agent_id,
            template_id=template,
            created_at=iso,
            lineage=list(lineage),
            config_version="v2.7.0",
            message_count=2,
            last_sfp_index=0,
            last_bookmark=mark,
            metadata={"agentId": agent_id, "updatedAt": iso, "metadata": {"b": 1, "a": [1, 2]}},
        ),
    )
    answer = Message(role="assistant", content=[use])
    store.save_messages(agent_id, [say, answer])
    call = ToolCallRecord(
        id=f"call-{agent_id}",
        name="bash_run",
        input={"n": 1.5},
        state="COMPLETED",
        approval=Approval(required=False),
        result={"code": 0},
        duration_ms=0,
        created_at=at,
        updated_at=at,
    )
    store.save_tool_call_records(agent_id, [call])
    shot = Snapshot(
        id="sfp-0", messages=(say,), last_sfp_index=0, last_bookmark=mark, created_at=iso
    )
    store.save_snapshot(agent_id, shot)
    _add_files(store, agent_id, mark, state)


def _add_files(store: ExtendedStore, agent_id: str, mark: Bookmark, state: str) -> None:
    at = mark.timestamp
    for channel, kind in (("progress", "done"), ("monitor", "state_changed")):
        event = {"channel": channel, "type": kind, "state": state, "bookmark": mark.to_json()}
        store.append_event(agent_id, Timeline(cursor=1, bookmark=mark, event=event))
    item = TodoItem(id="t", title="one", status="pending", created_at=at, updated_at=at)
    store.save_todos(agent_id, TodoSnapshot(todos=(item,), version=2, updated_at=at))
    file = RecoveredFile(path="/srv/a.txt", content="text\n", mtime=float(at) + 0.25, timestamp=at)
    store.save_recovered_file(agent_id, file)
    media = MediaCacheRecord(
        key="00", provider="p", mime_type="image/png", size_bytes=1, created_at=at
    )
    store.save_media_cache(agent_id, [media])


def made_store(place: Place, count: int, *, oldest: int = 0) -> Place:
    """Fill a store with sessions, one a day, the first of them with a fork."""
    oldest = oldest or count
    with open_target(place) as store:
        for number in range(count):
            add_session(store, f"agt-{number:05d}", days_old=oldest - number)
        add_session(store, "agt-00000/fork-1", days_old=oldest, lineage=("agt-00000",))
    return place


@contextmanager
def opened(word: Path | str, files: Path | None = None) -> Iterator[ExtendedStore]:
    """Open a store that is there, for a moment."""
    with open_source(find_place(str(word), files)) as store:
        yield store


def hashes(place: Place) -> dict[str, str]:
    """Return the fingerprint of every session of a store."""
    with open_source(place) as store:
        return {agent_id: fingerprint(store, agent_id).sha256 for agent_id in store.list()}


def tree_hash(*roots: Path) -> str:
    """Hash the names, bytes and modes of everything below some folders."""
    running = hashlib.sha256()
    for root in roots:
        for path in sorted(root.rglob("*")):
            content = path.read_bytes() if path.is_file() else b""
            running.update(f"{path} {path.lstat().st_mode} {len(content)}\n".encode() + content)
    return running.hexdigest()
