"""Jobs whose worker is gone come back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, cast

import pytest

from corral.lifecycle.rescue import Rescuer
from corral.store.jobs import ClaimRequest, JobStore
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.waiting import until
from tests.worker.conftest import OpenStore
from tests.worker.kit import add, counts, now_ms, reach

EVERY_MS = 100


class Looking:
    """A rescuer at work, how often it looked and whom it found; told to wait, it looks again when all is `set_up`."""

    def __init__(self, store: RedisStore, queue: str, max_stalled: int, waits: bool = False) -> None:
        self.stalled: list[str] = []
        self.looks = 0
        self.set_up = asyncio.Event()
        self._jobs = store.jobs
        self._waits = waits
        rescuer = Rescuer(cast(JobStore, self), queue, EVERY_MS, now_ms, lambda _, job_id: self.stalled.append(job_id))
        self.task = asyncio.get_running_loop().create_task(rescuer.run(max_stalled))

    async def rescue(self, *asked: Any) -> list[str]:
        if self._waits:
            await self.set_up.wait()
        self.looks += 1
        found = await self._jobs.rescue(*asked)
        if found:
            self.set_up.clear()
        return found


Look = Callable[..., Looking]


@pytest.fixture
async def look(queue: str) -> AsyncIterator[Look]:
    started: list[Looking] = []

    def start(store: RedisStore, max_stalled: int = 1, waits: bool = False) -> Looking:
        started.append(Looking(store, queue, max_stalled, waits))
        return started[-1]

    yield start
    for looking in started:
        looking.task.cancel()


async def _claim_and_die(store: RedisStore, queue: str, count: int, lock_ms: int) -> None:
    request = ClaimRequest(count=count, owner="dead", serial=now_ms(), lock_ms=lock_ms)
    assert len((await store.jobs.claim(queue, request, now_ms())).jobs) == count


async def test_a_job_without_a_lock_goes_back_and_one_with_a_lock_stays(
    store: RedisStore, queue: str, look: Look
) -> None:
    looking = look(store)
    ids = await add(store, queue, 3)
    await _claim_and_die(store, queue, 2, lock_ms=1)
    await _claim_and_die(store, queue, 1, lock_ms=60_000)
    await reach(store, queue, waiting=2, active=1)
    await until(lambda: len(looking.stalled) == 2)
    assert sorted(looking.stalled) == ids[:2]


async def test_no_look_is_wasted(store: RedisStore, queue: str, look: Look) -> None:
    """A look marks what may be stalled and the next one rescues it, so ten of them rescue a job five times."""
    looking = look(store, 100, waits=True)
    [job] = await add(store, queue)
    for _ in range(5):
        found = len(looking.stalled)
        await _claim_and_die(store, queue, 1, lock_ms=1)
        looking.set_up.set()
        await until(lambda found=found: len(looking.stalled) > found)  # type: ignore[misc]
    assert looking.stalled == [job] * 5
    assert looking.looks == 10


async def test_several_rescuers_do_not_rescue_twice(store: RedisStore, queue: str, look: Look) -> None:
    all_looking = [look(store) for _ in range(4)]
    ids = await add(store, queue, 20)
    await _claim_and_die(store, queue, 20, lock_ms=1)
    await reach(store, queue, waiting=20)
    await until(lambda: sum(len(one.stalled) for one in all_looking) == 20)
    assert sorted(job for one in all_looking for job in one.stalled) == sorted(ids)


async def test_looking_goes_on_after_the_engine_was_away(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, look: Look
) -> None:
    store = await open_store(own_engine.url)
    await add(store, queue)
    await _claim_and_die(store, queue, 1, lock_ms=1)
    own_engine.kill()
    looking = look(store)
    await until(lambda: not store.is_ready)
    assert looking.stalled == []
    await asyncio.to_thread(own_engine.restart)
    await reach(store, queue, waiting=1)
    assert await counts(store, queue) == {"waiting": 1}
