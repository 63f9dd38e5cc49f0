"""promote, retry, remove, change delay and priority, discard: moves of one job that somebody asks for."""

from collections.abc import Awaitable
from time import time

from corral.lifecycle.schedule import advance
from corral.model.errors import BelongsToScheduler, CorralError, JobLocked, JobNotFound, NotInState
from corral.policy.scheduling import new_scheduler
from corral.store.children import CHILD_KINDS
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail, ids

MINUTE = 60_000


async def promote_makes_a_delayed_job_wait(store: Store) -> None:
    (job,) = await add(store, {"delay": MINUTE})
    await store.job_moves.promote(QUEUE, job)
    assert await ids(store, "waiting") == [job]
    assert (await claim(store, 1))[0].job.delay == 0


async def promote_keeps_the_priority(store: Store) -> None:
    low, high = await add(store, {"delay": MINUTE, "priority": 5}, {"delay": MINUTE, "priority": 1})
    for job in (low, high):
        await store.job_moves.promote(QUEUE, job)
    assert await ids(store, "prioritized") == [high, low]


async def promote_is_for_delayed_jobs(store: Store) -> None:
    (job,) = await add(store, {})
    await _refused(store.job_moves.promote(QUEUE, job), NotInState)


async def retry_makes_a_failed_job_wait(store: Store) -> None:
    (job,) = await add(store, {})
    await fail(store, await claim(store, 1))
    await _retry(store, job, "failed")
    (again,) = await claim(store, 1)
    assert (again.job.id, again.job.attempts_made, again.job.attempts_started) == (job, 1, 2)


async def retry_makes_a_completed_job_wait(store: Store) -> None:
    (job,) = await add(store, {"priority": 3})
    await complete(store, await claim(store, 1))
    await _retry(store, job, "completed")
    assert await ids(store, "prioritized") == [job]
    found = await store.jobs.get(QUEUE, job)
    assert found is not None
    assert bytes(found.returnvalue) == b"null"


async def retry_counts_from_none_if_asked(store: Store) -> None:
    (job,) = await add(store, {})
    await fail(store, await claim(store, 1))
    await _retry(store, job, "failed", reset=True)
    (again,) = await claim(store, 1)
    assert (again.job.attempts_made, again.job.attempts_started) == (0, 1)


async def retry_is_for_the_state_that_was_named(store: Store) -> None:
    (job,) = await add(store, {})
    await complete(store, await claim(store, 1))
    await _refused(_retry(store, job, "failed"), NotInState)


async def a_retried_child_is_waited_for_again(store: Store) -> None:
    """Also one whose failure its parent ignored."""
    (parent,) = await add(store, {"delay": MINUTE})
    below = _below(store, parent)
    await add(store, below, {**below, "ignoreDependencyOnFailure": True}, {**below, "failParentOnFailure": True})
    done, ignored, failed = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [ignored, failed])
    ended = {"processed": 1, "unprocessed": 0, "ignored": 1, "failed": 1}
    assert await store.children.counts(QUEUE, parent, CHILD_KINDS) == ended
    await _retry(store, done.job.id, "completed")
    await _retry(store, ignored.job.id, "failed")
    await _retry(store, failed.job.id, "failed")
    assert (await store.children.counts(QUEUE, parent, CHILD_KINDS))["unprocessed"] == 3


async def remove_leaves_nothing(store: Store) -> None:
    jobs = await add(store, {}, {"priority": 1}, {"delay": MINUTE})
    for job in jobs:
        await store.jobs.add_log(QUEUE, job, "row", None)
        await store.job_moves.remove(QUEUE, job, True)
        assert await store.jobs.get(QUEUE, job) is None
        assert await store.jobs.logs(QUEUE, job, 0, -1, True) == ([], 0)
    assert [await ids(store, state) for state in ("waiting", "prioritized", "delayed")] == [[], [], []]


async def remove_spares_a_job_that_is_held(store: Store) -> None:
    await add(store, {})
    (held,) = await claim(store, 1, now=_clock())
    await _refused(store.job_moves.remove(QUEUE, held.job.id, True), JobLocked)
    await complete(store, [held])
    await store.job_moves.remove(QUEUE, held.job.id, True)


async def remove_takes_the_children_along(store: Store) -> None:
    (parent,) = await add(store, {"delay": MINUTE})
    child, other = await add(store, *[_below(store, parent)] * 2)
    await store.job_moves.remove(QUEUE, child, False)
    await store.job_moves.remove(QUEUE, parent, True)
    assert await store.jobs.get(QUEUE, other) is None


async def remove_without_children_leaves_them(store: Store) -> None:
    (parent,) = await add(store, {"delay": MINUTE})
    (child,) = await add(store, _below(store, parent))
    await store.job_moves.remove(QUEUE, parent, False)
    assert await store.jobs.get(QUEUE, child) is not None


async def a_held_child_saves_its_parent(store: Store) -> None:
    now = _clock()
    (parent,) = await add(store, {"delay": MINUTE}, now=now)
    await add(store, _below(store, parent), now=now)
    await claim(store, 1, now=now)
    await _refused(store.job_moves.remove(QUEUE, parent, True), JobLocked)
    await store.job_moves.remove(QUEUE, parent, False)


async def remove_takes_what_is_done_with_the_rest(store: Store) -> None:
    (parent,) = await add(store, {"delay": MINUTE})
    done, left = await add(store, *[_below(store, parent)] * 2)
    await complete(store, await claim(store, 1))
    await store.job_moves.remove(QUEUE, parent, True)
    assert await store.job_details.many(QUEUE, [parent, done, left]) == [None] * 3


async def only_the_next_job_of_a_scheduler_stays(store: Store) -> None:
    await store.schedulers.put(QUEUE, new_scheduler("s", "tick", b"{}", {"every": MINUTE}, {}, NOW), NOW)
    (held,) = await claim(store, 1)
    await advance(store, QUEUE, held, NOW)
    await complete(store, [held])
    (following,) = await ids(store, "delayed")
    await _refused(store.job_moves.remove(QUEUE, following, True), BelongsToScheduler)
    await store.job_moves.remove(QUEUE, held.job.id, True)
    assert await ids(store, "completed") == []
    assert await ids(store, "delayed") == [following]


async def the_holder_of_a_deduplication_id_frees_it(store: Store) -> None:
    (job,) = await add(store, {"deduplication": {"id": "one"}})
    await store.job_moves.remove(QUEUE, job, False)
    assert await store.deduplication.holder(QUEUE, "one") is None


async def change_delay_counts_from_now(store: Store) -> None:
    later, sooner = await add(store, {"delay": MINUTE}, {"delay": MINUTE})
    await store.job_moves.change_delay(QUEUE, sooner, 1000, NOW)
    assert await ids(store, "delayed") == [sooner, later]
    assert await claim(store, 1, now=NOW + 999) == []
    assert [one.job.id for one in await claim(store, 1, now=NOW + 1000)] == [sooner]


async def change_delay_is_for_delayed_jobs(store: Store) -> None:
    (job,) = await add(store, {})
    await _refused(store.job_moves.change_delay(QUEUE, job, 1000, NOW), NotInState)


async def change_priority_moves_a_waiting_job(store: Store) -> None:
    first, second = await add(store, {}, {})
    await store.job_moves.change_priority(QUEUE, first, 7, False)
    assert await ids(store, "prioritized") == [first]
    assert [one.job.id for one in await claim(store, 2)] == [second, first]


async def change_priority_to_none_makes_it_wait(store: Store) -> None:
    waiting, job = await add(store, {}, {"priority": 2})
    await store.job_moves.change_priority(QUEUE, job, 0, False)
    assert await ids(store, "waiting") == [waiting, job]


async def change_priority_may_go_first(store: Store) -> None:
    first, second, third = await add(store, {"priority": 2}, {"priority": 2}, {})
    await store.job_moves.change_priority(QUEUE, second, 2, True)
    await store.job_moves.change_priority(QUEUE, third, 2, False)
    assert await ids(store, "prioritized") == [second, first, third]


async def discard_allows_one_more_attempt(store: Store) -> None:
    (job,) = await add(store, {"attempts": 10, "backoff": {"type": "fixed", "delay": 5}})
    await store.job_moves.discard(QUEUE, job)
    (held,) = await claim(store, 1)
    assert held.job.opts == {"attempts": 1, "backoff": {"type": "fixed", "delay": 5}}
    await store.job_moves.discard(QUEUE, job)


async def discard_gives_no_attempts(store: Store) -> None:
    (job,) = await add(store, {})
    await fail(store, await claim(store, 1))
    await store.job_moves.discard(QUEUE, job)
    found = await store.jobs.get(QUEUE, job)
    assert found is not None
    assert found.opts == {"attempts": 0}


async def what_is_no_job_stays_as_it_is(store: Store) -> None:
    await add(store, {})
    for name in ("99", "wait", "meta", "events", ""):
        for move in _all_moves(store, name):
            await _refused(move, JobNotFound)
    assert await ids(store, "waiting") == ["1"]


def _all_moves(store: Store, job: str) -> list[Awaitable[None]]:
    moves = store.job_moves
    return [
        moves.promote(QUEUE, job),
        _retry(store, job, "failed"),
        moves.remove(QUEUE, job, True),
        moves.change_delay(QUEUE, job, 1, NOW),
        moves.change_priority(QUEUE, job, 1, False),
        moves.discard(QUEUE, job),
    ]


def _retry(store: Store, job: str, state: str, *, reset: bool = False) -> Awaitable[None]:
    return store.job_moves.retry(QUEUE, job, state, reset_attempts_made=reset, reset_attempts_started=reset)


def _clock() -> int:
    """Now (ms): whether a lock still holds is for the engine's own clock to say."""
    return int(time() * 1000)


def _below(store: Store, parent: str) -> dict[str, object]:
    return {"parent": {"id": parent, "queue": f"{store.prefix}:{QUEUE}"}}


async def _refused(move: Awaitable[None], error: type[CorralError]) -> None:
    try:
        await move
    except error:
        return
    raise AssertionError(f"nobody raised {error.__name__}")
