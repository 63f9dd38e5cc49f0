"""Waits for other processes to leave the machine alone, as far as its system tells (Linux)."""

import time
from pathlib import Path

_LOOK_SECONDS = 0.4
_IDLE = 0.93  # the share of all cores that nobody uses
_STAT = Path("/proc/stat")


def wait_for_quiet(patience: float) -> bool:
    """Whether it became quiet within `patience` seconds; at once where that cannot be known."""
    deadline = time.monotonic() + patience
    while time.monotonic() < deadline and _STAT.exists():
        if _idle_share() > _IDLE:
            return True
    return not _STAT.exists()


def _idle_share() -> float:
    total, idle = _ticks()
    time.sleep(_LOOK_SECONDS)
    total_after, idle_after = _ticks()
    return (idle_after - idle) / max(1, total_after - total)


def _ticks() -> tuple[int, int]:
    fields = [int(field) for field in _STAT.read_text().partition("\n")[0].split()[1:]]
    return sum(fields), fields[3] + fields[4]
