"""A worker process of `test_groups`: runs jobs until it is killed, and tells an engine what it runs.

python -m tests.reliability.group_worker STORE_URL DETECTOR_SOCKET QUEUE LOCK_MS NAME
"""

import asyncio
import random
import sys
import time

import msgspec

from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Outcome
from corral.store.store import Store
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.worker.worker import Worker, WorkerSettings
from tests.reliability.overlaps import Overlaps

STALLED_MS = 500


class _Silent:
    def lock_lost(self, queue: str, job_id: str) -> None: ...
    def stalled(self, queue: str, job_id: str) -> None: ...
    def not_advanced(self, queue: str, job_id: str, why: Exception) -> None: ...
    def not_stored(self, queue: str, job_id: str, why: Exception) -> None: ...
    def refused(self, queue: str, why: Exception) -> None: ...
    def unexpected(self, where: str, error: BaseException) -> None:
        print(where, repr(error), file=sys.stderr, flush=True)


def open_store(url: str) -> Store:
    """By its URL."""
    if url.startswith("postgres"):
        return PostgresStore(url, Schema.named())
    return RedisStore(Address.from_url(url))


async def _main(url: str, detector: str, queue: str, lock_ms: str, name: str) -> None:
    store = open_store(url)
    overlaps = Overlaps(detector)
    await store.start()
    await store.ready(20)

    async def run(claimed: ClaimedJob) -> Outcome:
        group, number = claimed.job.opts["group"]["id"], msgspec.json.decode(claimed.job.data)
        mine = f"{name}/{number}"
        await overlaps.begin(group, mine, number)
        await asyncio.sleep(random.random() * 0.004)  # noqa: TID251 - the work
        await overlaps.end(group, mine)
        return Completed(msgspec.json.encode(name))

    settings = WorkerSettings(owner=name, concurrency=10, lock_ms=int(lock_ms), stalled_ms=STALLED_MS, max_stalled=1000)
    worker = Worker(store, queue, run, settings, clock=lambda: time.time_ns() // 1_000_000, listener=_Silent())
    worker.start()
    print("ready", flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
