"""groups, when somebody moves or removes their jobs, or looks at them."""

from corral.lifecycle.queue_moves import Cleaning, clean, drain, obliterate, promote_all, retry_all
from corral.model.group import Group
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, counts, fail, ids
from corral.testing.conformance.grouped import ids_of, in_group, two_in_group, work_off

MINUTE = 60_000


async def a_removed_job_gives_its_place_back(store: Store) -> None:
    first, second, third = await add(store, *[in_group("a")] * 3)
    await store.job_moves.remove(QUEUE, first, True)
    assert await ids(store, "waiting") == [second]
    await store.job_moves.remove(QUEUE, second, True)
    assert await work_off(store, 5) == [third]


async def a_job_in_line_may_be_removed(store: Store) -> None:
    first, second, third = await add(store, *[in_group("a")] * 3)
    await store.job_moves.remove(QUEUE, second, True)
    assert await work_off(store, 5) == [first, third]


async def a_priority_that_is_given_in_line_counts(store: Store) -> None:
    first, second, other = await add(store, in_group("a"), in_group("a"), in_group("b", priority=3))
    await store.job_moves.change_priority(QUEUE, second, 9, False)
    held = await claim(store, 1)
    assert [one.job.id for one in held] == [first]
    await complete(store, held)
    assert await ids(store, "prioritized") == [other, second]
    assert await work_off(store, 1) == [other, second]


async def a_delayed_job_may_be_promoted(store: Store) -> None:
    first, second, third = await add(store, *[in_group("a", delay=MINUTE)] * 3)
    await store.job_moves.promote(QUEUE, second)
    await store.job_moves.promote(QUEUE, first)
    assert await work_off(store, 5) == [second, first]
    await promote_all(store, QUEUE)
    assert await work_off(store, 5) == [third]


async def a_delay_may_be_changed(store: Store) -> None:
    first, second = await add(store, *[in_group("a", delay=MINUTE)] * 2)
    await store.job_moves.change_delay(QUEUE, second, 1000, NOW)
    assert await ids_of(claim(store, 5, now=NOW + 1000)) == [second]
    await store.job_moves.change_delay(QUEUE, first, 0, NOW)
    assert await ids(store, "waiting-children") == [first]


async def a_retried_job_waits_its_turn(store: Store) -> None:
    first, second, third = await add(store, *[in_group("a")] * 3)
    await fail(store, await claim(store, 5))
    await store.job_moves.retry(QUEUE, first, "failed", reset_attempts_made=True, reset_attempts_started=False)
    assert await work_off(store, 5) == [second, third, first]
    await store.job_moves.retry(QUEUE, third, "completed", reset_attempts_made=False, reset_attempts_started=False)
    found = await store.jobs.get(QUEUE, third)
    assert found is not None
    assert bytes(found.returnvalue) == b"null"
    assert await work_off(store, 5) == [third]


async def all_retried_jobs_wait_their_turn(store: Store) -> None:
    added = await add(store, in_group("a"), {}, in_group("a"), in_group("b"), in_group("a"))
    for _ in range(3):
        await fail(store, await claim(store, 5))
    await retry_all(store, QUEUE, "failed", NOW, batch=2)
    assert await counts(store, "failed", "waiting", "waiting-children") == (0, 3, 2)
    assert sorted(await work_off(store, 5)) == sorted(added)


async def a_paused_queue_gives_no_job(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    held = await claim(store, 1)
    await store.queues.pause(QUEUE)
    await complete(store, held)
    assert await claim(store, 5) == []
    await store.queues.resume(QUEUE)
    assert (held[0].job.id, await work_off(store, 5)) == (first, [second])


async def people_who_look_see_the_groups(store: Store) -> None:
    assert await store.groups.count(QUEUE) == 0
    assert await store.groups.page(QUEUE, None, 10) == ([], None)
    await add(store, *[in_group("a")] * 3, *[two_in_group("b")] * 3, {}, in_group("a", delay=1000))
    assert await store.groups.count(QUEUE) == 2
    assert await store.groups.get(QUEUE, "a") == Group("a", jobs=4, running=1, waiting=2)
    assert await store.groups.get(QUEUE, "c") is None
    found, after = await store.groups.page(QUEUE, None, 10)
    assert sorted(found, key=lambda one: one.id) == [
        Group("a", jobs=4, running=1, waiting=2),
        Group("b", jobs=3, running=2, waiting=1, limit=2),
    ]
    assert after is None


async def every_group_is_on_a_page(store: Store) -> None:
    await add(store, *[in_group(f"group {number}") for number in range(1500)])
    seen: set[str] = set()
    cursor = None
    while True:
        found, cursor = await store.groups.page(QUEUE, cursor, 100)
        seen |= {one.id for one in found}
        if cursor is None:
            break
    assert len(seen) == 1500


async def deleted_jobs_are_forgotten(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    await work_off(store, 5)
    assert await store.groups.forget(QUEUE, [first, "unknown"]) == []
    gone = await clean(store, QUEUE, Cleaning("completed", 0, 1), NOW)
    assert gone == [first]
    assert await store.groups.forget(QUEUE, gone) == []
    assert await store.groups.get(QUEUE, "a") == Group("a", jobs=1, running=0, waiting=0)
    gone = await clean(store, QUEUE, Cleaning("completed", 0, 0), NOW)
    assert gone == [second]
    assert await store.groups.forget(QUEUE, gone) == ["a"]
    assert await store.groups.count(QUEUE) == 0


async def a_cleaned_job_gives_its_place_back(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    assert await clean(store, QUEUE, Cleaning("waiting", 0, 1), NOW + MINUTE) == [first]
    assert await work_off(store, 5) == [second]


async def drain_takes_those_in_line(store: Store) -> None:
    _, _, delayed = await add(store, in_group("a"), in_group("a"), in_group("a", delay=MINUTE))
    await drain(store, QUEUE, delayed=False)
    assert await counts(store, "waiting", "waiting-children") == (0, 1)
    (later,) = await add(store, in_group("a"))
    assert await work_off(store, 5) == [later]
    await drain(store, QUEUE, delayed=True)
    assert await store.jobs.get(QUEUE, delayed) is None


async def obliterate_leaves_nothing_behind(store: Store) -> None:
    await add(store, *[in_group("a")] * 5, *[in_group("b")] * 5, in_group("a", delay=MINUTE), {})
    await complete(store, await claim(store, 2))
    await store.queues.pause(QUEUE)
    await obliterate(store, QUEUE, force=True, batch=3)
    assert await counts(store, "waiting", "waiting-children", "active", "completed") == (0, 0, 0, 0)
    assert await store.groups.count(QUEUE) == 0
    added = await add(store, in_group("a"), in_group("a"))
    assert await work_off(store, 5) == added
