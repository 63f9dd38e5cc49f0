"""counts: how many jobs there are of a state or a priority."""

from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add, claim, counts


async def jobs_are_counted_per_state(store: Store) -> None:
    await add(store, {}, {}, {"delay": 1000}, {"priority": 1})
    await claim(store, 1)
    states = ("delayed", "waiting", "prioritized", "active", "completed")
    assert await counts(store, *states) == (1, 1, 1, 1, 0)


async def waiting_jobs_are_counted_per_priority(store: Store) -> None:
    await add(store, {}, {}, {"priority": 1}, {"priority": 7}, {"priority": 7}, {"priority": 2_097_152})
    assert await store.queues.counts_per_priority(QUEUE, [7, 0, 3, 1, 2_097_152]) == [2, 2, 0, 1, 1]


async def an_unknown_queue_has_none(store: Store) -> None:
    assert await counts(store, "waiting", "failed") == (0, 0)
    assert await store.queues.counts_per_priority(QUEUE, [0, 1]) == [0, 0]
