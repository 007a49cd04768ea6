"""The SDK's own rows, read and written again by Python, are the same rows."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import psycopg
import pytest

from stores.backends.postgres.agent_store import PostgresStore
from tests.servers import fresh_postgres, load_dump

#: Table -> all columns but those that every save makes anew, which are compared by their form.
_COLUMNS: Final = {
    "agents": (
        "agent_id, template_id, created_at::text, config_version, lineage::text, message_count,"
        " last_sfp_index, last_bookmark::text, breakpoint, metadata::text"
    ),
    "messages": (
        "agent_id, seq, role, content::text, metadata::text,"
        " id ~ '^msg_[0-9]{13}_[0-9a-z]{1,9}$', created_at > 1000000000000"
    ),
    "tool_calls": (
        "id, agent_id, name, input::text, state, approval::text, result::text, error, is_error,"
        " started_at, completed_at, duration_ms, created_at, updated_at, audit_trail::text"
    ),
    "snapshots": (
        "agent_id, snapshot_id, messages::text, last_sfp_index, last_bookmark::text,"
        " created_at::text, metadata::text"
    ),
}


@pytest.fixture(scope="module")
def both(
    kode_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[PostgresStore, str, PostgresStore, str]]:
    """Return the sample as the SDK wrote it and an empty store, each with its URL."""
    files = tmp_path_factory.mktemp("files")
    with fresh_postgres() as sample, fresh_postgres() as empty:
        load_dump(sample, kode_data / "postgres" / "agents.sql")
        with PostgresStore(sample, files) as source, PostgresStore(empty, files) as target:
            yield source, sample, target, empty


def _rows(url: str, table: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url) as connection:
        statement = f"SELECT {_COLUMNS[table]} FROM {table} ORDER BY 1, 2"
        return connection.execute(statement.encode()).fetchall()


def test_every_row_of_the_sdk_is_written_as_it_was(
    both: tuple[PostgresStore, str, PostgresStore, str],
) -> None:
    """NULL where the SDK has NULL, JSON of equal values, times to the millisecond."""
    source, sample, target, empty = both
    for agent_id in source.list():
        info = source.load_info(agent_id)
        assert info is not None
        target.save_info(agent_id, info)
        target.save_messages(agent_id, source.load_messages(agent_id))
        target.save_tool_call_records(agent_id, source.load_tool_call_records(agent_id))
        for snapshot in source.list_snapshots(agent_id):
            target.save_snapshot(agent_id, snapshot)
    for table in _COLUMNS:
        written, original = _rows(empty, table), _rows(sample, table)
        assert len(original) > 1
        assert written == original, table


def test_calls_come_by_time_however_often_they_were_saved(
    both: tuple[PostgresStore, str, PostgresStore, str],
) -> None:
    """Ties are in the order of the table's pages, which after many saves is nobody's."""
    source, _, target, _ = both
    calls = [call for agent_id in source.list() for call in source.load_tool_call_records(agent_id)]
    for agent_id in target.list():
        target.delete(agent_id)
    info = source.load_info(source.list()[0])
    assert info is not None
    target.save_info(info.agent_id, info)
    for _ in range(3):
        calls.reverse()
        target.save_tool_call_records(info.agent_id, calls)
        found = target.load_tool_call_records(info.agent_id)
        assert {call.id for call in found} == {call.id for call in calls}
        assert [call.created_at for call in found] == sorted(call.created_at for call in calls)
