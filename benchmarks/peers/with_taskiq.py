"""taskiq, on a list in Redis."""

import asyncio

from taskiq.api import run_receiver_task
from taskiq_redis import ListQueueBroker

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    asyncio.run(_run(url, jobs, concurrency, meter))


async def _run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    broker = ListQueueBroker(url)

    @broker.task(task_name="work")
    async def work() -> None:
        meter.count()

    await broker.startup()
    for start in range(0, jobs, 50):
        await asyncio.gather(*(work.kiq() for _ in range(min(50, jobs - start))))
    await run_receiver_task(broker, max_async_tasks=concurrency, run_startup=True)
