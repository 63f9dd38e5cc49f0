"""drain: what waits goes, what runs or has ended stays."""

from corral.lifecycle.queue_moves import drain
from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add, claim, complete, counts, fail, ids

_STATES = ("waiting", "prioritized", "delayed", "active", "completed", "failed")


async def what_waits_goes(store: Store) -> None:
    await _one_of_each(store)
    await drain(store, QUEUE, delayed=False)
    assert await counts(store, *_STATES) == (0, 0, 1, 1, 1, 1)


async def delayed_jobs_go_when_asked(store: Store) -> None:
    await _one_of_each(store)
    await drain(store, QUEUE, delayed=True)
    assert await counts(store, *_STATES) == (0, 0, 0, 1, 1, 1)


async def the_jobs_themselves_are_gone(store: Store) -> None:
    (job_id,) = await add(store, {})
    await drain(store, QUEUE, delayed=False)
    assert await store.jobs.get(QUEUE, job_id) is None


async def a_drained_deduplication_id_is_free_again(store: Store) -> None:
    first = await add(store, {"deduplication": {"id": "one"}})
    await drain(store, QUEUE, delayed=False)
    assert await add(store, {"deduplication": {"id": "one"}}) != first


async def an_empty_queue_may_be_drained(store: Store) -> None:
    await drain(store, QUEUE, delayed=True)
    assert await counts(store, *_STATES) == (0, 0, 0, 0, 0, 0)


async def a_long_queue_goes_in_pieces(store: Store) -> None:
    for _ in range(6):
        await add(store, *({} for _ in range(1000)))
    await add(store, {"deduplication": {"id": "one"}}, {"priority": 1})
    await drain(store, QUEUE, delayed=False)
    assert await counts(store, "waiting", "prioritized") == (0, 0)


async def _one_of_each(store: Store) -> None:
    await add(store, {}, {}, {}, {"priority": 1}, {"delay": 60_000}, {})
    done, broken, running = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [broken])
    assert await ids(store, "active") == [running.job.id]
