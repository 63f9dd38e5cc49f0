"""limits: concurrency and rate over all workers of a queue."""

from corral.model.endpoint import Limiter
from corral.store.jobs import Claim, ClaimRequest
from corral.store.store import Store
from corral.testing.conformance.given import LOCK_MS, NOW, QUEUE, add, claim, complete


async def concurrency_is_set_read_and_removed(store: Store) -> None:
    limits = store.queue_limits
    assert await limits.concurrency(QUEUE) is None
    await limits.set_concurrency(QUEUE, 2)
    assert await limits.concurrency(QUEUE) == 2
    assert await limits.remove_concurrency(QUEUE)
    assert not await limits.remove_concurrency(QUEUE)
    assert await limits.concurrency(QUEUE) is None


async def no_more_jobs_are_active_than_the_concurrency_allows(store: Store) -> None:
    await store.queue_limits.set_concurrency(QUEUE, 2)
    await add(store, {}, {}, {})
    held = await claim(store, 5)
    assert len(held) == 2
    assert await store.queue_limits.is_maxed(QUEUE)
    assert (await _claim(store)).maxed
    await complete(store, held[:1])
    assert not await store.queue_limits.is_maxed(QUEUE)
    assert len(await claim(store, 5)) == 1


async def rate_limit_is_set_read_and_removed(store: Store) -> None:
    limits = store.queue_limits
    assert await limits.rate_limit(QUEUE) is None
    await limits.set_rate_limit(QUEUE, Limiter(2, 60_000))
    assert await limits.rate_limit(QUEUE) == Limiter(2, 60_000)
    assert await limits.remove_rate_limit(QUEUE)
    assert not await limits.remove_rate_limit(QUEUE)
    assert await limits.rate_limit(QUEUE) is None


async def no_more_jobs_begin_than_the_rate_allows(store: Store) -> None:
    await store.queue_limits.set_rate_limit(QUEUE, Limiter(2, 60_000))
    await add(store, {}, {}, {})
    assert len(await claim(store, 5)) == 2
    assert 0 < await store.queue_limits.throttled_for(QUEUE, None, NOW) <= 60_000
    refused = await _claim(store)
    assert refused.jobs == []
    assert 0 < refused.limited_ms <= 60_000


async def forgetting_what_was_counted_lets_jobs_begin(store: Store) -> None:
    await store.queue_limits.set_rate_limit(QUEUE, Limiter(1, 60_000))
    await add(store, {}, {})
    await claim(store, 1)
    assert await store.queue_limits.unthrottle(QUEUE)
    assert not await store.queue_limits.unthrottle(QUEUE)
    assert len(await claim(store, 1)) == 1


async def a_throttled_queue_gives_no_job(store: Store) -> None:
    await store.queue_limits.set_rate_limit(QUEUE, Limiter(10, 1000))
    await add(store, {})
    await store.queue_limits.throttle(QUEUE, 60_000, NOW)
    refused = await _claim(store)
    assert refused.jobs == []
    assert 1000 < refused.limited_ms <= 60_000
    assert 1000 < await store.queue_limits.throttled_for(QUEUE, None, NOW) <= 60_000


async def throttling_counts_for_the_limit_of_a_worker(store: Store) -> None:
    await add(store, {})
    await store.queue_limits.throttle(QUEUE, 60_000, NOW)
    assert (await _claim(store, limiter=(10, 1000))).jobs == []
    assert await store.queue_limits.throttled_for(QUEUE, 10, NOW) > 1000
    assert len((await _claim(store)).jobs) == 1


async def an_unlimited_queue_is_never_throttled(store: Store) -> None:
    await add(store, {}, {})
    await claim(store, 1)
    assert await store.queue_limits.throttled_for(QUEUE, None, NOW) == 0
    assert await store.queue_limits.throttled_for(QUEUE, 5, NOW) == 0
    assert not await store.queue_limits.is_maxed(QUEUE)


async def _claim(store: Store, limiter: tuple[int, int] | None = None) -> Claim:
    request = ClaimRequest(count=5, owner="conformance", serial=100, lock_ms=LOCK_MS, limiter=limiter)
    return await store.jobs.claim(QUEUE, request, NOW)
