"""A reader of the SDK's rows in each kind of store: one set of tests for all of them."""

from collections.abc import Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import pytest

from stores.browse.reader import Reader
from tests.stores.readers import KINDS, Rows, opened, plain_rows, postgres_copy


@pytest.fixture(scope="session")
def rows_in_postgres(kode_data: Path) -> Iterator[object]:
    """Return what makes the copy at its first use and names it from then on."""
    with ExitStack() as stack:
        yield cache(lambda: stack.enter_context(postgres_copy(kode_data)))


@pytest.fixture(scope="session", params=KINDS)
def store_kind(request: pytest.FixtureRequest) -> str:
    """Return each kind of store in turn."""
    return str(request.param)


@pytest.fixture
def reader(store_kind: str, kode_data: Path, rows_in_postgres: object) -> Iterator[Reader]:
    """Return a reader of the SDK's rows."""
    with opened(store_kind, kode_data, rows_in_postgres) as reader:  # type: ignore[arg-type]  # a maker
        yield reader


@pytest.fixture(scope="session")
def plain(store_kind: str, kode_data: Path, rows_in_postgres: object) -> dict[str, Rows]:
    """Return all rows by table, read without any code of ours."""
    return plain_rows(store_kind, kode_data, rows_in_postgres)  # type: ignore[arg-type]  # a maker
