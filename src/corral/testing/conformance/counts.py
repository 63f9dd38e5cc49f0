"""counts: how many jobs there are of a state or a priority."""

from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, counts


async def jobs_are_counted_per_state(store: Store) -> None:
    await add(store, {}, {}, {"delay": 1000}, {"priority": 1})
    await claim(store, 1)
    states = ("delayed", "waiting", "prioritized", "active", "completed")
    assert await counts(store, *states) == (1, 1, 1, 1, 0)


async def waiting_jobs_are_counted_per_priority(store: Store) -> None:
    await add(store, {}, {}, {"priority": 1}, {"priority": 7}, {"priority": 7}, {"priority": 2_097_152})
    assert await store.queues.counts_per_priority(QUEUE, [7, 0, 3, 1, 2_097_152]) == [2, 2, 0, 1, 1]


async def delayed_jobs_are_counted_up_to_a_time(store: Store) -> None:
    await add(store, {"delay": 1000}, {"delay": 1000}, {"delay": 2000}, {}, {"priority": 1})
    due = [await store.queues.delayed_before(QUEUE, NOW + after) for after in (0, 1000, 1001, 2000, 2001, 10**12)]
    assert due == [0, 0, 2, 2, 3, 3]
    assert await store.queues.delayed_before(QUEUE, 2**53 - 1) == 3


async def an_unknown_queue_has_none(store: Store) -> None:
    assert await counts(store, "waiting", "failed") == (0, 0)
    assert await store.queues.counts_per_priority(QUEUE, [0, 1]) == [0, 0]
    assert await store.queues.delayed_before(QUEUE, NOW) == 0
