"""Where corral's time goes: a run watched by py-spy when that is installed, else under cProfile."""

import os
import pstats
import shutil
import signal
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.child import child

_RATE = 400
_LINES = 40
_AT_MOST_SECONDS = 600


def command(arguments: Sequence[str], folder: Path | None) -> list[str]:
    """How to start `corral ARGUMENTS`; with a folder and without py-spy, under cProfile."""
    if folder is None or shutil.which("py-spy"):
        return [str(Path(sys.executable).with_name("corral")), *arguments]
    return [sys.executable, "-m", "cProfile", "-o", str(folder / "cprofile"), "-m", "corral", *arguments]


@contextmanager
def watched(pid: int, folder: Path | None) -> Iterator[None]:
    """Let py-spy sample the process for the length of the block."""
    spy = shutil.which("py-spy")
    if folder is None or spy is None:
        yield
        return
    recording = [spy, "record", "--pid", str(pid), "--duration", str(_AT_MOST_SECONDS), "--rate", str(_RATE)]
    how = ["--format", "raw", "--full-filenames", "--output", str(folder / "spy.txt")]
    with child([*recording, *how], os.environ, folder / "spy.log") as process:
        yield
        process.send_signal(signal.SIGINT)
        process.communicate()


def report(folder: Path) -> str:
    """The lines and functions that cost most."""
    spied = folder / "spy.txt"
    if spied.exists():
        return _spied(spied.read_text().splitlines())
    with (folder / "cprofile.txt").open("w") as stream:
        stats = pstats.Stats(str(folder / "cprofile"), stream=stream)
        stats.sort_stats("tottime").print_stats(_LINES)
    return (folder / "cprofile.txt").read_text()


def _spied(stacks: Sequence[str]) -> str:
    own: Counter[str] = Counter()
    within: Counter[str] = Counter()
    for stack in stacks:
        frames, _, samples = stack.rpartition(" ")
        names = [_short(frame) for frame in frames.split(";")]
        own[names[-1]] += int(samples)
        for name in {name.rpartition(":")[0] for name in names}:
            within[name] += int(samples)
    total = max(1, own.total())
    return "\n".join([*_shares("own time by line", own, total), *_shares("with callees, by function", within, total)])


def _shares(title: str, counts: "Counter[str]", total: int) -> list[str]:
    lines = [f"{100 * count / total:5.1f} %  {name}" for name, count in counts.most_common(_LINES)]
    return ["", f"{title} ({total} samples)", *lines]


def _short(frame: str) -> str:
    """`function (/long/way/to/src/corral/file.py:12)` -> `function corral/file.py:12`."""
    name, _, place = frame.partition(" (")
    for package in ("/src/", "/site-packages/", "/lib/"):
        place = place.rpartition(package)[2]
    return f"{name} {place.rstrip(')')}"
