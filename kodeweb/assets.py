"""Where static files come from, and whether they must be collected again.

htmx comes out of django-htmx. Chart.js comes out of the wheel of django-unfold, which is a
carrier only: its folder is found without importing it (docs/decisions/0002-chart-js.md).
"""

import hashlib
from importlib.util import find_spec
from pathlib import Path

__all__ = ["BASE_DIR", "CHART_JS", "chart_js_dir", "fingerprint", "static_dirs"]

BASE_DIR = Path(__file__).resolve().parent.parent
CHART_JS = "vendor/chartjs/chart.js"


def chart_js_dir() -> Path | None:
    """Return the folder that holds Chart.js and its licence; None where the wheel is missing."""
    spec = find_spec("unfold")
    if spec is None or not spec.submodule_search_locations:
        return None
    folder = Path(spec.submodule_search_locations[0]) / "static" / "unfold" / "js" / "chart"
    return folder if (folder / "chart.js").is_file() else None


def static_dirs() -> list[Path | tuple[str, Path]]:
    """List our own static folder, and Chart.js under ``vendor/chartjs``."""
    folder = chart_js_dir()
    return [BASE_DIR / "static", *([("vendor/chartjs", folder)] if folder else [])]


def fingerprint(files: list[Path]) -> str:
    """Hash names, sizes and times of change, to tell a changed set of files from the last one."""
    digest = hashlib.sha256()
    for path in sorted(files):
        facts = path.stat()
        digest.update(f"{path}\0{facts.st_size}\0{facts.st_mtime_ns}\n".encode())
    return digest.hexdigest()
