"""obliterate: a paused queue goes with all that is in it."""

from corral.lifecycle.queue_moves import obliterate
from corral.model.errors import QueueActive, QueueNotPaused
from corral.store.directory import NameQuery
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, counts, fail

_STATES = ("waiting", "prioritized", "delayed", "active", "completed", "failed")


async def everything_goes(store: Store) -> None:
    await add(store, {}, {}, {}, {"priority": 1}, {"delay": 60_000})
    done, broken = await claim(store, 2)
    await complete(store, [done])
    await fail(store, [broken])
    await store.queue_limits.set_concurrency(QUEUE, 3)
    await store.queues.pause(QUEUE)
    await obliterate(store, QUEUE, force=False)
    assert await counts(store, *_STATES) == (0, 0, 0, 0, 0, 0)
    assert await store.queue_limits.concurrency(QUEUE) is None
    assert await store.directory.describe([QUEUE], NOW) == [None]
    assert (await store.directory.names(NameQuery(10), NOW))[0] == []


async def it_works_in_batches_until_nothing_is_left(store: Store) -> None:
    await add(store, *({} for _ in range(25)))
    await store.queues.pause(QUEUE)
    await obliterate(store, QUEUE, force=False, batch=10)
    assert await counts(store, "waiting") == (0,)


async def a_queue_that_is_not_paused_is_refused(store: Store) -> None:
    await add(store, {})
    await _refused(store, QueueNotPaused)
    assert await counts(store, "waiting") == (1,)


async def running_jobs_are_a_reason_to_refuse(store: Store) -> None:
    await add(store, {}, {})
    await claim(store, 1)
    await store.queues.pause(QUEUE)
    await _refused(store, QueueActive)
    assert await counts(store, "waiting", "active") == (1, 1)


async def force_takes_running_jobs_too(store: Store) -> None:
    await add(store, {}, {})
    (held,) = await claim(store, 1)
    await store.queues.pause(QUEUE)
    await obliterate(store, QUEUE, force=True)
    assert await store.jobs.get(QUEUE, held.job.id) is None
    assert await counts(store, "waiting", "active") == (0, 0)


async def the_name_may_be_used_again(store: Store) -> None:
    await add(store, {})
    await store.queues.pause(QUEUE)
    await obliterate(store, QUEUE, force=False)
    await add(store, {})
    assert len(await claim(store, 1)) == 1
    assert (await store.directory.names(NameQuery(10), NOW))[0] == [QUEUE]


async def _refused(store: Store, why: type[Exception]) -> None:
    try:
        await obliterate(store, QUEUE, force=False)
    except why:
        return
    raise AssertionError(f"no {why.__name__}")
