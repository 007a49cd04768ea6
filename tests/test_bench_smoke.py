"""The benchmark's generator, bare SQL and report: what they hold and how they are laid out.

Nothing here judges a time: that is what ``make bench`` is for.
"""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from bench.agent_rows import FAKE_KEY
from bench.agent_store import QUESTIONS, compare
from bench.generate import MINIMUM_MESSAGES, Generated, ensure_store
from bench.pages import DEEP, Page, deep_pages, flat_pages, list_pages
from bench.plan import AGENT_OF_200, AGENT_OF_5000, RARE_CALLS, RARE_TEMPLATE, TEMPLATES
from bench.pools import NEEDLE, RARE_TOOL
from bench.raw import RawSql
from bench.report import Figure, as_table, percentile, write_json

ROOT = Path(__file__).resolve().parents[1]
SDK_STORE = ROOT.parent / "shared" / "kode-data" / "sqlite" / "agents.db"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    """The smallest store that the generator makes."""
    return ensure_store(MINIMUM_MESSAGES, folder=tmp_path_factory.mktemp("bench"))


@pytest.fixture
def database(generated: Generated) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(f"file:{generated.path}?mode=ro", uri=True)) as connection:
        yield connection


@pytest.fixture(scope="module")
def raw(generated: Generated) -> Iterator[RawSql]:
    child = RawSql(Path(generated.path))
    yield child
    child.close()


def _one(database: sqlite3.Connection, sql: str, *values: object) -> object:
    return database.execute(sql, values).fetchone()[0]


def _shape(path: Path) -> dict[str, list[tuple[object, ...]]]:
    """Tables and indexes of a store with their columns, whatever the spelling of the SQL."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        names = database.execute("SELECT type, name FROM sqlite_master").fetchall()
        pragma = {"table": "table_info", "index": "index_xinfo"}
        return {
            name: database.execute(f"PRAGMA {pragma[kind]}('{name}')").fetchall()
            for kind, name in names
        }


@pytest.mark.skipif(not SDK_STORE.exists(), reason="../shared/kode-data is absent")
def test_generated_store_has_the_tables_and_indexes_of_the_sdk(generated: Generated) -> None:
    assert _shape(Path(generated.path)) == _shape(SDK_STORE)


def test_counts_are_the_ones_asked_for_and_stated(
    generated: Generated, database: sqlite3.Connection
) -> None:
    assert generated.messages == MINIMUM_MESSAGES
    assert _one(database, "SELECT count(*) FROM messages") == MINIMUM_MESSAGES
    assert _one(database, "SELECT sum(message_count) FROM agents") == MINIMUM_MESSAGES
    assert _one(database, "SELECT count(*) FROM agents") == generated.sessions
    assert _one(database, "SELECT count(*) FROM tool_calls") == generated.tool_calls
    assert _one(database, "SELECT sum(is_error) FROM tool_calls") == generated.failures


def test_three_calls_in_ten_messages_and_six_failures_in_a_hundred_calls(
    generated: Generated,
) -> None:
    assert 0.25 < generated.tool_calls / generated.messages < 0.35
    assert 0.04 < generated.failures / generated.tool_calls < 0.08


def test_the_stated_agents_have_the_stated_lengths(database: sqlite3.Connection) -> None:
    sql = "SELECT count(*) FROM messages WHERE agent_id = ?"
    assert _one(database, sql, AGENT_OF_5000) == 5_000
    assert _one(database, sql, AGENT_OF_200) == 200


def test_rare_things_are_as_rare_as_stated(database: sqlite3.Connection) -> None:
    calls = "SELECT count(*) FROM tool_calls WHERE name = ?"
    assert _one(database, calls, RARE_TOOL) == RARE_CALLS
    assert _one(database, f"{calls} AND state = 'FAILED'", RARE_TOOL) == RARE_CALLS // 3
    assert _one(database, "SELECT count(*) FROM agents WHERE template_id = ?", RARE_TEMPLATE) == 6
    sql = "SELECT count(*) FROM messages WHERE content LIKE ?"
    assert _one(database, sql, f"%{NEEDLE}%") == 10
    assert _one(database, sql, '%"type":"audio"%') == 0
    assert _one(database, sql, '%"type":"image"%') != 0


def test_templates_are_all_used_and_the_first_is_the_most_frequent(
    database: sqlite3.Connection,
) -> None:
    found = dict(database.execute("SELECT template_id, count(*) FROM agents GROUP BY 1").fetchall())
    assert found.keys() <= set(TEMPLATES)
    assert max(found, key=lambda name: found[name]) == TEMPLATES[0]


def test_each_session_has_one_time_of_saving_and_gapless_seqs(
    database: sqlite3.Connection,
) -> None:
    sql = """
        SELECT count(*) FROM (
            SELECT 1 FROM messages GROUP BY agent_id
            HAVING count(DISTINCT created_at) > 1 OR min(seq) > 0 OR max(seq) <> count(*) - 1)
    """
    assert _one(database, sql) == 0


def test_all_json_is_valid_and_each_call_has_its_blocks(database: sqlite3.Connection) -> None:
    for table, column in (
        ("agents", "metadata"),
        ("agents", "lineage"),
        ("messages", "content"),
        ("messages", "metadata"),
        ("tool_calls", "input"),
        ("tool_calls", "result"),
        ("tool_calls", "approval"),
        ("tool_calls", "audit_trail"),
        ("snapshots", "messages"),
    ):
        sql = (
            f"SELECT count(*) FROM {table} WHERE {column} IS NOT NULL AND NOT json_valid({column})"
        )
        assert _one(database, sql) == 0, column
    blocks = "SELECT count(*) FROM messages, json_each(content) WHERE value ->> 'type' = ?"
    calls = _one(database, "SELECT count(*) FROM tool_calls")
    assert _one(database, blocks, "tool_use") == calls
    assert _one(database, blocks, "tool_result") == calls


def test_metadata_is_as_wide_as_real_metadata_and_holds_a_key(
    database: sqlite3.Connection,
) -> None:
    width = _one(database, "SELECT avg(length(metadata)) FROM agents")
    assert isinstance(width, float)
    assert 2_400 < width < 3_200
    sql = "SELECT count(*) FROM agents WHERE metadata LIKE ?"
    assert _one(database, sql, f"%{FAKE_KEY}%") == _one(database, "SELECT count(*) FROM agents")


def test_file_is_in_rollback_journal_mode_and_has_logs_beside_it(generated: Generated) -> None:
    path = Path(generated.path)
    assert path.read_bytes()[18:20] == b"\x01\x01"
    assert {entry.name for entry in path.parent.iterdir()} == {
        "agents.db",
        "generated.json",
        "store",
    }
    log = path.parent / "store" / AGENT_OF_200 / "events" / "progress.log"
    lines = [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]
    assert lines[-1]["event"]["type"] == "done"
    assert all(line["bookmark"] == line["event"]["bookmark"] for line in lines)


def test_same_seed_makes_the_same_rows_and_another_seed_makes_others(
    generated: Generated, tmp_path: Path
) -> None:
    def digest(path: str) -> str:
        with closing(sqlite3.connect(path)) as connection:
            rows = connection.execute("SELECT * FROM messages ORDER BY rowid").fetchall()
        return sha256(repr(rows).encode()).hexdigest()

    again = ensure_store(MINIMUM_MESSAGES, folder=tmp_path)
    other = ensure_store(MINIMUM_MESSAGES, seed=8, folder=tmp_path)
    assert digest(again.path) == digest(generated.path) != digest(other.path)


def test_a_finished_store_is_found_again_and_a_torn_one_is_made_anew(tmp_path: Path) -> None:
    first = ensure_store(MINIMUM_MESSAGES, folder=tmp_path)
    assert ensure_store(MINIMUM_MESSAGES, folder=tmp_path) == first
    home = Path(first.path).parent
    (home / "generated.json").unlink()
    Path(first.path).write_bytes(b"torn")
    assert ensure_store(MINIMUM_MESSAGES, folder=tmp_path).size_bytes == first.size_bytes


def test_a_store_too_small_for_its_contents_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        ensure_store(MINIMUM_MESSAGES - 1, folder=tmp_path)


@pytest.mark.parametrize("page", list_pages(), ids=lambda page: page.key)
def test_bare_sql_of_each_page_answers(raw: RawSql, page: Page) -> None:
    rows = raw.rows(page.sql, page.bindings)
    assert len(raw.times_ms(page, 2)) == 2
    assert bool(rows) is ("none" not in page.key)


def test_bare_sql_of_frequent_filters_sorts_nothing(database: sqlite3.Connection) -> None:
    for page in [*flat_pages(), *(page for page in list_pages() if "bash_run" in page.key)]:
        plan = database.execute(f"EXPLAIN QUERY PLAN {page.sql}", page.bindings).fetchall()
        assert not [step for *_, step in plan if "TEMP B-TREE" in step], page.key


def test_deep_pages_go_on_behind_the_row_before_them(raw: RawSql) -> None:
    for deep in DEEP:
        anchor = raw.rows(deep.anchor, {"skip": 9})[0]
        page = deep_pages({deep.twin: anchor}, {deep.twin: "x/y"})[0]
        twin = next(item for item in flat_pages() if item.key == deep.twin)
        assert raw.rows(page.sql, page.bindings)[:40] == raw.rows(twin.sql, twin.bindings)[10:50]
        assert page.path.endswith("after=x/y")


def test_report_has_a_verdict_only_where_there_is_a_budget(tmp_path: Path) -> None:
    figures = [
        Figure("A", "within", 8.0, p95=9.0, raw_ms=0.5, budget=8.75, queries=2, size_bytes=1_000),
        Figure("A", "over", 9.0, budget=8.75),
        Figure("B", "floor", 149.0, unit="/s", budget=150.0, is_floor=True),
        Figure("B", "free", 1.0),
    ]
    assert [figure.verdict for figure in figures] == ["ok", "OVER", "OVER", ""]
    assert figures[0].ratio == 16.0
    table = as_table(figures).splitlines()
    assert [line for line in table if line.startswith("# ")] == ["# A", "# B"]
    assert next(line for line in table if line.startswith("within")).split()[1:] == [
        "8.00", "ms", "9.00", "0.50", "16.0", "<=", "8.75", "ok", "2", "1,000",
    ]  # fmt: skip
    write_json(tmp_path / "out.json", {"processors": 2}, figures)
    written = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [row["verdict"] for row in written["figures"]] == ["ok", "OVER", "OVER", ""]


def test_percentile_is_one_of_the_values() -> None:
    values = [float(number) for number in range(100)]
    assert percentile(values, 0.95) == 95.0
    assert percentile([3.0], 0.95) == 3.0


@pytest.mark.slow
def test_a_small_run_measures_every_page_of_the_real_server(tmp_path: Path) -> None:
    """The whole chain with the least effort; it judges that there are figures, not how good."""
    out = tmp_path / "figures.json"
    small = ["--quick", "--no-peers", "--messages", str(MINIMUM_MESSAGES)]
    command = [sys.executable, "-m", "bench", *small, "--dir", str(tmp_path), "--json", str(out)]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert "Results only (HX-Request)" in done.stdout
    written = json.loads(out.read_text(encoding="utf-8"))
    assert written["machine"]["messages"] == MINIMUM_MESSAGES
    figures = {(row["section"].split()[0], row["name"]): row for row in written["figures"]}
    for page in list_pages():
        for section in ("Results", "Full") if page.goal != "count" else ("Results",):
            figure = figures[section, page.key]
            assert not figure["is_wrong"], (section, page.key)
            assert figure["queries"] >= 1
            assert figure["size_bytes"] > 0
            assert figure["raw_ms"] > 0
    assert figures["Memory", "kodeweb, process 2"]["value"] > 10
    assert not list(tmp_path.glob("home-*"))


def test_the_agent_store_and_the_sdks_statements_find_as_many_rows(
    generated: Generated,
) -> None:
    """``compare`` raises where they differ."""
    found = compare(generated.path, rounds=1)
    assert [line.title for line in found] == [question.title for question in QUESTIONS]
    assert sum(line.rows > 0 for line in found) > len(found) // 2
