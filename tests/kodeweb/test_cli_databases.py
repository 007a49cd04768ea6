"""What ``kodeweb open`` says of a PostgreSQL database that it cannot open."""

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
    for done in (nobody, odd):
        assert "pass-w0rd" not in done.stderr + done.stdout
