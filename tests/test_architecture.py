"""The house rules that a machine can check: import directions, sizes, what no file may hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("kodeweb", "stores", "dashboard", "bench", "examples")
PYTHON = sorted(
    path for package in PACKAGES for path in (ROOT / package).rglob("*.py") if path.is_file()
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_VIEW_LINES = 25
MAX_SCRIPT_LINES = 80
OURS = ("kodeweb", "stores", "dashboard", "bench", "tests")

# Package -> what it may import of ours besides itself. A longer prefix wins.
ALLOWED: dict[str, tuple[str, ...]] = {
    "kodeweb": ("dashboard", "stores.interface", "stores.sample"),
    "dashboard": ("stores.interface",),
    "stores.interface": ("stores",),
    "stores.registry": (
        "stores.backends",
        "stores.browse",
        "stores.connections",
        "stores.errors",
        "stores.indexes",
        "stores.kode",
        "stores.models",
    ),
    "stores.agent_stores": ("stores.backends", "stores.errors", "stores.kode"),
    "stores.models": ("stores.ids",),
    "stores.migrations": ("stores.ids", "stores.models"),
    "stores.secrets": ("stores.errors",),
    "stores.connections": ("stores.backends.postgres", "stores.errors", "stores.secrets"),
    "stores.registration": (
        "stores.backends.postgres",
        "stores.connections",
        "stores.errors",
        "stores.indexes",
        "stores.kode",
        "stores.models",
    ),
    "stores.named_places": (
        "stores.connections",
        "stores.errors",
        "stores.models",
        "stores.tools",
    ),
    "stores.tools": (
        "stores.agent_stores",
        "stores.backends",
        "stores.browse",
        "stores.errors",
        "stores.kode",
    ),
    "stores.backends": ("stores.browse", "stores.errors", "stores.kode"),
    # Siblings: the records of the SDK, and what pages ask about them.
    "stores.browse": ("stores.errors", "stores.kode"),
    "stores.kode": ("stores.browse", "stores.errors"),
    "stores.conformance": ("stores.errors", "stores.kode"),
    "stores.errors": (),
    "stores.sample": ("stores.backends", "stores.errors", "stores.kode"),
    "stores": (),
    "bench": OURS,
    # What a package of somebody else's may build on.
    "examples": ("stores.browse", "stores.errors", "stores.kode"),
}
WITHOUT_DJANGO = (
    "stores.agent_stores",
    "stores.backends",
    "stores.browse",
    "stores.conformance",
    "stores.kode",
    "stores.errors",
    "stores.sample",
    "stores.tools",
)


def _module(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def _inside(module: str, package: str) -> bool:
    return module == package or module.startswith(package + ".")


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_imports_point_one_way() -> None:
    """The house plan's arrows, and no arrow back."""
    breaches = []
    for path in PYTHON:
        module = _module(path)
        home = max((name for name in ALLOWED if _inside(module, name)), key=len)
        for imported in _imports(path):
            if not imported.startswith(OURS) or _inside(imported, home):
                continue
            if not any(_inside(imported, name) for name in ALLOWED[home]):
                breaches.append(f"{module} -> {imported}")
    assert not breaches


def test_no_module_imports_itself_round_a_corner() -> None:
    """A circle of modules loads only by luck."""
    modules = {_module(path): path for path in PYTHON}
    graph = {
        name: {imported for imported in _imports(path) if imported in modules and imported != name}
        for name, path in modules.items()
    }
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as exc:
        pytest.fail(" -> ".join(exc.args[1]))
    assert len(order) == len(modules)


def test_the_data_side_below_the_registry_knows_no_django() -> None:
    """Backends and records are plain Python, usable and testable without a project."""
    assert not [
        f"{_module(path)} -> {name}"
        for path in PYTHON
        if any(_inside(_module(path), package) for package in WITHOUT_DJANGO)
        for name in _imports(path)
        if _inside(name, "django")
    ]


def test_only_the_project_reads_the_environment() -> None:
    """One module of ours touches it, and the SDK's factory, whose variables are the SDK's own.

    bench is a tool, not the product.
    """
    reads = re.compile(r"\bos\.(?:environ|getenv)\b")
    assert not [
        _module(path)
        for path in PYTHON
        if _module(path) not in ("kodeweb.env", "stores.agent_stores")
        and not _inside(_module(path), "bench")
        and reads.search(path.read_text(encoding="utf-8"))
    ]


def test_files_stay_under_300_lines() -> None:
    """A file that grows past it has a second reason to change."""
    lengths = {
        str(path.relative_to(ROOT)): len(path.read_text(encoding="utf-8").splitlines())
        for path in PYTHON + TESTS
    }
    assert not {name: lines for name, lines in lengths.items() if lines > MAX_FILE_LINES}


def _functions(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the functions of a file with their lines; a docstring does not count."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node):
                lines -= (node.body[0].end_lineno or 0) - node.body[0].lineno + 1
            yield node.name, lines


def test_functions_stay_short() -> None:
    """40 lines for a function, 25 for one of the views."""
    assert not [
        f"{_module(path)}.{name}: {lines}"
        for path in PYTHON
        for name, lines in _functions(path)
        if lines > (MAX_VIEW_LINES if "views" in _module(path) else MAX_FUNCTION_LINES)
    ]


def test_scripts_are_small_and_import_nothing() -> None:
    """Hashed names make an import between modules an uncached copy."""
    for path in (ROOT / "static" / "js").glob("*.js"):
        text = path.read_text(encoding="utf-8")
        assert len(text.splitlines()) <= MAX_SCRIPT_LINES, path.name
        assert not re.search(r"^\s*import\b|\beval\(|innerHTML", text, re.M), path.name


def test_templates_carry_no_inline_script_or_style() -> None:
    """The policy would block them; find them before a browser does."""
    forbidden = re.compile(r"<style|<script(?![^>]*\bsrc=)|\sstyle=|\son[a-z]+=|hx-on|js:", re.I)
    for path in (ROOT / "templates").rglob("*.html"):
        assert not forbidden.search(path.read_text(encoding="utf-8")), path.name


def test_css_uses_only_tokens_for_colours() -> None:
    """tokens.css holds every colour; another file names it."""
    for path in (ROOT / "static" / "css").glob("*.css"):
        if path.name != "tokens.css":
            assert not re.search(r"#[0-9a-f]{3,8}\b[^{]*;", path.read_text(encoding="utf-8"), re.I)


def _tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name]


def test_no_file_names_a_machine_path_or_a_package_host() -> None:
    """What holds on one machine only has no place in the tree."""
    hosts = "|".join(
        re.escape(".".join(parts))
        for parts in (("pypi", "org"), ("pythonhosted", "org"), ("npmjs", "org"), ("debian", "org"))
    )
    roots = "|".join(("work", "farm", "tmp/kw", "root"))
    forbidden = re.compile(rf"{hosts}|(?:^|[^\w.-])/(?:{roots})/")
    for path in _tracked():
        if path.is_file() and path.suffix not in (".png", ".db", ".ico"):
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not forbidden.search(text), path.relative_to(ROOT)


def test_no_database_is_tracked() -> None:
    """Stores are data, not source."""
    assert not [path for path in _tracked() if path.suffix in (".db", ".sqlite3", ".sqlite")]
