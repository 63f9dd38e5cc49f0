"""Do claiming and finishing on Postgres cost the same with a million finished and many waiting jobs stored?"""

import asyncio
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg

from benchmarks.adding import MILLION, Run
from benchmarks.contest import Contestant, Question, Score
from benchmarks.postgres_stage import PostgresStage
from benchmarks.stage import Stage
from corral.library.context import now_ms
from corral.model.job import NewJob
from corral.model.outcome import Completed
from corral.store.jobs import ClaimRequest, Finished, JobStore
from corral.wiring.opening import Place, open_place

BAR = 1.3
_FINISHED, _WAITING = 1_000_000, 100_000
_BATCHES_PER_SECOND = 50
_WARM_UP = 1_000
_BATCH = 100
_ADDED = 2_000
_LOCK_MS = 60_000
_QUEUE = "mail"
_FINISH = f"""
UPDATE bullmq.job SET state = 'completed', return_value = 'null', attempts_made = 1, attempts_started = 1,
  processed_at_ms = added_at_ms, finished_at_ms = added_at_ms
WHERE seq IN (SELECT seq FROM bullmq.job ORDER BY seq LIMIT {_FINISHED})
"""


def question(stage: Stage, peers: dict[str, str]) -> Question:
    """Two databases in one server: one is made anew for each run, the other is filled once, and topped up."""
    if not isinstance(stage, PostgresStage):
        sys.exit("growth is about Postgres: add --postgres")
    full = f"{_FINISHED:,} finished, {_WAITING:,} waiting"
    return Question(
        f"growth: microseconds a job, claimed and finished {_BATCH} at a time",
        [Contestant("nothing stored", _empty(stage)), Contestant(full, _full(stage), bar=BAR)],
        lower_is_better=True,
    )


def _empty(stage: PostgresStage) -> Run:
    def run(_: int) -> Score:
        return _measure(stage, stage.database("empty", migrated=True))

    return run


def _full(stage: PostgresStage) -> Run:
    filled: list[str] = []

    def run(_: int) -> Score:
        if not filled:
            filled.append(stage.database("full", migrated=True))
            asyncio.run(_fill(filled[0]))
        return _measure(stage, filled[0])

    return run


def _measure(stage: PostgresStage, url: str) -> Score:
    return asyncio.run(_turn(url, _BATCH * int(_BATCHES_PER_SECOND * stage.seconds), stage.engine_cpu))


async def _turn(url: str, jobs: int, engine_cpu: Callable[[], float]) -> Score:
    """As many jobs are stored afterwards as before, but for those that have ended."""
    async with _opened(url) as store:
        await _add(store, _WARM_UP + jobs)
        await _work_off(store, _WARM_UP)
        engine, began = engine_cpu(), time.perf_counter()
        await _work_off(store, jobs)
        elapsed, engine = time.perf_counter() - began, engine_cpu() - engine
    return {"us/job": MILLION * elapsed / jobs, "engine us": MILLION * engine / jobs}


async def _work_off(store: JobStore, jobs: int) -> None:
    """Raises RuntimeError when a job cannot be had or finished."""

    def request(ended: int) -> ClaimRequest:
        return ClaimRequest(_BATCH, "growth", ended, _LOCK_MS)

    found = await store.claim(_QUEUE, request(0), now_ms())
    for ended in range(_BATCH, jobs + 1, _BATCH):
        finished = [Finished(claimed, Completed(b"null")) for claimed in found.jobs]
        more = request(ended) if ended < jobs else None
        errors, claim = await store.finish(_QUEUE, finished, more, now_ms())
        if isinstance(claim, Exception) or len(finished) < _BATCH or any(errors):
            raise RuntimeError(f"{len(finished)} jobs, {errors}, {claim}")
        found = claim or found


async def _fill(url: str) -> None:
    async with _opened(url) as store:
        await _add(store, _FINISHED + _WAITING)
    session = await asyncpg.connect(url)
    await session.execute(_FINISH)
    await session.execute("VACUUM ANALYZE")  # what the server does by itself within a minute
    await session.execute("CHECKPOINT")
    await session.close()


async def _add(store: JobStore, jobs: int) -> None:
    batch = [NewJob("mail", b'{"to":"somebody@example.com","n":1}', {"attempts": 1})] * _ADDED
    for first in range(0, jobs, _ADDED):
        await store.add(_QUEUE, batch[: jobs - first], now_ms())


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[JobStore]:
    opened = await open_place(Place(dsn=url))
    try:
        yield opened.store.jobs
    finally:
        await opened.close()
