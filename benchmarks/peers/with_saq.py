"""saq."""

import asyncio
from typing import Any

from saq import Queue, Worker

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    asyncio.run(_run(url, jobs, concurrency, meter))


async def _run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    queue = Queue.from_url(url)
    for start in range(0, jobs, 50):
        await asyncio.gather(*(queue.enqueue("work") for _ in range(min(50, jobs - start))))

    async def work(context: Any) -> None:
        meter.count()

    await Worker(queue, functions=[("work", work)], concurrency=concurrency).start()
