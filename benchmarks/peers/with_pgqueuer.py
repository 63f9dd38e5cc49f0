"""pgqueuer, which takes its jobs and stores their ends in batches."""

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import asyncpg
from pgqueuer import PgQueuer
from pgqueuer.db import AsyncpgPoolDriver
from pgqueuer.models import Job
from pgqueuer.queries import Queries

_CONNECTIONS = 20


class _Peer:
    def __init__(self, driver: AsyncpgPoolDriver) -> None:
        self._driver = driver
        self._queries = Queries(driver)

    async def install(self) -> None:
        if not await self._queries.schema_is_installed():
            await self._queries.install()

    async def add(self, numbers: Sequence[int]) -> None:
        payloads = [json.dumps({"to": "somebody@example.com", "n": n}).encode() for n in numbers]
        if len(payloads) == 1:
            await self._queries.enqueue("mail", payloads[0])
        else:
            await self._queries.enqueue(["mail"] * len(payloads), payloads, [0] * len(payloads))

    async def work(self, run: Callable[[int], None], setting: int) -> None:
        worker = PgQueuer(self._driver)

        @worker.entrypoint("mail")
        async def work(job: Job) -> None:
            run(json.loads(job.payload or b"")["n"])

        await worker.run(batch_size=setting)


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[_Peer]:
    async with asyncpg.create_pool(url, min_size=2, max_size=_CONNECTIONS) as pool:
        peer = _Peer(AsyncpgPoolDriver(pool))
        await peer.install()
        yield peer
