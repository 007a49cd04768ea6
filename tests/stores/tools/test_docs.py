"""The lines of docs/tools.md run as they stand, without any set-up of Django."""

import os
import re
import subprocess
import sys
from pathlib import Path

from stores.backends.jsondir.agent_store import JSONStore
from stores.backends.sqlite.agent_store import SqliteStore
from stores.conformance.samples import make_info
from tests.conftest import ROOT


def test_the_lines_in_python_copy_a_store(tmp_path: Path) -> None:
    with SqliteStore(tmp_path / "agents.db") as store:
        store.save_info("agt-1", make_info("agt-1"))
    text = (ROOT / "docs" / "tools.md").read_text(encoding="utf-8")
    (lines,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    environment = {key: value for key, value in os.environ.items() if "DJANGO" not in key}
    environment["PYTHONPATH"] = str(ROOT)
    subprocess.run([sys.executable, "-c", lines], cwd=tmp_path, env=environment, check=True)
    with JSONStore(tmp_path / "new") as copy:
        assert copy.list() == ["agt-1"]
