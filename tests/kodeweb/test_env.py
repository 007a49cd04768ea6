"""Environment reads are typed, early, and each variable is documented."""

import os
import re
import stat
from pathlib import Path

import pytest

from kodeweb import env, home
from tests.conftest import ROOT


@pytest.mark.parametrize("value", ["x", "-1", "70000", "1e3", "٣"])
def test_a_number_out_of_bounds_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """The message names variable and value."""
    monkeypatch.setenv("KODEWEB_PORT", value)
    with pytest.raises(env.EnvError, match="KODEWEB_PORT"):
        env.integer("KODEWEB_PORT", 8710, low=1, high=65535)


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("on", True), ("", False)])
def test_a_flag_reads_yes_and_no(
    monkeypatch: pytest.MonkeyPatch, value: str, *, expected: bool
) -> None:
    """In the usual spellings."""
    monkeypatch.setenv("KODEWEB_HTTPS", value)
    assert env.flag("KODEWEB_HTTPS") is expected


def test_a_flag_that_is_neither_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing error must not switch protection off."""
    monkeypatch.setenv("KODEWEB_HTTPS", "ja")
    with pytest.raises(env.EnvError, match="KODEWEB_HTTPS"):
        env.flag("KODEWEB_HTTPS")


def test_a_variable_that_is_not_listed_cannot_be_read() -> None:
    """The list is what the documentation is tested against."""
    with pytest.raises(LookupError):
        env.text("KODEWEB_UNHEARD_OF")


@pytest.mark.parametrize("name", env.DOCUMENTED)
def test_each_variable_is_documented(name: str) -> None:
    """In the README's table."""
    assert f"`{name}`" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_readme_names_no_variable_that_does_not_exist() -> None:
    """A variable that is gone leaves the documentation too."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`(KODEWEB_[A-Z_]+|KODE_[A-Z_]+)`", text))
    tests_only = {"KODEWEB_CHROMIUM", "KODEWEB_REQUIRE_KODE_DATA"}
    servers = {name for name in named if name.startswith("KODEWEB_TEST_")}
    assert named - tests_only - servers <= set(env.DOCUMENTED)


def test_the_secret_key_is_made_once_and_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second start uses the first one's key, and an open directory is closed."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o755)
    monkeypatch.setenv("KODEWEB_HOME", str(folder))
    home.prepare_home()
    first = home.secret_key()
    home.prepare_home()
    assert home.secret_key() == first
    assert len(first) >= 50
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "secret_key").stat().st_mode) == 0o600


def test_a_data_directory_that_cannot_be_made_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the directory should be."""
    (tmp_path / "file").write_text("x", encoding="ascii")
    monkeypatch.setenv("KODEWEB_HOME", str(tmp_path / "file" / "home"))
    with pytest.raises(home.HomeError, match="KODEWEB_HOME"):
        home.prepare_home()


def test_a_strange_directory_is_not_used(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory of another user could be read by that user."""
    monkeypatch.setenv("KODEWEB_HOME", str(tmp_path))
    owner = os.getuid()
    monkeypatch.setattr(os, "getuid", lambda: owner + 1)
    with pytest.raises(home.HomeError, match="another user"):
        home.prepare_home()
