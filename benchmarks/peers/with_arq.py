"""arq."""

import asyncio
from typing import Any

from arq import Worker, create_pool, func
from arq.connections import RedisSettings

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    asyncio.run(_run(url, jobs, concurrency, meter))


async def _run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    settings = RedisSettings.from_dsn(url)
    queue = await create_pool(settings)
    for start in range(0, jobs, 50):
        await asyncio.gather(*(queue.enqueue_job("work") for _ in range(min(50, jobs - start))))

    async def work(context: Any) -> None:
        meter.count()

    options = {"max_jobs": concurrency, "poll_delay": 0.01, "keep_result": 0, "handle_signals": False}
    await Worker([func(work, name="work")], redis_settings=settings, **options).async_run()
