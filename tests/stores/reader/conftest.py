"""A reader of the SDK's rows in each kind of store: one set of tests for all of them."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stores.browse.reader import Reader
from tests.stores.readers import (
    KINDS,
    Copies,
    Rows,
    opened,
    plain_rows,
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
