"""Claiming one job by its id, and events of our own."""

import asyncio

from corral.model.errors import CorralError, JobNotFound, LockLost, NotInState
from corral.model.job import ClaimedJob
from corral.model.lease import Held
from corral.model.outcome import Completed
from corral.store.jobs import Finished
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, ids

_LONG = 10**10  # ms; some engines go by their own clock


async def a_taken_job_is_active_under_the_token(store: Store) -> None:
    first, second = await add(store, {}, {})
    taken = await _take(store, second)
    assert (taken.job.id, taken.token, taken.job.attempts_started) == (second, "mine", 1)
    assert taken.job.processed_on == NOW
    assert await store.jobs.lock_token(QUEUE, second) == "mine"
    assert (await ids(store, "active"), await ids(store, "waiting")) == ([second], [first])
    assert await store.jobs.renew(QUEUE, [Held(second, "mine")], 1000) == []
    await complete(store, [taken])
    assert await ids(store, "completed") == [second]


async def a_taken_job_is_announced(store: Store) -> None:
    await add(store, {})
    after = await store.events.last_id(QUEUE)
    await _take(store, "1")
    [event] = await store.events.since(QUEUE, after, 10)
    assert (event.name, event.fields) == ("active", {"jobId": "1", "prev": "waiting"})


async def of_many_that_take_a_job_one_has_it(store: Store) -> None:
    await add(store, {})
    tried = await asyncio.gather(*(_take(store, "1", f"t{n}") for n in range(10)), return_exceptions=True)
    assert sum(isinstance(one, ClaimedJob) for one in tried) == 1
    assert sum(isinstance(one, NotInState) for one in tried) == 9


async def prioritized_and_due_jobs_can_be_taken(store: Store) -> None:
    urgent, due, later = await add(store, {"priority": 2}, {"delay": 1000}, {"delay": 60_000})
    assert isinstance(await _try(store, due, NOW), NotInState)
    await _take(store, urgent)
    await _take(store, due, now=NOW + 2000)
    assert isinstance(await _try(store, later, NOW + 2000), NotInState)
    assert sorted(await ids(store, "active")) == sorted([urgent, due])


async def what_does_not_wait_cannot_be_taken(store: Store) -> None:
    await add(store, {}, {})
    assert isinstance(await _try(store, "9"), JobNotFound)
    assert isinstance(await _try(store, "meta"), JobNotFound)
    held = await claim(store, 1)
    assert isinstance(await _try(store, held[0].job.id), NotInState)
    await complete(store, held)
    assert isinstance(await _try(store, held[0].job.id), NotInState)


async def a_paused_queue_gives_nothing(store: Store) -> None:
    await add(store, {}, {})
    await store.queues.pause(QUEUE)
    assert isinstance(await _try(store, "1"), NotInState)
    assert await ids(store, "waiting") == ["1", "2"]
    await store.queues.resume(QUEUE)
    await _take(store, "1")


async def limits_of_the_queue_hold_for_taking_too(store: Store) -> None:
    await add(store, {}, {})
    await store.queue_limits.set_concurrency(QUEUE, 1)
    await _take(store, "1")
    assert isinstance(await _try(store, "2"), NotInState)
    await store.queue_limits.remove_concurrency(QUEUE)
    await _take(store, "2")


async def an_end_that_is_refused_has_nothing_to_retain(store: Store) -> None:
    await add(store, {"removeOnComplete": {"count": 2}})
    taken = await _take(store, "1")
    await complete(store, [taken])
    problems, _ = await store.jobs.finish(QUEUE, [Finished(taken, Completed(b"1"))], None, NOW)
    assert isinstance(problems[0], (LockLost, NotInState))


async def an_event_of_our_own_is_read_like_others(store: Store) -> None:
    await add(store, {})
    after = await store.events.last_id(QUEUE)
    await store.events.publish(QUEUE, "told", {"jobId": "1", "text": "é {}"})
    [event] = await store.events.since(QUEUE, after, 10)
    assert (event.name, event.fields) == ("told", {"jobId": "1", "text": "é {}"})


async def _take(store: Store, job_id: str, token: str = "mine", now: int = NOW) -> ClaimedJob:
    return await store.job_moves.take(QUEUE, job_id, token, _LONG, now)


async def _try(store: Store, job_id: str, now: int = NOW) -> CorralError | None:
    try:
        await _take(store, job_id, now=now)
    except CorralError as error:
        return error
    return None
