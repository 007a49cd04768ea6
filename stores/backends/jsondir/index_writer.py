"""Write the index of a JSON store: one session at a time, each in its own transaction."""

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from stores.backends.jsondir.folders import SessionFolder
from stores.backends.jsondir.narrow import narrow_call, narrow_message
from stores.backends.jsondir.rows import (
    Row,
    agent_row,
    call_rows,
    message_rows,
    snapshot_rows,
)
from stores.backends.jsondir.session_files import (
    read_calls,
    read_info,
    read_messages,
    read_snapshots,
)

__all__ = ["IndexWriter"]


class IndexWriter:
    """Bring the index up to date, one session in one transaction. Holds the writers' lock."""

    def __init__(self, base: Path, connection: sqlite3.Connection) -> None:
        self._base = base
        self._connection = connection

    def signatures(self) -> dict[str, str]:
        """Return what the index holds: signature by session id."""
        rows = self._connection.execute("SELECT agent_id, signature FROM kodeweb_folders")
        return dict(rows.fetchall())

    def signature(self, agent_id: str) -> str:
        """Return what the index holds of one session, empty when nothing."""
        statement = "SELECT signature FROM kodeweb_folders WHERE agent_id = ?"
        row = self._connection.execute(statement, [agent_id]).fetchone()
        return str(row[0]) if row else ""

    def state(self, name: str) -> str:
        """Return a note of the index, empty when there is none."""
        row = self._connection.execute(
            "SELECT value FROM kodeweb_state WHERE name = ?", [name]
        ).fetchone()
        return str(row[0]) if row else ""

    def note(self, name: str, value: str) -> None:
        """Keep a note; it is in the next transaction, or stored at once outside of one."""
        self._connection.execute(
            "INSERT OR REPLACE INTO kodeweb_state VALUES (?, ?)", [name, value]
        )

    def remove(self, agent_id: str) -> None:
        """Take one session out."""
        with self._transaction():
            self._delete(agent_id)
            self._connection.execute("DELETE FROM agents WHERE agent_id = ?", [agent_id])
            self._connection.execute("DELETE FROM kodeweb_folders WHERE agent_id = ?", [agent_id])

    def update(self, found: SessionFolder, *, notes: Mapping[str, str] | None = None) -> None:
        """Read one session's files and replace its rows."""
        agent_id = found.agent_id
        info = read_info(self._base, agent_id)
        if not info.problem and not (info.value or {}).get("metadata"):
            # Gone, or a pool's record: the SDK does not count it as an agent either.
            self.remove(agent_id)
            self._keep(found, (), notes)
            return
        messages, calls = read_messages(self._base, agent_id), read_calls(self._base, agent_id)
        snapshots = read_snapshots(self._base, agent_id)
        count = len(messages.value) if isinstance(messages.value, list) else None
        files = (info, messages, calls, *(snapshot.file for snapshot in snapshots))
        with self._transaction():
            self._delete(agent_id)
            self._insert_agent(agent_row(agent_id, info.value or {}, count))
            self._insert_messages(message_rows(agent_id, messages))
            self._insert_calls(agent_id, call_rows(agent_id, calls))
            self._insert("snapshots", snapshot_rows(agent_id, snapshots))
            self._keep(found, [file.problem for file in files if file.problem], notes)

    def mark(self, found: SessionFolder, problem: str, *, notes: Mapping[str, str]) -> None:
        """Keep a session without its parts, with what is wrong with it."""
        with self._transaction():
            self._delete(found.agent_id)
            self._insert_agent(agent_row(found.agent_id, {}, None))
            self._keep(found, [problem], notes)

    def _insert_agent(self, row: Row) -> None:
        # Updated in place: a row that kept its number keeps its place among equal times.
        self._insert("agents", [row], "ON CONFLICT (agent_id) DO UPDATE SET")

    def _insert_messages(self, rows: Iterable[Row]) -> None:
        narrow = [{**narrow_message(row), "id": f"{row['agent_id']}#{row['seq']}"} for row in rows]
        self._insert("messages", narrow)

    def _insert_calls(self, agent_id: str, rows: Sequence[Row]) -> None:
        taken = self._taken([row["id"] for row in rows])
        narrow = []
        for row in rows:
            local_id = row["id"]
            # Providers that count their calls anew in each session repeat their ids.
            unique = f"{local_id}@{agent_id}" if local_id in taken else local_id
            narrow.append({**narrow_call(row), "id": unique, "local_id": local_id})
        self._insert("tool_calls", narrow, "ON CONFLICT (id) DO UPDATE SET")

    def _taken(self, ids: Sequence[str]) -> set[str]:
        statement = "SELECT 1 FROM tool_calls WHERE id = ?"
        return {one for one in ids if self._connection.execute(statement, [one]).fetchone()}

    def _keep(
        self, found: SessionFolder, problems: Sequence[str], notes: Mapping[str, str] | None
    ) -> None:
        self._connection.execute(
            "INSERT OR REPLACE INTO kodeweb_folders VALUES (?, ?, ?, ?)",
            [found.agent_id, found.signature, found.size_bytes, "\n".join(problems)],
        )
        for name, value in (notes or {}).items():
            self.note(name, value)

    def _delete(self, agent_id: str) -> None:
        for table in ("messages", "tool_calls", "snapshots"):
            self._connection.execute(f"DELETE FROM {table} WHERE agent_id = ?", [agent_id])

    def _insert(self, table: str, rows: Sequence[Row], conflict: str = "") -> None:
        if not rows:
            return
        names = list(rows[0])
        marks = ", ".join(f":{name}" for name in names)
        if conflict:
            conflict += " " + ", ".join(f"{name} = excluded.{name}" for name in names)
        statement = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks}) {conflict}"
        self._connection.executemany(statement, rows)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")
