"""Places of jobs that a foreign program has ended go on to the next."""

import asyncio
from typing import Any

from corral.lifecycle.sweep import Sweeper
from corral.store.jobs import ClaimRequest
from corral.stores.redis.run import run
from corral.stores.redis.scripts import official
from corral.stores.redis.store import RedisStore
from corral.testing.waiting import until
from corral.worker.worker import Worker
from tests.worker.conftest import StartWorker, start_worker, told
from tests.worker.kit import Desk, add, now_ms, reach

__all__ = ["start_worker", "told"]

GROUP: dict[str, Any] = {"group": {"id": "a"}}


async def _end_elsewhere(store: RedisStore, queue: str) -> None:
    """As BullMQ's own worker would: it knows nothing of groups."""
    request = ClaimRequest(count=1, owner="foreign", serial=0, lock_ms=60_000)
    (held,) = (await store.jobs.claim(queue, request, now_ms())).jobs
    keys = store.keys.of(queue)
    await store.connection.send("LREM", keys.active, 1, held.job.id)
    await store.connection.send("DEL", keys.job(held.job.id) + ":lock")
    await store.connection.send("ZADD", keys["completed"], now_ms(), held.job.id)
    await store.connection.send("HSET", keys.job(held.job.id), "finishedOn", now_ms(), "returnvalue", "1")


async def test_the_next_in_line_gets_the_place_of_a_job_that_was_ended_elsewhere(store: RedisStore, queue: str) -> None:
    await add(store, queue, 3, **GROUP)
    await _end_elsewhere(store, queue)
    sweeping = asyncio.get_running_loop().create_task(Sweeper(store.groups, queue, now_ms).run())
    await reach(store, queue, waiting=1, completed=1)
    await _end_elsewhere(store, queue)
    await reach(store, queue, waiting=1, completed=2)
    sweeping.cancel()


async def test_only_those_that_were_named_are_looked_at(store: RedisStore, queue: str) -> None:
    first, _, third = await add(store, queue, 3, **GROUP)
    await _end_elsewhere(store, queue)
    assert (await store.groups.sweep(queue, now_ms(), [third])).moved == 0
    assert (await store.groups.sweep(queue, now_ms(), [first])).moved == 1


async def test_jobs_that_were_removed_elsewhere_count_no_more(store: RedisStore, queue: str) -> None:
    ids = await add(store, queue, 3, **GROUP)
    keys = store.keys.of(queue)
    for job_id in ids:
        await run(store.connection, official("removeJob"), (keys.job(job_id), keys["repeat"]), job_id, "0", keys.base)

    async def emptied() -> bool:
        return (await store.groups.sweep(queue, now_ms())).emptied == ("a",)

    await until(emptied)
    assert await store.groups.count(queue) == 0


async def test_a_worker_sweeps(store: RedisStore, queue: str, start_worker: StartWorker) -> None:
    await add(store, queue, 2, **GROUP)
    await _end_elsewhere(store, queue)
    desk = Desk(hold=False)
    worker: Worker = start_worker(store, queue, desk)
    await reach(store, queue, completed=2)
    assert desk.seen == ["2"]
    await worker.stop(1)
