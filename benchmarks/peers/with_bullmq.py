"""The Python port of BullMQ."""

import asyncio
from typing import Any

from bullmq import Queue, Worker

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    asyncio.run(_run(url, jobs, concurrency, meter))


async def _run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    queue = Queue("mail", {"connection": url})
    for start in range(0, jobs, 500):
        await queue.addBulk([{"name": "mail", "data": {"n": 1}} for _ in range(min(500, jobs - start))])

    async def work(job: Any, token: str) -> None:
        meter.count()

    worker = Worker("mail", work, {"connection": url, "concurrency": concurrency})
    await asyncio.Event().wait()
    await worker.close()
