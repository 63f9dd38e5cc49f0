"""Workers on a real engine whose jobs the test runs by hand."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from typing import Any

from corral.model.job import ClaimedJob, NewJob
from corral.model.outcome import Completed, Outcome
from corral.stores.redis.store import RedisStore
from corral.testing.waiting import until
from corral.worker.worker import Worker, WorkerSettings

DEADLINE = 30.0
DONE = Completed(b'"done"')

Run = Callable[[ClaimedJob], Awaitable[Outcome]]

_owners = itertools.count(1)


def now_ms() -> int:
    return time.time_ns() // 1_000_000


class Told:
    """A listener that remembers: (what, queue or place, job id or error)."""

    def __init__(self) -> None:
        self.all: list[tuple[Any, ...]] = []

    def lock_lost(self, queue: str, job_id: str) -> None:
        self.all.append(("lock_lost", queue, job_id))

    def stalled(self, queue: str, job_id: str) -> None:
        self.all.append(("stalled", queue, job_id))

    def not_advanced(self, queue: str, job_id: str, why: Exception) -> None:
        self.all.append(("not_advanced", queue, job_id, why))

    def not_stored(self, queue: str, job_id: str, why: Exception) -> None:
        self.all.append(("not_stored", queue, job_id, why))

    def refused(self, queue: str, why: Exception) -> None:
        self.all.append(("refused", queue, why))

    def unexpected(self, where: str, error: BaseException) -> None:
        self.all.append(("unexpected", where, error))

    def of(self, what: str) -> list[tuple[Any, ...]]:
        return [told for told in self.all if told[0] == what]


class Desk:
    """A runner: each job lies here until the test ends it, or is done at once with `hold` off."""

    def __init__(self, *, hold: bool = True) -> None:
        self.hold = hold
        self.seen: list[str] = []
        self.most_at_once = 0
        self._jobs: asyncio.Queue[tuple[ClaimedJob, asyncio.Future[Outcome]]] = asyncio.Queue()
        self._at_once = 0

    async def __call__(self, claimed: ClaimedJob) -> Outcome:
        self.seen.append(claimed.job.id)
        self._at_once += 1
        self.most_at_once = max(self.most_at_once, self._at_once)
        loop = asyncio.get_running_loop()
        ending: asyncio.Future[Outcome] = loop.create_future()
        self._jobs.put_nowait((claimed, ending))
        if not self.hold:
            loop.call_soon(_end, ending)
        try:
            return await ending
        finally:
            self._at_once -= 1

    async def take(self) -> tuple[ClaimedJob, asyncio.Future[Outcome]]:
        """The next job and what ends it."""
        async with asyncio.timeout(DEADLINE):
            return await self._jobs.get()


def _end(ending: asyncio.Future[Outcome]) -> None:
    if not ending.done():
        ending.set_result(DONE)


def new_worker(store: RedisStore, queue: str, call: Run, told: Told, **settings: Any) -> Worker:
    owner = f"owner{next(_owners)}"
    return Worker(store, queue, call, WorkerSettings(owner=owner, **settings), clock=now_ms, listener=told)


async def add(store: RedisStore, queue: str, count: int = 1, **opts: Any) -> list[str]:
    jobs = [NewJob(f"job{i}", b'{"i":%d}' % i, {"attempts": 0, **opts}) for i in range(count)]
    return await store.jobs.add(queue, jobs, now_ms())


async def counts(store: RedisStore, queue: str) -> dict[str, int]:
    """How many jobs are in which state, leaving out states without any."""
    found = await store.queues.counts(queue, ("waiting", "active", "delayed", "completed", "failed"))
    return {state: count for state, count in found.items() if count}


async def reach(store: RedisStore, queue: str, **wanted: int) -> None:
    """Wait until the queue's counts are these."""

    async def reached() -> bool:
        return await counts(store, queue) == wanted

    await until(reached, DEADLINE)
