"""What became of the executions of schedules."""

import asyncio

from corral.lifecycle.executions import ExecutionLog
from corral.model.schedule import Executions
from corral.stores.redis.store import RedisStore


async def test_an_execution_counts_once(store: RedisStore, queue: str) -> None:
    log = ExecutionLog(store.records)
    assert await log.of(queue) == Executions()
    await log.called(queue, 5, "HTTP 500")
    assert ((await log.of(queue)).count, (await log.of(queue)).status) == (0, "failed")
    await log.ended(queue, "j1", 6, None)
    await log.ended(queue, "j1", 7, None)
    await log.ended(queue, "j2", 8, "gone")
    found = await log.of(queue)
    assert (found.count, found.last_at, found.error, found.status) == (2, 8, "gone", "failed")


async def test_processes_count_together(store: RedisStore, queue: str) -> None:
    logs = [ExecutionLog(store.records) for _ in range(2)]
    await asyncio.gather(*(logs[n % 2].ended(queue, f"j{n}", n, None) for n in range(20)))
    assert (await logs[0].of(queue)).count == 20
    await logs[0].forget(queue)
    await logs[1].forget(queue)
    assert await logs[1].of(queue) == Executions()
