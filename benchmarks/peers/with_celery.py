"""celery, with threads."""

from celery import Celery

from benchmarks.peers.meter import Meter


def run(url: str, jobs: int, concurrency: int, meter: Meter) -> None:
    app = Celery(broker=url)
    app.conf.update(task_ignore_result=True, worker_prefetch_multiplier=16, broker_connection_retry_on_startup=True)

    @app.task(name="work")
    def work() -> None:
        meter.count()

    for _ in range(jobs):
        work.delay()
    options = ["--pool", "threads", "--concurrency", str(concurrency), "--loglevel", "ERROR"]
    app.worker_main(["worker", *options, "--without-gossip", "--without-mingle", "--without-heartbeat"])
