"""clean: old jobs of one state go, in batches, up to a limit."""

from time import time

from corral.lifecycle.queue_moves import Cleanable, Cleaning, clean
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail, ids


async def only_jobs_older_than_the_grace_go(store: Store) -> None:
    old, new = await add(store, {}, {})
    await complete(store, await claim(store, 1), now=NOW)
    await complete(store, await claim(store, 1), now=NOW + 5000)
    assert await _clean(store, "completed", grace=5000) == []
    assert await _clean(store, "completed", grace=5000, now=NOW + 9000) == [old]
    assert await ids(store, "completed") == [new]


async def only_the_state_that_was_named(store: Store) -> None:
    await add(store, {}, {}, {})
    done, broken = await claim(store, 2)
    await complete(store, [done])
    await fail(store, [broken])
    assert await _clean(store, "failed") == [broken.job.id]
    assert (await ids(store, "completed"), len(await ids(store, "waiting"))) == ([done.job.id], 1)


async def the_limit_holds(store: Store) -> None:
    await add(store, *({} for _ in range(5)))
    await complete(store, await claim(store, 5))
    assert len(await _clean(store, "completed", limit=2)) == 2
    assert len(await _clean(store, "completed", limit=2)) == 2
    assert len(await _clean(store, "completed", limit=2)) == 1


async def without_a_limit_all_go(store: Store) -> None:
    for _ in range(3):
        await add(store, *({} for _ in range(700)))
        await complete(store, await claim(store, 700))
    assert len(set(await _clean(store, "completed"))) == 2100


async def a_limit_over_one_batch_is_exact(store: Store) -> None:
    for _ in range(2):
        await add(store, *({} for _ in range(900)))
        await complete(store, await claim(store, 900))
    assert len(await _clean(store, "completed", limit=1500)) == 1500
    assert len(await ids(store, "completed")) == 300


async def waiting_delayed_and_prioritized_jobs_go_by_the_time_they_were_added(store: Store) -> None:
    waiting, delayed, prioritized = await add(store, {}, {"delay": 60_000}, {"priority": 3}, now=NOW)
    await add(store, {}, {"delay": 1000}, {"priority": 1}, now=NOW + 5000)
    assert await _clean(store, "waiting", now=NOW + 1) == [waiting]
    assert await _clean(store, "delayed", now=NOW + 1) == [delayed]
    assert await _clean(store, "prioritized", now=NOW + 1) == [prioritized]


async def a_running_job_stays(store: Store) -> None:
    now = int(time() * 1000)  # whether it is held is for the engine's own clock to say
    await add(store, {}, now=now)
    (held,) = await claim(store, 1, now=now)
    assert await _clean(store, "active", now=now + 60_000_000) == []
    assert await ids(store, "active") == [held.job.id]


async def a_grace_of_many_years_removes_nothing(store: Store) -> None:
    await add(store, {})
    assert await _clean(store, "waiting", grace=NOW + 1) == []
    assert await _clean(store, "waiting", grace=NOW - 999_999_999_999) == []
    assert await _clean(store, "waiting", grace=2**53 - 1) == []


async def _clean(store: Store, state: Cleanable, grace: int = 0, limit: int = 0, now: int = NOW) -> list[str]:
    return await clean(store, QUEUE, Cleaning(state, grace, limit), now)
