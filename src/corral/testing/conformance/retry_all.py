"""retry_all and promote_all: every ended, or every delayed, job back to waiting."""

from corral.lifecycle.queue_moves import promote_all, retry_all
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, counts, fail, ids


async def failed_jobs_wait_again(store: Store) -> None:
    added = await add(store, {}, {})
    await fail(store, await claim(store, 2))
    await retry_all(store, QUEUE, "failed", NOW)
    assert await counts(store, "failed", "waiting") == (0, 2)
    again = await claim(store, 2)
    assert sorted(one.job.id for one in again) == added
    await complete(store, again)


async def completed_jobs_too_when_asked(store: Store) -> None:
    await add(store, {}, {})
    done, broken = await claim(store, 2)
    await complete(store, [done])
    await fail(store, [broken])
    await retry_all(store, QUEUE, "completed", NOW)
    assert (await ids(store, "waiting"), await ids(store, "failed")) == ([done.job.id], [broken.job.id])
    job = await store.jobs.get(QUEUE, done.job.id)
    assert job is not None
    assert bytes(job.returnvalue) == b"null"


async def only_those_that_ended_by_the_time(store: Store) -> None:
    first, second = await add(store, {}, {})
    await fail(store, await claim(store, 1), now=NOW)
    await fail(store, await claim(store, 1), now=NOW + 1000)
    await retry_all(store, QUEUE, "failed", NOW + 999)
    assert (await ids(store, "waiting"), await ids(store, "failed")) == ([first], [second])


async def batches_go_on_until_all_are_moved(store: Store) -> None:
    await add(store, *({} for _ in range(25)))
    await fail(store, await claim(store, 25))
    await retry_all(store, QUEUE, "failed", NOW, batch=10)
    assert await counts(store, "failed", "waiting") == (0, 25)


async def delayed_jobs_are_promoted(store: Store) -> None:
    await add(store, *({"delay": 60_000 * (1 + i)} for i in range(25)))
    await promote_all(store, QUEUE, batch=10)
    assert await counts(store, "delayed", "waiting") == (0, 25)
    assert len(await claim(store, 30)) == 25


async def a_paused_queue_stays_paused(store: Store) -> None:
    await add(store, {"delay": 60_000})
    await store.queues.pause(QUEUE)
    await promote_all(store, QUEUE)
    assert await claim(store, 1) == []
    assert await ids(store, "waiting") == ["1"]
