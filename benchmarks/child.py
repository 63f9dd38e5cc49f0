"""A process that a benchmark starts: what it writes goes to a file, and it never outlives its block."""

import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_STOP_SECONDS = 15.0
_LOG_CHARACTERS = 2000


@contextmanager
def child(command: Sequence[str], env: Mapping[str, str], log: Path) -> Iterator["subprocess.Popen[str]"]:
    """Run it for the length of the block; its standard output is a pipe, its errors go to `log`."""
    with (
        log.open("w") as errors,
        subprocess.Popen(command, env=dict(env), stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        try:
            yield process
        finally:
            _stop(process)


def output(command: Sequence[str], env: Mapping[str, str], log: Path, timeout: float) -> str:
    """What it prints. Raises RuntimeError with the end of its errors when it fails, TimeoutExpired."""
    with child(command, env, log) as process:
        text, _ = process.communicate(timeout=timeout)
        if process.returncode:
            raise RuntimeError(f"{command[:2]} ended with code {process.returncode}:\n{tail(log)}")
        return text


def tail(log: Path) -> str:
    """The end of what a process wrote."""
    return log.read_text(errors="replace")[-_LOG_CHARACTERS:]


def _stop(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
