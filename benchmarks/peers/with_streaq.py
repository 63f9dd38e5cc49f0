"""streaq, on a stream in Redis."""

import asyncio

from streaq import Worker

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    asyncio.run(_run(url, jobs, concurrency, meter))


async def _run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    worker = Worker(redis_url=url, concurrency=concurrency, handle_signals=False)

    @worker.task(ttl=0)
    async def work() -> None:
        meter.count()

    async with worker:
        for start in range(0, jobs, 500):
            await worker.enqueue_many([work.enqueue() for _ in range(min(500, jobs - start))])
    await worker.run_async()
