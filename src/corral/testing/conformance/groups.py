"""groups: at most so many jobs of a group run at once, in the order in which they were added."""

from collections import defaultdict

from corral.model.errors import LockLost
from corral.model.job import ClaimedJob
from corral.model.outcome import Completed, Failed, Postponed, Released
from corral.store.jobs import ClaimRequest, Finished
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, fail, ids
from corral.testing.conformance.grouped import end, ids_of, in_group, rescue, two_in_group, work_off

MINUTE = 60_000


async def one_job_of_a_group_runs_at_a_time(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    (held,) = await claim(store, 5)
    assert held.job.id == first
    assert await claim(store, 5) == []
    await complete(store, [held])
    assert await ids_of(claim(store, 5)) == [second]


async def jobs_of_a_group_come_in_the_order_in_which_they_were_added(store: Store) -> None:
    added = [
        *await add(store, *[in_group("a")] * 3),
        *await add(store, in_group("a")),
        *await add(store, in_group("a")),
    ]
    assert await work_off(store, 10) == added


async def groups_run_in_parallel(store: Store) -> None:
    added = await add(store, in_group("a"), in_group("b"), {}, in_group("a"), in_group("c"))
    assert await ids_of(claim(store, 5)) == [added[0], added[1], added[2], added[4]]


async def groups_take_turns(store: Store) -> None:
    added = await add(store, *[in_group("a")] * 3, *[in_group("b")] * 3)
    assert await work_off(store, 1) == [added[i] for i in (0, 3, 1, 4, 2, 5)]


async def a_group_may_allow_several_at_once(store: Store) -> None:
    first, second, third = await add(store, *[two_in_group("a")] * 3)
    held = await claim(store, 5)
    assert [one.job.id for one in held] == [first, second]
    await complete(store, held[1:])
    assert await ids_of(claim(store, 5)) == [third]


async def the_last_job_says_how_many(store: Store) -> None:
    first, second, third = await add(store, in_group("a"), in_group("a"), two_in_group("a"))
    held = await claim(store, 5)
    assert [one.job.id for one in held] == [first, second]
    (fourth,) = await add(store, in_group("a"))
    await complete(store, held[:1])
    assert await claim(store, 5) == []
    await complete(store, held[1:])
    assert await work_off(store, 5) == [third, fourth]


async def places_of_all_kinds_change_hands_in_one_finish(store: Store) -> None:
    """Of groups with one place and with several, of jobs that are kept and that are not, and of one that is alone."""
    unkept = in_group("c", removeOnComplete=True)
    await add(store, in_group("a"), in_group("b"), in_group("b"), unkept, in_group("d"), {})
    last_a, last_b, last_c = await add(store, in_group("a"), two_in_group("b"), in_group("c"))
    held = await claim(store, 9)
    assert len(held) == 6
    await complete(store, held)
    assert sorted(await ids_of(claim(store, 9))) == sorted([last_a, last_b, last_c])
    groups, _ = await store.groups.page(QUEUE, None, 9)
    shown = sorted((group.id, group.jobs, group.running, group.waiting) for group in groups)
    assert shown == [("a", 2, 1, 0), ("b", 3, 1, 0), ("c", 1, 1, 0), ("d", 1, 0, 0)]
    (fifth,) = await add(store, in_group("d"))
    assert await ids_of(claim(store, 9)) == [fifth]


async def jobs_in_line_are_not_ready(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    assert await ids(store, "waiting") == [first]
    assert await ids(store, "waiting-children") == [second]


async def a_job_in_line_is_told_as_waiting_once(store: Store) -> None:
    begin = await store.events.last_id(QUEUE)
    await add(store, in_group("a"), in_group("a"), in_group("a", delay=MINUTE))
    for _ in range(3):
        await complete(store, await claim(store, 5, now=NOW + MINUTE), now=NOW + MINUTE)
    told: dict[str, list[str]] = defaultdict(list)
    for event in await store.events.since(QUEUE, begin, 100):
        told[event.fields.get("jobId", "")].append(event.name)
    plain = ["added", "waiting", "active", "completed"]
    assert [told["1"], told["2"], told["3"]] == [plain, plain, ["added", "delayed", "waiting", "active", "completed"]]


async def a_failed_job_gives_its_place_back(store: Store) -> None:
    _, second = await add(store, in_group("a"), in_group("a"))
    await fail(store, await claim(store, 5))
    assert await ids_of(claim(store, 5)) == [second]


async def a_job_that_is_tried_again_goes_to_the_end_of_the_line(store: Store) -> None:
    again = {"attempts": 2, "backoff": {"type": "fixed", "delay": 0}}
    first, second = await add(store, in_group("a", **again), in_group("a", **again))
    await end(store, await claim(store, 5), Failed("not now"))
    (held,) = await claim(store, 5)
    assert held.job.id == second
    await complete(store, [held])
    (held,) = await claim(store, 5)
    assert (held.job.id, held.job.attempts_made, held.job.failed_reason) == (first, 1, "not now")


async def the_group_is_free_until_the_next_attempt(store: Store) -> None:
    again = {"attempts": 2, "backoff": {"type": "fixed", "delay": 1000}}
    first, second, third = await add(store, in_group("a", **again), in_group("a"), in_group("a"))
    await end(store, await claim(store, 5), Failed("not now"))
    held = await claim(store, 5)
    assert [one.job.id for one in held] == [second]
    await end(store, held, Completed(b"1"))
    request = ClaimRequest(count=5, owner="conformance", serial=9, lock_ms=MINUTE)
    answer = await store.jobs.claim(QUEUE, request, NOW + 1000)
    assert [one.job.id for one in answer.jobs] == [third]
    await complete(store, answer.jobs)
    assert await ids_of(claim(store, 5, now=NOW + 1000)) == [first]


async def a_postponed_job_gives_its_place_back(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    await end(store, await claim(store, 5), Postponed(1000))
    assert await work_off(store, 5) == [second]
    (held,) = await claim(store, 5, now=NOW + 1000)
    assert (held.job.id, held.job.attempts_made) == (first, 0)


async def a_job_without_a_group_is_tried_again_beside_one_that_has_one(store: Store) -> None:
    retried, delayed = {"attempts": 2}, {"attempts": 2, "backoff": {"type": "fixed", "delay": 100}}
    await add(store, in_group("ann", **retried), retried, delayed)
    await end(store, await claim(store, 5), Failed("no"))
    assert sorted(await ids_of(claim(store, 5, now=NOW))) == ["1", "2"]
    assert await ids_of(claim(store, 5, now=NOW + 200)) == ["3"]


async def a_released_job_keeps_its_place(store: Store) -> None:
    added = await add(store, in_group("a"), in_group("a"))
    await end(store, await claim(store, 5), Released())
    assert await work_off(store, 5) == added


async def a_job_that_is_not_kept_gives_its_place_back(store: Store) -> None:
    added = await add(store, *[in_group("a", removeOnComplete=True)] * 3)
    assert await work_off(store, 5) == added
    assert await store.groups.count(QUEUE) == 0


async def a_delayed_job_joins_the_line_when_it_is_due(store: Store) -> None:
    late, early, now = await add(store, in_group("a", delay=2000), in_group("a", delay=1000), in_group("a"))
    assert await work_off(store, 5) == [now]
    request = ClaimRequest(count=5, owner="conformance", serial=9, lock_ms=MINUTE)
    answer = await store.jobs.claim(QUEUE, request, NOW + 999)
    assert (answer.jobs, answer.next_due) == ([], NOW + 1000)
    (held,) = await claim(store, 5, now=NOW + 2000)
    assert (held.job.id, held.job.delay) == (early, 0)
    await complete(store, [held])
    assert await ids_of(claim(store, 5, now=NOW + 2000)) == [late]


async def a_rescued_job_keeps_its_place(store: Store) -> None:
    first, _ = await add(store, in_group("a"), in_group("a"))
    request = ClaimRequest(count=5, owner="dead", serial=0, lock_ms=1)
    assert await ids_of(_claimed(store, request)) == [first]
    await rescue(store)
    (held,) = await claim(store, 5)
    assert held.job.id == first


async def a_stale_owner_is_refused(store: Store) -> None:
    first, second = await add(store, in_group("a"), in_group("a"))
    request = ClaimRequest(count=5, owner="stale", serial=0, lock_ms=1)
    (stale,) = await _claimed(store, request)
    await rescue(store)
    (held,) = await claim(store, 5)
    for outcome in (Completed(b"1"), Failed("no"), Postponed(1000), Released()):
        (problem,), _ = await store.jobs.finish(QUEUE, [Finished(stale, outcome)], None, NOW)
        assert isinstance(problem, LockLost)
    assert await claim(store, 5) == []
    await complete(store, [held])
    assert (held.job.id, await work_off(store, 5)) == (first, [second])


async def one_finish_gives_the_places_to_the_claim_that_goes_with_it(store: Store) -> None:
    added = await add(store, *[in_group("a"), in_group("b")] * 3)
    held = await claim(store, 5)
    ended = [Finished(one, Completed(b"1")) for one in held]
    request = ClaimRequest(count=5, owner="next", serial=0, lock_ms=MINUTE)
    _, answer = await store.jobs.finish(QUEUE, ended, request, NOW)
    assert not isinstance(answer, Exception)
    assert answer is not None
    assert [one.job.id for one in answer.jobs] == added[2:4]


async def priority_decides_between_groups(store: Store) -> None:
    low, first, behind = await add(
        store, in_group("a", priority=5), in_group("b", priority=1), in_group("b", priority=1)
    )
    assert await work_off(store, 1) == [first, behind, low]


async def a_custom_id_is_added_once(store: Store) -> None:
    added = await add(store, in_group("a", jobId="one"), in_group("a"), in_group("a", jobId="two"))
    assert await add(store, in_group("a", jobId="two"), in_group("b", jobId="one")) == ["two", "one"]
    assert await work_off(store, 5) == added
    assert await store.groups.count(QUEUE) == 1


async def a_deduplicated_job_is_added_once(store: Store) -> None:
    only = {"deduplication": {"id": "only"}}
    first, second = await add(store, in_group("a"), in_group("a", **only))
    assert await add(store, in_group("a", **only)) == [second]
    assert await work_off(store, 5) == [first, second]
    (third,) = await add(store, in_group("a", **only))
    assert await work_off(store, 5) == [third]


async def a_child_may_be_in_a_group(store: Store) -> None:
    (parent,) = await add(store, {"delay": MINUTE})
    below = {"parent": {"id": parent, "queue": f"{store.prefix}:{QUEUE}"}}
    first, second = await add(store, in_group("a"), in_group("a", **below))
    assert await work_off(store, 5) == [first, second]
    assert list(await store.children.values(QUEUE, parent)) == [f"{store.prefix}:{QUEUE}:{second}"]


async def sweep_finds_nothing_to_do_where_all_is_well(store: Store) -> None:
    added = await add(store, *[in_group("a")] * 3)
    for _ in range(3):
        swept = await store.groups.sweep(QUEUE, NOW)
        assert (swept.moved, swept.emptied) == (0, ())
    assert await work_off(store, 5) == added


async def sweep_lets_go_on_what_is_due(store: Store) -> None:
    (job,) = await add(store, in_group("a", delay=1000))
    assert (await store.groups.sweep(QUEUE, NOW + 999)).moved == 0
    assert (await store.groups.sweep(QUEUE, NOW + 1000)).moved == 1
    assert await ids(store, "waiting") == [job]


async def _claimed(store: Store, request: ClaimRequest) -> list[ClaimedJob]:
    return (await store.jobs.claim(QUEUE, request, NOW)).jobs
