"""What ``kodeweb open`` says of a PostgreSQL database that it cannot open."""

from pathlib import Path

from stores.interface import open_target
from stores.tools.places import postgres_place
from tests.kodeweb.test_cli import Run, assert_one_sentence, environment, home, run

__all__ = ["environment", "home", "run"]


def test_a_database_that_cannot_be_opened_is_said_in_one_sentence(
    run: Run,
    postgres_database: str,
) -> None:
    """Nobody there, no such database, nothing in it, no name, no address; never the password."""
    nobody = run("open", "--port", "0", "postgres://me:pass-w0rd@127.0.0.1:1/agents")
    assert_one_sentence(nobody, "127.0.0.1:1", "pg_isready")
    away = run("open", "--port", "0", f"{postgres_database}_away")
    assert_one_sentence(away, "_away", "createdb")
    assert_one_sentence(run("open", "--port", "0", postgres_database), "is empty")
    no_database = run("open", "--port", "0", env={"KODE_STORE_TYPE": "postgres"})
    assert_one_sentence(no_database, "POSTGRES_DB")
    odd = run("open", "--port", "0", "postgres://me:pass-w0rd@127.0.0.1/x?passfile=a")
    assert_one_sentence(odd, "passfile")
    copy = "postgres://me:pass-w0rd@127.0.0.1:1/copy"
    for_a_file = run("open", "--port", "0", "--replica", copy, "agents.db")
    assert_one_sentence(for_a_file, "Only PostgreSQL stores")
    for done in (nobody, odd, for_a_file):
        assert "pass-w0rd" not in done.stderr + done.stdout


def test_a_replica_that_cannot_be_opened_is_said_in_one_sentence(
    run: Run, postgres_database: str, tmp_path: Path
) -> None:
    """The database beside it is not registered then; the password is not said."""
    with open_target(postgres_place(postgres_database, tmp_path)):
        pass
    copy = "postgres://me:pass-w0rd@127.0.0.1:1/copy"
    done = run("open", "--port", "0", "--replica", copy, postgres_database)
    assert_one_sentence(done, "127.0.0.1:1", "pg_isready")
    assert "pass-w0rd" not in done.stderr + done.stdout
    odd = run("open", "--port", "0", "--replica", "copy", postgres_database)
    assert_one_sentence(odd, "no PostgreSQL address")
