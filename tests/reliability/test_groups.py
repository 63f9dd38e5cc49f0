"""Never two jobs of a group at once, none lost, and in order, whatever happens to the workers.

`CORRAL_GROUPS=5000` runs so many jobs in fifty groups, with a kill for every two hundred.
"""

import asyncio
import os
import random
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import asyncpg
import pytest

from corral.model.job import NewJob
from corral.store.store import Store
from corral.stores.postgres.store import PostgresStore
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.waiting import until
from tests.reliability.group_worker import open_store
from tests.reliability.overlaps import Overlaps
from tests.worker.kit import now_ms

ROOT = Path(__file__).parents[2]
QUEUE = "groups"
JOBS = int(os.environ.get("CORRAL_GROUPS", "600"))
GROUPS = 50 if JOBS >= 5_000 else 12
KILLS = max(3, JOBS // 200)
WORKERS = 4
KEPT_MS = 60_000  # a worker that lives and is only slow must not lose its locks
LOST_MS = 1_000
DEADLINE = 300.0 if JOBS >= 5_000 else 40.0


class Crew:
    """Worker processes under changing names."""

    def __init__(self, url: str, detector: str, lock_ms: int) -> None:
        self.overlaps = Overlaps(detector)
        self._arguments = (url, detector, QUEUE, str(lock_ms))
        self._workers: dict[str, Process] = {}
        self._hired = 0

    async def hire(self) -> None:
        self._hired += 1
        name = f"w{self._hired}"
        command = (sys.executable, "-m", "tests.reliability.group_worker", *self._arguments, name)
        process = await asyncio.create_subprocess_exec(*command, cwd=ROOT, stdout=PIPE)
        self._workers[name] = process
        assert process.stdout is not None
        async with asyncio.timeout(30):
            assert await process.stdout.readline() == b"ready\n"

    async def kill_one(self, random: random.Random) -> str:
        name = random.choice(sorted(self._workers))
        process = self._workers.pop(name)
        process.kill()
        await process.wait()
        await self.overlaps.died(name)
        return name

    def signal_one(self, random: random.Random, number: signal.Signals) -> Process:
        process = self._workers[random.choice(sorted(self._workers))]
        process.send_signal(number)
        return process

    async def close(self) -> None:
        for process in self._workers.values():
            with suppress(ProcessLookupError):
                process.kill()
            await process.wait()
        await self.overlaps.close()


Start = Callable[[str, int], Awaitable[tuple[Store, Crew]]]


@pytest.fixture
async def start(engine: RunningEngine) -> AsyncIterator[Start]:
    opened: list[tuple[Store, Crew]] = []

    async def begin(url: str, lock_ms: int) -> tuple[Store, Crew]:
        store, crew = open_store(url), Crew(url, str(engine.socket_path), lock_ms)
        opened.append((store, crew))
        await store.start()
        await store.ready(20)
        await _keep_events(store, url)
        for first in range(0, JOBS, 100):
            await store.jobs.add(QUEUE, [_job(number) for number in range(first, first + 100)], now_ms())
        await asyncio.gather(*(crew.hire() for _ in range(WORKERS)))
        return store, crew

    yield begin
    for store, crew in opened:
        await crew.close()
        await store.close()


@pytest.mark.timeout(DEADLINE + 60)
async def test_workers_that_are_killed(start: Start, engine: RunningEngine) -> None:
    store, crew = await start(engine.url, KEPT_MS)
    await _kill_on_the_way(store, crew)


@pytest.mark.timeout(DEADLINE + 60)
async def test_workers_that_are_killed_on_postgres(start: Start, database: str) -> None:
    store, crew = await start(database, KEPT_MS)
    await _kill_on_the_way(store, crew)


@pytest.mark.timeout(DEADLINE + 60)
async def test_workers_that_lose_their_locks(start: Start, engine: RunningEngine) -> None:
    store, crew = await start(engine.url, LOST_MS)
    await _stop_on_the_way(store, crew)


@pytest.mark.timeout(DEADLINE + 60)
async def test_workers_that_lose_their_locks_on_postgres(start: Start, database: str) -> None:
    store, crew = await start(database, LOST_MS)
    await _stop_on_the_way(store, crew)


async def _stop_on_the_way(store: Store, crew: Crew) -> None:
    """One that is stopped for longer than its locks last goes on later, and none of its results may count."""
    chance = random.Random(5)
    for stop in range(2):
        await _done(store, JOBS * (stop + 1) // 4)
        stopped = crew.signal_one(chance, signal.SIGSTOP)
        await _done(store, JOBS * (stop + 2) // 4)
        stopped.send_signal(signal.SIGCONT)
    await _done(store, JOBS)
    assert await _completed_in_order(store)


async def _kill_on_the_way(store: Store, crew: Crew) -> None:
    chance = random.Random(5)
    for kill in range(KILLS):
        await _done(store, JOBS * (kill + 1) // (KILLS + 1))
        await _end_locks(store, await crew.kill_one(chance))
        await crew.hire()
    await _done(store, JOBS)
    print(f"{JOBS} jobs in {GROUPS} groups, {KILLS} kills: {await crew.overlaps.seen()} overlaps")
    assert await crew.overlaps.seen() == []
    for group in range(GROUPS):
        assert await crew.overlaps.order(f"g{group}") == list(range(group, JOBS, GROUPS))
    assert await _completed_in_order(store)


async def _keep_events(store: Store, url: str) -> None:
    """All of them, as they are looked at in the end."""
    if isinstance(store, RedisStore):
        await store.connection.send("HSET", store.keys.of(QUEUE).meta, "opts.maxLenEvents", 20 * JOBS)
        return
    session = await asyncpg.connect(url)
    await session.execute("INSERT INTO bullmq.meta VALUES ($1, 'opts.maxLenEvents', $2)", QUEUE, str(20 * JOBS))
    await session.close()


async def _end_locks(store: Store, worker: str) -> None:
    """As if the locks of a worker that was killed had run out."""
    if isinstance(store, PostgresStore):
        session = await asyncpg.connect(store.database.dsn)
        await session.execute("UPDATE bullmq.job SET locked_until_ms = 0 WHERE lock_token LIKE $1", f"{worker}:%")
        await session.close()
    elif isinstance(store, RedisStore):
        for number in range(1, JOBS + 1):
            lock = store.keys.of(QUEUE).job(str(number)) + ":lock"
            if (await store.connection.send("GET", lock) or b"").startswith(f"{worker}:".encode()):
                await store.connection.send("DEL", lock)


async def _completed_in_order(store: Store) -> bool:
    """Every job once, and those of each group in the order in which they were added."""
    ids: list[str] = []
    after = "0-0" if isinstance(store, RedisStore) else "0"
    while events := await store.events.since(QUEUE, after, 1000):
        ids += [event.fields["jobId"] for event in events if event.name == "completed"]
        after = events[-1].id
    numbers = [int(job_id) - 1 for job_id in ids]
    return sorted(numbers) == list(range(JOBS)) and all(
        [number for number in numbers if number % GROUPS == group] == list(range(group, JOBS, GROUPS))
        for group in range(GROUPS)
    )


async def _done(store: Store, jobs: int) -> None:
    async def reached() -> bool:
        return (await store.queues.counts(QUEUE, ["completed"]))["completed"] >= jobs

    await until(reached, DEADLINE)


def _job(number: int) -> NewJob:
    return NewJob("job", str(number).encode(), {"attempts": 0, "group": {"id": f"g{number % GROUPS}"}})
