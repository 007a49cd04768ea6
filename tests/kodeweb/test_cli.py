"""The command: one sentence and exit code 2 for every mistake, and a server that comes and goes."""

import os
import signal
import socket
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kodeweb import cli
from kodeweb.cli import boot

Run = Callable[..., subprocess.CompletedProcess[str]]
COMMAND = (sys.executable, "-c", "import sys; from kodeweb.cli import main; sys.exit(main())")
_START_SECONDS = 60


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a data directory that the first command makes, under an open umask."""
    return tmp_path_factory.mktemp("command") / "home"


@pytest.fixture
def environment(home: Path) -> dict[str, str]:
    """Return a small environment: no variable of the developer's reaches the command."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return {**kept, "KODEWEB_HOME": str(home), "HOME": str(home.parent)}


@pytest.fixture
def run(environment: dict[str, str]) -> Run:
    """Return a runner of ``kodeweb``."""

    def call(
        *arguments: str, env: dict[str, str] | None = None, given: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *arguments],
            env={**environment, **(env or {})},
            input=given,
            capture_output=True,
            text=True,
            timeout=_START_SECONDS,
            check=False,
            umask=0o022,
        )

    return call


def assert_one_sentence(done: subprocess.CompletedProcess[str], *words: str) -> None:
    """Check the shape of every user mistake."""
    assert done.returncode == 2, done
    lines = done.stderr.strip().splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("kodeweb: ")
    assert lines[0].endswith(".")
    for word in words:
        assert word in lines[0]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("missing.db", None, ["missing.db"]),
        ("text.db", b"this is no database, it is a letter to a friend", ["text.db", "SQLite"]),
        ("empty.db", b"", ["empty"]),
    ],
)
def test_what_is_no_store_is_said_in_one_sentence(
    run: Run, tmp_path: Path, name: str, content: bytes | None, words: list[str]
) -> None:
    """A missing file, a text file, an empty file."""
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    assert_one_sentence(run("open", str(path), "--port", "0", "--no-browser"), *words)


def test_a_folder_without_sessions_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    """Empty, with a database in it, the file half of one, or anything else."""
    for name in ("empty", "with-db", "half", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "with-db" / "agents.db").write_bytes(b"")
    (tmp_path / "half" / "agt-1" / "events").mkdir(parents=True)
    (tmp_path / "other" / "note.txt").write_text("x")
    for name, word in (
        ("empty", "empty folder"),
        ("with-db", "agents.db"),
        ("half", "--files"),
        ("other", "meta.json"),
    ):
        assert_one_sentence(run("open", str(tmp_path / name), "--port", "0"), name, word)
    named = run("open", str(tmp_path / "other"), "--files", str(tmp_path), "--port", "0")
    assert_one_sentence(named, "--files")


def test_a_foreign_schema_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    """Another program's database is not opened."""
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE orders (id INTEGER PRIMARY KEY)")
    connection.close()
    assert_one_sentence(run("open", str(path), "--port", "0"), "orders", "KODE")


@pytest.mark.skipif(os.getuid() == 0, reason="root may read every file")
def test_no_permission_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    """The file is there, and not ours."""
    path = tmp_path / "secret.db"
    path.write_bytes(b"x")
    path.chmod(0)
    assert_one_sentence(run("open", str(path), "--port", "0"), "secret.db")


def test_hostile_file_names_do_not_reach_the_terminal_raw(run: Run, tmp_path: Path) -> None:
    """An escape sequence in a path is shown, not obeyed."""
    done = run("open", str(tmp_path / "a\x1b]52;c;x\x07.db"), "--port", "0")
    assert_one_sentence(done, "\\u001b")
    assert "\x1b" not in done.stderr


def test_without_a_path_the_variables_of_the_sdk_are_read(run: Run, tmp_path: Path) -> None:
    """None of them, an unknown type, a folder that is not named, a path that is missing."""
    assert_one_sentence(run("open", "--port", "0"), "KODE_SQLITE_PATH")
    assert_one_sentence(
        run("open", "--port", "0", env={"KODE_STORE_TYPE": "mongo"}), "mongo", "SQLite"
    )
    json_only = run("open", "--port", "0", env={"KODE_STORE_TYPE": "json"})
    assert_one_sentence(json_only, "KODE_STORE_PATH")
    away = {"KODE_STORE_TYPE": "json", "KODE_STORE_PATH": str(tmp_path / "away")}
    assert_one_sentence(run("open", "--port", "0", env=away), "away", "no folder")
    missing = str(tmp_path / "nowhere.db")
    assert_one_sentence(run("open", "--port", "0", env={"KODE_SQLITE_PATH": missing}), "nowhere.db")


def test_a_port_in_use_is_said_in_one_sentence(run: Run) -> None:
    """Before anything else is done."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        assert_one_sentence(run("serve", "--port", port), port, "in use")


def test_a_wrong_port_variable_is_said_in_one_sentence(run: Run) -> None:
    """Environment mistakes read like argument mistakes."""
    assert_one_sentence(run("serve", env={"KODEWEB_PORT": "many"}), "KODEWEB_PORT", "many")


@pytest.mark.parametrize("url", ["nonsense", "oracle9://u:hunter22@h/n", "sqlite:////nowhere/x.db"])
def test_a_wrong_database_url_is_said_in_one_sentence(run: Run, url: str) -> None:
    """Without repeating it: it may hold a password."""
    done = run("user", "list", env={"DATABASE_URL": url})
    assert_one_sentence(done, "DATABASE_URL")
    assert "hunter22" not in done.stderr


@pytest.mark.parametrize(
    ("name", "value"), [("KODEWEB_SECRET_KEY", "too short"), ("KODEWEB_HOSTS", "*.example.org")]
)
def test_an_unsafe_variable_is_refused(run: Run, name: str, value: str) -> None:
    """Without repeating a secret."""
    done = run("user", "list", env={name: value})
    assert_one_sentence(done, name)
    assert value not in done.stderr


def test_a_secret_key_that_was_never_written_is_said_in_one_sentence(
    run: Run, tmp_path: Path
) -> None:
    """A full disk leaves the file empty; sessions signed with nothing must not start."""
    (tmp_path / "secret_key").touch()
    assert_one_sentence(run("user", "list", env={"KODEWEB_HOME": str(tmp_path)}), "secret_key")


def test_a_foreign_address_is_said_in_one_sentence(run: Run) -> None:
    """192.0.2.1 is nobody's (RFC 5737)."""
    assert_one_sentence(run("serve", "--host", "192.0.2.1", "--port", "0"), "192.0.2.1")


def test_a_host_that_is_no_name_is_said_in_one_sentence(run: Run) -> None:
    """Labels that no name can have never reach the resolver."""
    assert_one_sentence(run("serve", "--host", ".nowhere", "--port", "0"), ".nowhere", "--host")


def test_a_name_that_no_file_can_have_is_said_in_one_sentence(run: Run) -> None:
    """The system refuses to look at it."""
    assert_one_sentence(run("open", "a" * 300, "--port", "0"), "cannot be reached")


def test_a_link_to_itself_is_said_in_one_sentence(run: Run, tmp_path: Path) -> None:
    """It leads nowhere, and nobody follows it forever."""
    loop = tmp_path / "loop.db"
    loop.symlink_to(loop)
    assert_one_sentence(run("open", str(loop), "--port", "0"), str(loop), "cannot be reached")


def test_other_machines_are_not_served_before_an_admin_has_a_password(run: Run) -> None:
    """The sentence names the command that mends it."""
    done = run("serve", "--host", "0.0.0.0", "--port", "0")  # noqa: S104 (it must refuse)
    assert_one_sentence(done, "kodeweb user add")


def test_users_are_added_and_listed(run: Run) -> None:
    """With a password from standard input; a weak one is refused."""
    add = ("user", "add", "mara", "--role", "operator", "--password-stdin")
    assert_one_sentence(run(*add, given="short\n"), "password")
    assert run(*add, given="correct horse battery staple\n").returncode == 0
    assert "mara\toperator\tpassword" in run("user", "list").stdout
    assert_one_sentence(run("login-link", "--user", "nobody-here"), "nobody-here")


def test_the_data_directory_is_closed_to_others(run: Run, home: Path) -> None:
    """0700 for the directory, 0600 for key and database, whatever the umask."""
    assert run("user", "list").returncode == 0
    modes = {
        name: stat.S_IMODE((home / name).stat().st_mode)
        for name in (".", "secret_key", "kodeweb.sqlite3")
    }
    assert modes == {".": 0o700, "secret_key": 0o600, "kodeweb.sqlite3": 0o600}


@pytest.fixture(params=["sqlite/agents.db", "json-store"])
def server(
    environment: dict[str, str], kode_data: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[list[str], int]]:
    """Open a real store and yield what was printed until it serves, and the process id."""
    path = str(kode_data / request.param)
    process = subprocess.Popen(
        [*COMMAND, "open", path, "--port", "0", "--no-browser"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    lines = []
    for line in process.stdout:
        lines.append(line.strip())
        if line.startswith("Stop with"):
            break
    yield lines, process.pid
    process.terminate()
    process.wait(timeout=10)
    process.stdout.close()
    process.stderr.close()


def test_opening_a_real_store_serves_it_and_prints_a_link(server: tuple[list[str], int]) -> None:
    """The printed link opens; SIGTERM ends the server with exit code 0."""
    lines, pid = server
    assert lines[0].startswith(("Store agents: ", "Store json-store: "))
    link = urlsplit(lines[2].split(": ")[1])
    connection = HTTPConnection("127.0.0.1", link.port or 0, timeout=10)
    connection.request("GET", link.path)
    page = connection.getresponse()
    assert page.status == 200
    body = page.read().decode()
    assert "Password for next time" in body
    connection.close()
    os.kill(pid, signal.SIGTERM)
    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_help_is_no_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    """It exits with 0 and lists the commands."""
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--help"])
    assert stopped.value.code == 0
    printed = capsys.readouterr().out
    assert all(word in printed for word in ("open", "serve", "demo", "login-link", "user"))


def test_a_free_port_is_taken_when_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Port 0 becomes the real one, which names the cookies."""
    monkeypatch.setenv("KODEWEB_HOST", "")
    monkeypatch.setenv("KODEWEB_PORT", "")
    with boot.bind("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert os.environ["KODEWEB_PORT"] == str(port)
        assert boot.base_url(listener, is_https=False) == f"http://127.0.0.1:{port}"
        assert boot.is_loopback(listener)
