"""Pages read through PgBouncer in transaction mode, by several people at once."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from stores.backends.postgres.agent_store import PostgresStore
from stores.backends.postgres.connection import PostgresTarget
from stores.backends.postgres.reader import PostgresReader
from stores.browse.queries import MessageQuery, SessionQuery
from stores.conformance.samples import fill
from tests.servers import with_database
from tests.stores.postgres.bouncer import private_bouncer


def test_pages_are_whole_and_leave_nothing_for_the_next_client(
    postgres_database: str, tmp_path: Path
) -> None:
    with PostgresStore(postgres_database, tmp_path) as store, ExitStack() as stack:
        fill(store, "agt-1")
        try:
            url = stack.enter_context(private_bouncer())
        except RuntimeError as exc:
            pytest.skip(str(exc))
        behind = with_database(url, urlsplit(postgres_database).path.strip("/"))
        reader = PostgresReader.open("store", PostgresTarget.from_url(behind), tmp_path)
        stack.callback(reader.close)
        messages = len(store.load_messages("agt-1"))

        def look(_number: int) -> tuple[int, int, int]:
            turns = reader.get_transcript("agt-1").turns
            sessions = reader.list_sessions(SessionQuery()).rows
            return len(turns), len(sessions), len(reader.list_messages(MessageQuery()).rows)

        with ThreadPoolExecutor(4) as threads:
            assert set(threads.map(look, range(24))) == {(messages, 1, messages)}
        with psycopg.connect(behind, autocommit=True, prepare_threshold=None) as client:
            for name, plain in (("statement_timeout", "0"), ("transaction_read_only", "off")):
                assert client.execute(f"SHOW {name}").fetchone() == (plain,)
