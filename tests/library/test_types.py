"""The types of the library as mypy sees them; `interop/test_types.py` has pyright's view."""

import re
import subprocess
import sys
from pathlib import Path

TYPED = Path(__file__).with_name("typed")
ROOT = Path(__file__).parents[2]


def test_mypy_infers_the_types_of_payload_and_result() -> None:
    assert _complaints("accepted.py") == []


def test_mypy_refuses_each_line_that_is_marked_and_no_other() -> None:
    assert sorted(set(_complaints("refused.py"))) == marked_lines()


def marked_lines() -> list[int]:
    """The lines of `refused.py` that a type checker has to refuse."""
    lines = (TYPED / "refused.py").read_text().splitlines()
    return [number for number, line in enumerate(lines, 1) if line.endswith("# refused")]


def _complaints(file: str) -> list[int]:
    """The lines that mypy refuses, with this project's settings."""
    command = [sys.executable, "-m", "mypy", "--no-error-summary", str(TYPED / file)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    found = re.findall(rf"{file}:(\d+): error:", done.stdout)
    assert bool(found) == bool(done.returncode), done.stdout
    return [int(number) for number in found]
