"""Kinds of stores from other packages: found by entry points, loaded when asked for."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from stores.agent_stores import create_extended_store, create_store
from stores.errors import StoreError, StoreUnavailable, UnsupportedOperation
from stores.kode.plugins import GROUP, StorePlugin, find_plugin, plugin_kinds
from tests.packages import Install, example_points, installer

PLUGIN = """
from stores.backends.sqlite.agent_store import SqliteStore
from stores.kode.plugins import StorePlugin

PLUGIN = StorePlugin(
    kind="other", label="Other", create_store=lambda config: SqliteStore(config["file"])
)
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a package, see ``installer``."""
    return installer(tmp_path, monkeypatch)


def test_the_factory_opens_a_kind_of_another_package(install: Install, tmp_path: Path) -> None:
    """The store comes as the package made it."""
    install("other", {"other": "kind_other:PLUGIN"}, kind_other=PLUGIN)
    assert "other" in plugin_kinds()
    with create_extended_store({"type": "other", "file": tmp_path / "a.db"}) as store:
        assert store.list() == []


def test_no_package_is_imported_before_its_kind_is_asked_for(install: Install) -> None:
    """Listing what there is costs nothing, and a broken package harms nobody."""
    install("broken", {"broken": "kind_broken:PLUGIN"}, kind_broken="raise RuntimeError('secret')")
    install("other", {"other": "kind_fine:PLUGIN"}, kind_fine=PLUGIN)
    assert {"broken", "other"} <= set(plugin_kinds())
    assert not {"kind_broken", "kind_fine"} & set(sys.modules)
    assert find_plugin("other").label == "Other"


def test_a_package_that_cannot_be_loaded_is_one_typed_error(install: Install) -> None:
    """It names what failed, and nothing that the package's error said."""
    install("broken", {"broken": "kind_bad:PLUGIN"}, kind_bad="raise RuntimeError('secret')")
    with pytest.raises(StoreError, match="kind_bad:PLUGIN raised RuntimeError") as caught:
        create_store({"type": "broken"})
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("value", ["kind_odd:NOTHING", "kind_odd:NUMBER", "kind_odd:PLUGIN"])
def test_a_value_that_is_no_plugin_of_this_kind_is_refused(install: Install, value: str) -> None:
    """Missing, of another type, or of another kind."""
    install("odd", {"odd": value}, kind_odd=f"{PLUGIN}\nNUMBER = 5\n")
    with pytest.raises(StoreError, match="kind_odd"):
        find_plugin("odd")


def test_a_kind_that_two_packages_offer_is_refused_by_name(install: Install) -> None:
    """Which of them would win is nobody's guess."""
    install("one", {"twice": "kind_one:PLUGIN"}, kind_one=PLUGIN)
    install("two", {"twice": "kind_two:PLUGIN"}, kind_two=PLUGIN)
    with pytest.raises(UnsupportedOperation, match="kind_one:PLUGIN, kind_two:PLUGIN"):
        find_plugin("twice")


def test_an_unknown_kind_names_those_that_there_are(install: Install) -> None:
    """The message says what to do."""
    install("other", {"other": "kind_known:PLUGIN"}, kind_known=PLUGIN)
    with pytest.raises(UnsupportedOperation, match=rf"offered: .*other.*{GROUP}"):
        create_store({"type": "mongodb"})


def test_a_kind_without_a_reader_cannot_be_browsed() -> None:
    """It is said when a reader is asked for, not when the plug-in is found."""

    def create(config: Mapping[str, Any]) -> Any:
        raise AssertionError

    plugin = StorePlugin(kind="blind", label="Blind", create_store=create)
    with pytest.raises(UnsupportedOperation, match="blind"):
        plugin.reader("id", {}, lambda: None)


def test_the_example_opens_under_the_name_in_its_own_project_file(
    install: Install, mysql_database: str, tmp_path: Path
) -> None:
    """What pyproject.toml names is there and opens a store on a real server."""
    install("kode_mysql", example_points())
    config = {"type": "mysql", "connection": mysql_database, "fileStoreBaseDir": tmp_path / "f"}
    with create_extended_store(config) as store:
        assert store.health_check().database.connected


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"connection": None}, "missing: connection"),
        ({"dbPath": "x"}, "unknown: dbPath"),
        ({"connection": "mysql://127.0.0.1/kode"}, "lacks: user"),
        ({"connection": "postgres://u@h/d"}, "address like mysql"),
        ({"connection": {"server": "h"}}, "has host, port"),
    ],
)
def test_the_example_names_what_is_wrong_with_a_configuration(
    install: Install, tmp_path: Path, changes: Mapping[str, Any], said: str
) -> None:
    """Before it connects to anything."""
    install("kode_mysql", example_points())
    good = {"type": "mysql", "connection": "mysql://u@127.0.0.1/d", "fileStoreBaseDir": tmp_path}
    with pytest.raises(StoreError, match=said):
        create_store({**good, **changes})


@pytest.mark.parametrize(
    ("place", "reason"),
    [("root@127.0.0.1:1/none", "refused"), ("nobody:pw-in-url@{server}/none", "credentials")],
)
def test_the_example_tells_why_a_server_cannot_be_used(
    install: Install, mysql_database: str, tmp_path: Path, place: str, reason: str
) -> None:
    """A reason for each, and never the password."""
    install("kode_mysql", example_points())
    server = mysql_database.rpartition("@")[2].partition("/")[0]
    url = "mysql://" + place.format(server=server)
    with pytest.raises(StoreUnavailable) as caught:
        create_store({"type": "mysql", "connection": url, "fileStoreBaseDir": tmp_path})
    assert caught.value.reason == reason
    assert "pw-in-url" not in str(caught.value)
