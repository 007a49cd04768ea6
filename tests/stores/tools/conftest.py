"""Places of every kind for the tests of the tools, and canaries around them."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from stores.tools.places import Place, find_place
from tests.servers import fresh_postgres
from tests.stores.tools.support import made_store, tree_hash
from tests.trust.figures import KEY, Say

NewPlace = Callable[[str], Place]


@pytest.fixture
def new_place(tmp_path: Path) -> Iterator[NewPlace]:
    """Return a maker of places where nothing is yet, by kind; databases are dropped at the end."""
    with ExitStack() as servers:
        number = 0

        def make(kind: str) -> Place:
            nonlocal number
            number += 1
            if kind == "postgres":
                url = servers.enter_context(fresh_postgres())
                return find_place(url, tmp_path / f"files{number}")
            if kind == "json":
                return find_place(str(tmp_path / f"folder{number}"))
            return find_place(str(tmp_path / f"db{number}" / "agents.db"))

        yield make


@pytest.fixture
def small(new_place: NewPlace) -> Place:
    """Return a SQLite store of eight sessions, one of them a fork."""
    return made_store(new_place("sqlite"), 7)


@pytest.fixture
def sdk_store(kode_data: Path, tmp_path: Path) -> Place:
    """Return a copy of the SQLite store that the SDK wrote."""
    folder = tmp_path / "sdk"
    shutil.copytree(kode_data / "sqlite", folder, copy_function=shutil.copyfile)
    for path in (folder, *folder.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    return find_place(str(folder / "agents.db"))


@pytest.fixture(autouse=True)
def _canaries(tmp_path: Path) -> Iterator[None]:
    """Put files around all stores of a test, and see that nobody touched them."""
    folder = tmp_path / "canaries"
    folder.mkdir()
    for name in ("agents.db", "meta.json", "agt-00000"):
        (folder / name).write_text("sings", encoding="ascii")
    beside = tmp_path / "canary.txt"
    beside.write_text("sings", encoding="ascii")
    before = tree_hash(folder)
    yield
    assert tree_hash(folder) == before
    assert beside.read_text(encoding="ascii") == "sings"


@pytest.fixture
def say(record_property: Callable[[str, object], None]) -> Say:
    """Return what states a figure: it is printed when the run ends."""
    return lambda figure: record_property(KEY, figure)
