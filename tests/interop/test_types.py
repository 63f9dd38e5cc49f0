"""The types of the Python library as pyright sees them, in its strict mode."""

import json
import subprocess
import sys
from functools import cache
from pathlib import Path

from tests.library.test_types import TYPED, marked_lines

PYRIGHT = Path(__file__).parent / "node_modules" / "pyright" / "index.js"


def test_pyright_infers_the_types_of_payload_and_result() -> None:
    assert _complaints()["accepted.py"] == set()


def test_pyright_refuses_each_line_that_is_marked_and_no_other() -> None:
    assert sorted(_complaints()["refused.py"]) == marked_lines()


@cache
def _complaints() -> dict[str, set[int]]:
    """The lines of each file that pyright refuses."""
    command = ["node", str(PYRIGHT), "--outputjson", "--pythonpath", sys.executable, "-p", str(TYPED)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] == 2, done.stderr
    found: dict[str, set[int]] = {"accepted.py": set(), "refused.py": set()}
    for one in report["generalDiagnostics"]:
        if one["severity"] == "error":
            found[Path(one["file"]).name].add(one["range"]["start"]["line"] + 1)
    return found
