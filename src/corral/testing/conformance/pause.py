"""pause: while a queue is paused nothing is claimed, and nothing is lost."""

from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add, claim, complete, ids


async def a_paused_queue_gives_no_job(store: Store) -> None:
    await add(store, {}, {"priority": 1})
    await store.queues.pause(QUEUE)
    assert await store.queues.is_paused(QUEUE)
    assert await claim(store, 5) == []


async def jobs_are_added_while_it_is_paused(store: Store) -> None:
    await store.queues.pause(QUEUE)
    await add(store, {}, {})
    assert len(await ids(store, "waiting")) == 2


async def resume_gives_them_in_order(store: Store) -> None:
    await add(store, {})
    await store.queues.pause(QUEUE)
    await add(store, {})
    await store.queues.resume(QUEUE)
    assert not await store.queues.is_paused(QUEUE)
    assert [one.job.name for one in await claim(store, 5)] == ["job 0", "job 0"]


async def a_running_job_ends_normally(store: Store) -> None:
    await add(store, {})
    held = await claim(store, 1)
    await store.queues.pause(QUEUE)
    await complete(store, held)
    assert await ids(store, "completed") == [held[0].job.id]


async def both_may_be_said_twice(store: Store) -> None:
    for _ in range(2):
        await store.queues.pause(QUEUE)
    for _ in range(2):
        await store.queues.resume(QUEUE)
    assert not await store.queues.is_paused(QUEUE)
