"""What the network does to the connection between corral and its engine."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager
from typing import Any

from corral.model.job import NewJob
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.fault_proxy import FaultProxy
from corral.testing.server import running_server
from corral.testing.waiting import until
from corral.wiring.process import now_ms
from tests.acceptance.client import Client
from tests.reliability.conftest import Connect
from tests.reliability.counting import CountingEndpoint

FLOWS_AGAIN = 12.0
CALLS = 10_000
AT_ONCE = 500
LATENCY = 0.05
DEADLINE = 30.0


class Stretch:
    """A server behind a network of its own, and the jobs that it has to work off."""

    def __init__(self, store: RedisStore, proxy: FaultProxy, client: Client, endpoint: CountingEndpoint) -> None:
        self.proxy = proxy
        self.client = client
        self.endpoint = endpoint
        self._store = store

    async def add(self, count: int) -> None:
        """Past corral and its network."""
        await self._store.jobs.add("orders", [NewJob("order", b"{}", {"attempts": 0})] * count, now_ms())

    async def silence(self, jobs: int) -> float:
        """Seconds that it takes from the silence on until so many more jobs have been run."""
        now = asyncio.get_running_loop().time
        seen, begun = len(self.endpoint.calls), now()
        self.proxy.strand()
        await self.endpoint.has_seen(seen + jobs)
        return now() - begun

    async def completes(self, jobs: int) -> None:
        async def completed() -> bool:
            counts = await self._store.queues.counts("orders", ("completed", "failed"))
            return counts == {"completed": jobs, "failed": 0}

        await until(completed, 20)


@asynccontextmanager
async def stretch(engine: RunningEngine, connect: Connect, prefix: str) -> AsyncIterator[Stretch]:
    keys = {"worker_metadata_key": f"{prefix}:meta", "worker_metadata_stream": f"{prefix}:stream"}
    locks = {"lock_duration": 2000, "stalled_interval": 500}
    async with FaultProxy(engine.socket_path) as proxy, CountingEndpoint() as endpoint:
        url = f"redis://{proxy.host}:{proxy.port}"
        async with running_server(url, grace=0.1, queue_prefix=prefix, **keys, **locks) as server:
            client = Client(server.port)
            await client.register("orders", endpoint.url, opts={"concurrency": 50, "maxStalledCount": 9})
            yield Stretch(await connect(engine.url, prefix), proxy, client, endpoint)


async def test_jobs_flow_again_within_12_s_of_a_silence(engine: RunningEngine, connect: Connect) -> None:
    async with stretch(engine, connect, "busy") as busy, stretch(engine, connect, "idle") as idle:
        await idle.add(1)
        await idle.endpoint.has_seen(1)
        await busy.add(5000)
        await busy.endpoint.has_seen(500)
        flowing = asyncio.gather(busy.silence(500), idle.silence(1))
        await idle.add(1)
        seconds = await flowing
        print("flowing again, at work and at rest: " + ", ".join(f"{one:.1f} s" for one in seconds))
        assert max(seconds) < FLOWS_AGAIN
        await busy.completes(5000)
        await idle.completes(2)


async def test_every_reply_reaches_its_own_caller(engine: RunningEngine, proxy: FaultProxy, connect: Connect) -> None:
    """10,000 calls on one connection, of which half are given up, each at its own moment on the way."""
    chance = random.Random(1)
    near, far = await connect(engine.url), await connect(f"redis://{proxy.host}:{proxy.port}")
    stored = await near.jobs.add("orders", [_numbered(n) for n in range(AT_ONCE)], now_ms())
    proxy.latency(LATENCY)
    callers = [_Caller(far, stored, chance) for _ in range(AT_ONCE)]
    numbers = iter(range(AT_ONCE, AT_ONCE + CALLS))
    await asyncio.gather(*(caller.work(numbers) for caller in callers))
    added = [pair for caller in callers for pair in caller.added]
    given_up = sum(caller.given_up for caller in callers)
    print(f"{CALLS} calls, {given_up} given up, {len(added)} jobs added")
    assert given_up > CALLS / 4
    assert len(added) > CALLS / 8
    proxy.latency(0)
    for number, job_id in added:
        assert await _number_of(near, job_id) == number


class _Caller:
    """Adds and reads jobs of which each has its own number, and gives up some calls."""

    def __init__(self, store: RedisStore, stored: list[str], chance: random.Random) -> None:
        self.added: list[tuple[int, str]] = []
        self.given_up = 0
        self._store = store
        self._stored = stored
        self._chance = chance

    async def work(self, numbers: Iterator[int]) -> None:
        for number in numbers:
            call = self._add(number) if self._chance.random() < 0.5 else self._read(number % AT_ONCE)
            if self._chance.random() < 0.5:
                await asyncio.wait_for(call, DEADLINE)
            else:
                await self._give_up(call, self._chance.uniform(0, 2 * LATENCY))

    async def _give_up(self, call: Coroutine[Any, Any, None], after: float) -> None:
        try:
            await asyncio.wait_for(call, after)
        except TimeoutError:
            self.given_up += 1

    async def _add(self, number: int) -> None:
        [job_id] = await self._store.jobs.add("orders", [_numbered(number)], now_ms())
        self.added.append((number, job_id))

    async def _read(self, number: int) -> None:
        assert await _number_of(self._store, self._stored[number]) == number


def _numbered(number: int) -> NewJob:
    return NewJob("order", b'{"number":%d}' % number, {"attempts": 0})


async def _number_of(store: RedisStore, job_id: str) -> int:
    job = await store.jobs.get("orders", job_id)
    assert job is not None
    assert job.id == job_id
    number: int = json.loads(bytes(job.data))["number"]
    return number
