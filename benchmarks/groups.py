"""What do 10,000 groups cost the Python library, beside jobs without a group?"""

import asyncio
import time
from collections.abc import Callable

from benchmarks.adding import MILLION, Run
from benchmarks.contest import Contestant, Question, Score, main_figure
from benchmarks.processing import mail, watch
from benchmarks.stage import DATA, Stage
from corral import Context, JobDefinition

BAR = 1.3
GROUPS = 10_000
_CONCURRENCY = 200
_BATCH = 1_000


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """The figure is the time that a job takes from its claim to its end; the groups take turns."""
    return Question(
        "groups: microseconds a job, processed",
        [
            Contestant("no groups", _processed(stage, None)),
            Contestant(f"{GROUPS:,} groups", _processed(stage, GROUPS), bar=BAR),
        ],
        lower_is_better=True,
    )


def add(stage: Stage, groups: int | None) -> float:
    """Fill the queue, 1,000 jobs a call; microseconds a job."""
    stage.clear()
    jobs = _jobs(stage)
    return MILLION * asyncio.run(_add(stage.url, jobs, groups)) / jobs


def _processed(stage: Stage, groups: int | None) -> Run:
    def run(_: int) -> Score:
        added = add(stage, groups)
        with stage.module_running("library_worker", stage.url, str(_CONCURRENCY)) as (_, pid):
            score = watch(stage, mail(stage, _jobs(stage)), pid)
        return {"us/job": MILLION / main_figure(score), **score, "add us": added}

    return run


async def _add(url: str, jobs: int, groups: int | None) -> float:
    async with Context(dsn=url) as context:
        name = _named(groups)
        mail = JobDefinition(name="mail", context=context, work_function=_nothing, job_group_generator=name)
        began = time.perf_counter()
        for first in range(0, jobs, _BATCH):
            await mail.enqueue_many([{**DATA, "n": n} for n in range(first, min(first + _BATCH, jobs))])
        return time.perf_counter() - began


def _jobs(stage: Stage) -> int:
    return int(stage.jobs_per_second * stage.seconds)


async def _nothing(payload: dict[str, object]) -> None:
    """The job, which runs elsewhere."""


def _named(groups: int | None) -> Callable[[dict[str, object]], str] | None:
    return None if groups is None else lambda payload: f"group-{int(str(payload['n'])) % groups}"
