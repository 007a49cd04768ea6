"""Packages that bring kinds of stores along, installed for one test."""

import sys
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from stores.kode.plugins import GROUP

__all__ = ["Install", "example_points", "installer"]

Install = Callable[..., None]
_EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "custom_backend"


def installer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Return what installs a package: its modules and its entry points, as pip leaves them."""
    monkeypatch.syspath_prepend(folder)

    def install(name: str, points: Mapping[str, str], **modules: str) -> None:
        dist = folder / f"{name}-1.0.dist-info"
        dist.mkdir()
        (dist / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = "".join(f"{kind} = {value}\n" for kind, value in points.items())
        (dist / "entry_points.txt").write_text(f"[{GROUP}]\n{lines}")
        for module, text in modules.items():
            (folder / f"{module}.py").write_text(text)
            monkeypatch.delitem(sys.modules, module, raising=False)

    return install


def example_points() -> Mapping[str, str]:
    """Return the entry points that the example's own project file names."""
    text = (_EXAMPLE / "pyproject.toml").read_text(encoding="utf-8")
    points = tomllib.loads(text)["project"]["entry-points"][GROUP]
    assert isinstance(points, dict)
    return points
