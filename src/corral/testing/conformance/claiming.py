"""claim: jobs in their order, each under a lock, as many as the rules of the queue allow."""

import asyncio

from corral.model.endpoint import Limiter
from corral.store.jobs import Claim, ClaimRequest
from corral.store.store import Store
from corral.testing.conformance.given import LOCK_MS, NOW, QUEUE, add, claim, complete, counts, ids


async def a_claimed_job_tells_all(store: Store) -> None:
    await add(store, {}, {})
    request = ClaimRequest(count=5, owner="me", serial=7, lock_ms=LOCK_MS, name="worker 1")
    found = await store.jobs.claim(QUEUE, request, NOW + 10)
    first, second = found.jobs
    assert [held.token for held in found.jobs] == ["me:7", "me:8"]
    assert (first.deadline, first.deferred_failure) == (NOW + 10 + LOCK_MS, None)
    assert (first.job.id, first.job.name, bytes(first.job.data).replace(b" ", b"")) == ("1", "job 0", b'{"n":0}')
    assert (first.job.attempts_started, first.job.attempts_made, first.job.processed_on) == (1, 0, NOW + 10)
    assert second.job.processed_by == "worker 1"
    assert (found.limited_ms, found.next_due, found.maxed) == (0, 0, False)
    assert (await ids(store, "active"), await claim(store, 1)) == (["1", "2"], [])


async def order_is_by_priority_then_age(store: Store) -> None:
    await add(store, {"priority": 5}, {}, {"priority": 1}, {"priority": 5}, {}, {"lifo": True})
    assert [held.job.id for held in await claim(store, 4)] == ["6", "2", "5", "3"]
    assert [held.job.id for held in await claim(store, 4)] == ["1", "4"]


async def what_is_due_is_promoted(store: Store) -> None:
    await add(store, {"delay": 2000}, {"delay": 1000}, {"delay": 1000, "priority": 1})
    assert (await _claim(store, 5)).next_due == NOW + 1000
    found = await _claim(store, 1, now=NOW + 1000)
    assert [held.job.id for held in found.jobs] == ["2"]
    assert await counts(store, "prioritized", "delayed") == (1, 1)
    found = await _claim(store, 5, now=NOW + 1500)
    assert ([held.job.id for held in found.jobs], found.next_due) == (["3"], NOW + 2000)
    assert (await _claim(store, 5, now=NOW + 2000)).next_due == 0


async def a_paused_queue_gives_none_and_promotes_all_the_same(store: Store) -> None:
    await add(store, {}, {"delay": 10})
    await store.queues.pause(QUEUE)
    assert (await _claim(store, 5, now=NOW + 10)).jobs == []
    assert await counts(store, "delayed") == (0,)
    await store.queues.resume(QUEUE)
    assert len((await _claim(store, 5, now=NOW + 10)).jobs) == 2


async def the_concurrency_of_the_queue_bounds_all_workers(store: Store) -> None:
    await add(store, *({} for _ in range(9)))
    await store.queue_limits.set_concurrency(QUEUE, 3)
    first = await _claim(store, 2)
    assert (len(first.jobs), first.maxed) == (2, False)
    second = await _claim(store, 2)
    assert (len(second.jobs), second.maxed) == (1, True)
    assert await _claim(store, 2) == Claim(jobs=[], maxed=True)
    await complete(store, first.jobs)
    assert len((await _claim(store, 9)).jobs) == 2


async def many_claims_at_once_share_the_jobs(store: Store) -> None:
    await add(store, *({} for _ in range(50)))
    found = await asyncio.gather(*(_claim(store, 7, owner=f"w{i}") for i in range(10)))
    claimed = [held.job.id for one in found for held in one.jobs]
    assert sorted(claimed, key=int) == [str(i) for i in range(1, 51)]
    assert all(len(one.jobs) <= 7 for one in found)


async def many_claims_at_once_keep_to_the_concurrency(store: Store) -> None:
    await add(store, *({} for _ in range(50)))
    await store.queue_limits.set_concurrency(QUEUE, 8)
    found = await asyncio.gather(*(_claim(store, 3, owner=f"w{i}") for i in range(10)))
    assert sum(len(one.jobs) for one in found) == 8


async def a_worker_keeps_to_its_limit(store: Store) -> None:
    await add(store, *({} for _ in range(9)))
    first = await _claim(store, 2, limiter=(3, 60_000))
    assert (len(first.jobs), first.limited_ms) == (2, 0)
    second = await _claim(store, 5, limiter=(3, 60_000))
    assert len(second.jobs) == 1
    assert 0 < second.limited_ms <= 60_000
    third = await _claim(store, 5, limiter=(3, 60_000))
    assert (third.jobs, 0 < third.limited_ms <= 60_000) == ([], True)


async def many_claims_at_once_keep_to_the_limit(store: Store) -> None:
    await add(store, *({} for _ in range(50)))
    await store.queue_limits.set_rate_limit(QUEUE, Limiter(max=11, duration=60_000))
    found = await asyncio.gather(*(_claim(store, 3, owner=f"w{i}", limiter=(99, 60_000)) for i in range(10)))
    assert sum(len(one.jobs) for one in found) == 11


async def _claim(
    store: Store, count: int, *, now: int = NOW, owner: str = "me", limiter: tuple[int, int] | None = None
) -> Claim:
    request = ClaimRequest(count=count, owner=owner, serial=0, lock_ms=LOCK_MS, limiter=limiter)
    return await store.jobs.claim(QUEUE, request, now)
