"""When a scheduler will run next, several runs ahead: what its workers will decide, one run after the other."""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from corral.model.errors import InvalidInput
from corral.model.scheduler import Scheduler, StoredScheduler
from corral.policy.cron.dates import FURTHEST
from corral.policy.recurrence import Repeat, check_repeat, next_iteration

_RECURRENCE = frozenset({"every", "pattern", "tz", "limit", "startDate", "endDate"})


def upcoming(stored: StoredScheduler, now: int, most: int = 5) -> list[int]:
    """The next runs (ms), soonest first. The first may be in the past: it waits for a worker.

    Fewer where the limit or the end comes before. A recurrence that cannot be read has none but the next.
    """
    scheduler = stored.scheduler
    runs = [] if stored.started else [scheduler.next]
    repeat = stored.repeat or _repeat_of(scheduler)
    try:
        check_repeat({**repeat, "immediately": None}, now)
        _follow(runs, repeat, scheduler, now, most)
    except InvalidInput:
        pass
    return runs


def _follow(runs: list[int], repeat: Repeat, scheduler: Scheduler, now: int, most: int) -> None:
    last, count = scheduler.next, repeat.get("count") or 0
    while len(runs) < most:
        at = max(now, last)  # the next job is made when a worker takes up the last one
        iteration = next_iteration({**repeat, "count": count}, at, last)
        if iteration is None:
            return
        last = _slot(repeat["every"], last, at, scheduler.offset or 0) if iteration.millis is None else iteration.millis
        if last > FURTHEST:
            return
        count = iteration.count
        runs.append(last)


def _slot(every: float, last: int, now: int, offset: int) -> int:
    """The interval after the last run; the next slot from now on when that was missed."""
    if last + every >= now:
        return math.floor(last + every)
    aligned = math.floor(now / every) * every + offset
    return math.floor(aligned if aligned > now else aligned + every)


def _repeat_of(scheduler: Scheduler) -> Mapping[str, Any]:
    """For a scheduler whose next job is gone."""
    found: dict[str, Any] = msgspec.to_builtins(scheduler)
    kept = {name: value for name, value in found.items() if name in _RECURRENCE}
    return {**kept, "count": found.get("iterationCount", 0)}
