"""A test suite that tells whether a store keeps the promises of ``stores.kode.store``.

Subclass the contract of the layer that your store offers, in a test module of your own::

    class TestMyStore(ExtendedStoreContract):
        def open_store(self, place):
            return MyStore(place)

Each test's name is the claim that it checks. ``docs/custom-stores.md`` tells the rest.
Needs pytest, which kodeweb itself does not install.
"""

import pytest

# So that a failed comparison shows both sides; it has to come before the modules are imported.
_MODULES = ("files", "lifecycle", "locks", "operations", "queries", "rows", "writes")
pytest.register_assert_rewrite(*(f"stores.conformance.{name}" for name in _MODULES))

from stores.conformance.contract import Contract  # noqa: E402
from stores.conformance.files import FilesContract  # noqa: E402
from stores.conformance.lifecycle import LifecycleContract  # noqa: E402
from stores.conformance.locks import ForksContract, LocksContract  # noqa: E402
from stores.conformance.operations import OperationsContract  # noqa: E402
from stores.conformance.queries import QueriesContract  # noqa: E402
from stores.conformance.rows import RowsContract  # noqa: E402
from stores.conformance.writes import WritesContract  # noqa: E402

__all__ = ["Contract", "ExtendedStoreContract", "QueryableStoreContract", "StoreContract"]


class StoreContract(RowsContract, FilesContract, LifecycleContract, WritesContract):
    """What every ``Store`` keeps: 14 methods of rows and lifecycle, 12 of files."""


class QueryableStoreContract(StoreContract, QueriesContract):
    """A ``Store`` that answers questions over all its sessions."""


class ExtendedStoreContract(
    QueryableStoreContract, OperationsContract, LocksContract, ForksContract
):
    """A ``QueryableStore`` that an operator can rely on."""
