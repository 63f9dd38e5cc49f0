"""A server that is killed again and again loses no job."""

import asyncio
import os
from pathlib import Path

import pytest

from corral.testing.engines import RunningEngine
from corral.testing.postgres import RunningPostgres
from corral.testing.server import TOKEN
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.command import corral_serve
from tests.reliability.counting import CountingEndpoint

QUEUE = "orders"
BATCH = 1000
KILLS = 5
CONCURRENCY = 100
POSTGRES_JOBS = int(os.environ.get("CORRAL_KILL_JOBS", "3000"))  # 20,000 take a minute
STATES = "waiting,active,completed,failed,delayed"
VARIABLES = {
    "AUTH_TOKENS": TOKEN,
    "CORRAL_LOG_FORMAT": "json",
    "CORRAL_LOCK_DURATION": "2000",
    "CORRAL_STALLED_INTERVAL": "500",
}


@pytest.mark.timeout(90)
async def test_killed_with_the_engine_that_it_owns(tmp_path: Path, counting: CountingEndpoint) -> None:
    await _kill_on_the_way(tmp_path, counting, 20_000, CORRAL_DATA_DIR=str(tmp_path / "data"))


@pytest.mark.timeout(90)
async def test_killed_beside_an_engine_that_goes_on(
    tmp_path: Path, engine: RunningEngine, counting: CountingEndpoint
) -> None:
    await _kill_on_the_way(tmp_path, counting, 3_000, REDIS_URL=engine.url)


@pytest.mark.timeout(120)
async def test_killed_beside_a_postgres_that_goes_on(
    tmp_path: Path, durable: RunningPostgres, counting: CountingEndpoint
) -> None:
    url = durable.create_migrated("killed")
    await _kill_on_the_way(tmp_path, counting, POSTGRES_JOBS, DATABASE_URL=url)


@pytest.mark.timeout(120)
async def test_goes_on_beside_a_postgres_that_is_killed(
    tmp_path: Path, durable: RunningPostgres, counting: CountingEndpoint
) -> None:
    url = durable.create_migrated("goes_on")
    async with corral_serve(tmp_path, **VARIABLES, DATABASE_URL=url) as command:
        client = Client(await command.port())
        ids = await _begin(client, counting, POSTGRES_JOBS)
        for kill in range(KILLS):
            await counting.has_seen(POSTGRES_JOBS * (kill + 1) // (KILLS + 1))
            await asyncio.to_thread(durable.kill)
            await asyncio.to_thread(durable.restart)
        await counting.has_seen(POSTGRES_JOBS)
        await until(lambda: _is_done(client, POSTGRES_JOBS), 30)
        counts = await client.counts(QUEUE, STATES)
    print(f"{POSTGRES_JOBS} jobs, {KILLS} kills of Postgres: {counting.again} jobs were run again")
    assert counts["completed"] == POSTGRES_JOBS
    assert counting.calls.keys() == set(ids)
    assert counting.again <= KILLS * CONCURRENCY


async def _kill_on_the_way(folder: Path, counting: CountingEndpoint, jobs: int, **engine: str) -> None:
    ids: list[str] = []
    for kill in range(KILLS):
        async with corral_serve(folder, **VARIABLES, **engine) as command:
            client = Client(await command.port())
            if kill == 0:
                ids = await _begin(client, counting, jobs)
            await counting.has_seen(jobs * (kill + 1) // (KILLS + 1))
            await command.end()
    async with corral_serve(folder, **VARIABLES, **engine) as command:
        client = Client(await command.port())
        await counting.has_seen(jobs)
        await until(lambda: _is_done(client, jobs), 30)
        counts = await client.counts(QUEUE, STATES)
    print(f"{jobs} jobs, {KILLS} kills at concurrency {CONCURRENCY}: {counting.again} jobs were run again")
    assert counts == {"waiting": 0, "paused": 0, "active": 0, "completed": jobs, "failed": 0, "delayed": 0}
    assert counting.calls.keys() == set(ids)
    assert counting.again <= KILLS * CONCURRENCY


async def _begin(client: Client, counting: CountingEndpoint, jobs: int) -> list[str]:
    ids: list[str] = []
    for first in range(0, jobs, BATCH):
        added = await client.add(QUEUE, *({"name": "order", "data": {"n": n}} for n in range(first, first + BATCH)))
        ids += [job["id"] for job in added]
    assert len(set(ids)) == jobs
    # A job may be in flight at every kill, and must not be given up for that.
    opts = {"concurrency": CONCURRENCY, "maxStalledCount": KILLS + 1}
    await client.register(QUEUE, counting.url, opts=opts)
    return ids


async def _is_done(client: Client, jobs: int) -> bool:
    counts = await client.counts(QUEUE, "completed,failed")
    return bool(counts["completed"] + counts["failed"] >= jobs)
