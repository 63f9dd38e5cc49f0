"""orphans: what is left of jobs in no state goes, and no job goes with it."""

from corral.lifecycle.schedule import put_scheduler
from corral.policy.scheduling import new_scheduler
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, counts, fail

STATES = ("waiting", "prioritized", "active", "delayed", "completed", "failed")


async def every_job_that_is_in_a_state_stays(store: Store) -> None:
    added = await add(store, {}, {}, {}, {}, {"delay": 1000}, {"priority": 1})
    done, broken, held = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [broken])
    await store.jobs.add_log(QUEUE, held.job.id, "a row", None)
    scheduler = new_scheduler("s", "tick", b"{}", {"every": 60_000}, {}, NOW)
    await put_scheduler(store, QUEUE, scheduler, NOW)
    before = await counts(store, *STATES)
    for most in (1, 7, 1000):
        assert await _remove_orphans(store, most) == 0
    assert await counts(store, *STATES) == before
    assert [await store.job_details.exists(QUEUE, job_id) for job_id in added] == [True] * 6
    assert await store.schedulers.get(QUEUE, "s") is not None
    assert not await store.queue_moves.remove_priority_key(QUEUE)


async def a_queue_without_jobs_has_none(store: Store) -> None:
    assert await _remove_orphans(store, 100) == 0
    assert not await store.queue_moves.remove_priority_key(QUEUE)


async def _remove_orphans(store: Store, most: int) -> int:
    removed, cursor = await store.queue_moves.remove_orphans(QUEUE, None, most)
    while cursor is not None:
        more, cursor = await store.queue_moves.remove_orphans(QUEUE, cursor, most)
        removed += more
    return removed
