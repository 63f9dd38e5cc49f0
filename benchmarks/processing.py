"""Runs that empty a full queue: `jobs/s` by the engine's own count of completed jobs."""

import time
from typing import Protocol

from benchmarks.adding import MILLION, Run, score
from benchmarks.contest import Score
from benchmarks.load import cpu_of
from benchmarks.stage import Stage

_WARM_UP = 0.2  # the share of the jobs that is not counted
_AT_MOST_SECONDS = 60.0


def with_node(stage: Stage, package: str) -> Run:
    """One Node worker whose processor does nothing."""

    def run(concurrency: int) -> Score:
        filled = fill(stage, stage.node_jobs_per_second)
        with stage.node_running("work", package, concurrency=concurrency) as pid:
            return watch(stage, filled, pid)

    return run


class Filled(Protocol):
    """A queue that was filled with so many jobs."""

    jobs: int

    def ended(self, state: str) -> int:
        """Jobs that are completed or failed by now, as the engine counts them."""
        ...


class _Mail:
    def __init__(self, stage: Stage, jobs: int) -> None:
        self.jobs = jobs
        self.ended = stage.ended


def mail(stage: Stage, jobs: int) -> Filled:
    """The queue that corral and BullMQ share, which holds so many."""
    return _Mail(stage, jobs)


def fill(stage: Stage, jobs_per_second: int | None = None) -> Filled:
    """A queue with enough jobs for the time that a run lasts, if so many end in a second."""
    stage.clear()
    jobs = int((jobs_per_second or stage.jobs_per_second) * stage.seconds)
    stage.node("fill", stage.filler, jobs=jobs)
    return mail(stage, jobs)


def watch(stage: Stage, filled: Filled, own: int, load: int = 0) -> Score:
    """Wait until all are completed; the speed from the end of the warm-up to the last look before the end.

    `own` and `load` are processes. Raises RuntimeError when a job failed or it takes too long.
    """
    jobs = filled.jobs

    def look() -> _Mark:
        return _Mark(stage, filled, own, load)

    marks = [look()]
    deadline = time.monotonic() + _AT_MOST_SECONDS
    while marks[-1].completed < jobs:
        time.sleep(stage.look_seconds)
        mark = look()
        if marks[0].completed < _WARM_UP * jobs:
            marks = [mark]
        elif mark.completed < jobs or len(marks) < 2:
            marks.append(mark)
        else:
            break
        if mark.failed or time.monotonic() > deadline:
            raise RuntimeError(f"of {jobs} jobs {mark.completed} are completed and {mark.failed} failed")
    return _between(marks[0], marks[-1])


class _Mark:
    def __init__(self, stage: Stage, filled: Filled, own: int, load: int) -> None:
        self.completed = filled.ended("completed")
        self.at = time.perf_counter()
        self.failed = filled.ended("failed")
        self.cpu = [cpu_of(own), stage.engine_cpu(), cpu_of(load)]


def _between(first: _Mark, last: _Mark) -> Score:
    jobs = max(1, last.completed - first.completed)
    own, engine, load = (MILLION * (b - a) / jobs for a, b in zip(first.cpu, last.cpu, strict=True))
    return score(jobs / (last.at - first.at), own, engine, load)
