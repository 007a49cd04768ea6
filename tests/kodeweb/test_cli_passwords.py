"""A password on the command line is repeated by no sentence, and soon not by the process list."""

import subprocess
import sys
from pathlib import Path

import pytest

from kodeweb.cli.process_list import without_passwords
from kodeweb.cli.target import UserError, find_target
from stores.errors import InvalidQuery
from stores.interface import read_target

_SECRET = "pass-w0rd"
_SHOW = """
from kodeweb.cli.process_list import hide_passwords
hide_passwords()
print(open("/proc/self/cmdline").read().replace(chr(0), chr(10)))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="needs /proc of Linux")
def test_the_process_list_shows_stars_for_a_password() -> None:
    words = [
        f"postgres://me:{_SECRET}@127.0.0.1/agents",
        "--replica",
        f"postgres://127.0.0.1/agents?password={_SECRET}&sslmode=require",
        "folder/of:files@home",
    ]
    done = subprocess.run(
        [sys.executable, "-c", _SHOW, *words], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip().split("\n")[-4:] == [
        "postgres://me:*********@127.0.0.1/agents",
        "--replica",
        "postgres://127.0.0.1/agents?password=*********&sslmode=require",
        "folder/of:files@home",
    ]


def test_what_has_no_password_stays_as_it_is() -> None:
    for word in (b"postgres://me@db.example:5432/agents", b"a/b:c@d", b"--port", b""):
        assert without_passwords(word) == word


@pytest.mark.parametrize(
    "word",
    [
        f"POSTGRES:/me:{_SECRET}@127.0.0.1/x",
        f"postgres:me:{_SECRET}@127.0.0.1/x",
        f"//me:{_SECRET}@127.0.0.1/x",
        f"host=127.0.0.1 password={_SECRET}",
        f" postgres://me:{_SECRET}@127.0.0.1/x",
    ],
)
def test_an_address_that_is_none_is_not_repeated(word: str) -> None:
    with pytest.raises(UserError, match="neither a path nor an address") as caught:
        find_target(word, None)
    assert _SECRET not in str(caught.value)


def test_an_address_may_be_in_capitals() -> None:
    target = find_target("PostgreSQL://me@127.0.0.1/Agents", None)
    assert (target.kind, target.connection) == ("postgres", "postgresql://me@127.0.0.1/Agents")


def test_a_path_that_looks_like_an_address_is_opened_where_it_exists(tmp_path: Path) -> None:
    path = tmp_path / "mailto:me@example.db"
    path.touch()
    assert find_target(str(path), None).path == path


@pytest.mark.parametrize("password", ["pass@w0rd", "123/w@w0rd", "p@ss@w0rd"])
def test_marks_in_a_password_do_not_make_it_part_of_a_name(password: str) -> None:
    with pytest.raises(InvalidQuery, match="%40") as caught:
        read_target(f"postgres://me:{password}@127.0.0.1:5432/agents")
    assert "w0rd" not in str(caught.value)
