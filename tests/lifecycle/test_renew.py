"""Locks that are kept, lost and given up."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from corral.lifecycle import renew
from corral.lifecycle.renew import LockKeeper
from corral.model.job import ClaimedJob
from corral.store.jobs import ClaimRequest
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.waiting import until
from tests.worker.conftest import OpenStore
from tests.worker.kit import add, now_ms

LOCK_MS = 60_000
AGED_MS = LOCK_MS // 2


class Kept:
    """A keeper at work, and what it has lost."""

    def __init__(self, store: RedisStore, queue: str) -> None:
        self.lost: list[str] = []
        self.keeper = LockKeeper(store.jobs, queue, LOCK_MS, lambda _, job_id: self.lost.append(job_id))
        self.task = asyncio.get_running_loop().create_task(self.keeper.run())


Keep = Callable[[RedisStore], Kept]


@pytest.fixture
async def keep(queue: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Keep]:
    """Starts a keeper that renews twenty times a second what lasts for a minute."""
    monkeypatch.setattr(renew, "_PART", 0.05 * 1000 / LOCK_MS)
    started: list[Kept] = []

    def start(store: RedisStore) -> Kept:
        started.append(Kept(store, queue))
        return started[-1]

    yield start
    for kept in started:
        kept.task.cancel()


async def _claim(store: RedisStore, queue: str, count: int = 1) -> list[ClaimedJob]:
    await add(store, queue, count)
    request = ClaimRequest(count=count, owner="o", serial=now_ms(), lock_ms=LOCK_MS)
    return (await store.jobs.claim(queue, request, now_ms())).jobs


async def _left(store: RedisStore, queue: str, claimed: ClaimedJob) -> int:
    """Milliseconds that the lock still lasts."""
    left: int = await store.connection.send("PTTL", f"bull:{queue}:{claimed.job.id}:lock")
    return left


async def _age(store: RedisStore, queue: str, claimed: ClaimedJob) -> None:
    """As if half of the lock's life were over."""
    await store.connection.send("PEXPIRE", f"bull:{queue}:{claimed.job.id}:lock", AGED_MS)


async def _is_renewed(store: RedisStore, queue: str, claimed: ClaimedJob) -> None:
    """Wait until the lock lasts longer again."""
    await _age(store, queue, claimed)

    async def renewed() -> bool:
        return await _left(store, queue, claimed) > AGED_MS

    await until(renewed)


async def test_keeps_every_lock_until_it_is_released(store: RedisStore, queue: str, keep: Keep) -> None:
    kept = keep(store)
    one, two = await _claim(store, queue, 2)
    for claimed in (one, two):
        kept.keeper.hold(claimed)
    for claimed in (one, two, one, two):
        await _is_renewed(store, queue, claimed)
    kept.keeper.release(two)
    await _is_renewed(store, queue, one)  # a renewal that was under way is over
    await _age(store, queue, two)
    for _ in range(2):
        await _is_renewed(store, queue, one)
    assert await _left(store, queue, two) <= AGED_MS
    assert kept.lost == []


async def test_a_lock_that_is_gone_is_told_once(store: RedisStore, queue: str, keep: Keep) -> None:
    kept = keep(store)
    one, two = await _claim(store, queue, 2)
    kept.keeper.hold(one)
    kept.keeper.hold(two)
    await store.connection.send("SET", f"bull:{queue}:{one.job.id}:lock", "somebody else's")
    await until(lambda: kept.lost)
    for _ in range(2):
        await _is_renewed(store, queue, two)
    assert kept.lost == [one.job.id]


async def test_the_loss_of_a_job_that_has_ended_is_for_its_finish_to_tell(
    store: RedisStore, queue: str, keep: Keep
) -> None:
    kept = keep(store)
    ended, other = await _claim(store, queue, 2)
    kept.keeper.hold(ended)
    kept.keeper.hold(other)
    kept.keeper.ended(ended)
    for claimed in (ended, other):
        await store.connection.send("DEL", f"bull:{queue}:{claimed.job.id}:lock")
    await until(lambda: kept.lost)
    assert kept.lost == [other.job.id]


async def test_a_job_that_came_back_is_kept_under_its_new_lock(store: RedisStore, queue: str, keep: Keep) -> None:
    kept = keep(store)
    [old] = await _claim(store, queue)
    kept.keeper.hold(old)
    new = ClaimedJob(job=old.job, token="o:new", deadline=0)
    await store.connection.send("SET", f"bull:{queue}:{old.job.id}:lock", "o:new", "PX", LOCK_MS)
    kept.keeper.hold(new)
    assert kept.lost == [old.job.id]
    kept.keeper.ended(old)
    kept.keeper.release(old)
    for _ in range(2):
        await _is_renewed(store, queue, new)
    assert kept.lost == [old.job.id]


async def test_renewing_goes_on_after_the_engine_was_away(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, keep: Keep
) -> None:
    store = await open_store(own_engine.url)
    kept = keep(store)
    own_engine.kill()
    await until(lambda: not store.is_ready)
    [claimed], _ = await asyncio.gather(_claim(store, queue), asyncio.to_thread(own_engine.restart))
    kept.keeper.hold(claimed)
    for _ in range(2):
        await _is_renewed(store, queue, claimed)
    assert kept.lost == []
