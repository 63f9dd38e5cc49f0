"""dramatiq, with threads."""

import threading

import dramatiq
from dramatiq.brokers.redis import RedisBroker

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    broker = RedisBroker(url=url)
    dramatiq.set_broker(broker)

    @dramatiq.actor
    def work() -> None:
        meter.count()

    for _ in range(jobs):
        work.send()
    dramatiq.Worker(broker, worker_threads=concurrency).start()
    threading.Event().wait()
