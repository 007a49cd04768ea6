"""A reader of the SDK's rows in each kind of store: one set of tests for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from stores.browse.reader import Reader
from tests.stores.readers import (
    KINDS,
    Copies,
    Rows,
    json_copy,
    opened,
    plain_rows,
    postgres_copy,
)


@pytest.fixture(scope="session")
def copies(kode_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Copies]:
    """Return what makes the copies, each at its first use, and names them from then on."""
    with ExitStack() as stack:
        yield Copies(
            postgres=cache(lambda: stack.enter_context(postgres_copy(kode_data))),
            json=cache(lambda: json_copy(kode_data, tmp_path_factory.mktemp("json") / "agents")),
        )


@pytest.fixture(scope="session", params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of store in turn."""
    return str(request.param)


@pytest.fixture
def reader(store_kind: str, kode_data: Path, copies: Copies) -> Iterator[Reader]:
    """Return a reader of the SDK's rows."""
    with opened(store_kind, kode_data, copies) as reader:
        yield reader


@pytest.fixture(scope="session")
def plain(store_kind: str, kode_data: Path, copies: Copies) -> dict[str, Rows]:
    """Return all rows by table, read without any code of ours."""
    return plain_rows(store_kind, kode_data, copies)
