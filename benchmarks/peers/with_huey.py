"""huey, with threads."""

from huey import RedisHuey

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    huey = RedisHuey("mail", url=url, results=False)

    @huey.task()
    def work() -> None:
        meter.count()

    for _ in range(jobs):
        work()
    huey.create_consumer(workers=concurrency, worker_type="thread", periodic=False).run()
