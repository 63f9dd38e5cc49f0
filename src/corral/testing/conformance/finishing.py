"""finish: what became of jobs, as their options say, and the claim of the next in the same round trip."""

from typing import Any

from corral.model.errors import JobNotFound, NotInState
from corral.model.job import ClaimedJob, Job
from corral.model.outcome import AwaitingChildren, Completed, Failed, Outcome, Postponed, Released
from corral.store.jobs import Claim, ClaimRequest, Finished
from corral.store.store import Store
from corral.testing.conformance.given import LOCK_MS, NOW, QUEUE, add, claim, complete, counts, fail, ids, value

LATER = NOW + 5


async def a_completed_job_keeps_its_value(store: Store) -> None:
    job = await _ended(store, {}, Completed(b'{"a":[1,null]}'))
    assert (value(job.returnvalue), job.finished_on, job.attempts_made) == ({"a": [1, None]}, LATER, 1)
    assert await store.jobs.lock_token(QUEUE, job.id) is None


async def no_time_of_a_job_lies_before_an_earlier_one(store: Store) -> None:
    """A call reads its clock before it waits, and clocks differ. What lies far ahead was said by whoever added it."""
    ahead = {"timestamp": NOW + 10**9}
    stored = await add(store, {}, {"attempts": 1}, {"removeOnFail": {"age": 60}}, ahead, now=NOW + 16)
    first, *others = await claim(store, 2)
    others += [await store.job_moves.take(QUEUE, stored[2], "mine", LOCK_MS, NOW), *await claim(store, 1)]
    assert [held.job.processed_on for held in (first, *others)] == [NOW + 16] * 3 + [NOW]
    await _finish(store, (first, Completed(b"1")), *((held, Failed("no", unrecoverable=True)) for held in others))
    ended = [await store.jobs.get(QUEUE, job_id) for job_id in stored]
    assert [job and (job.processed_on, job.finished_on) for job in ended] == [(NOW + 16, NOW + 16)] * 3 + [(NOW, LATER)]


async def a_failed_job_keeps_its_reason_and_traces(store: Store) -> None:
    job = await _ended(store, {"attempts": 1}, Failed("no", "at line 1"))
    assert (job.failed_reason, job.stacktrace, job.finished_on, job.attempts_made) == ("no", ["at line 1"], LATER, 1)
    assert await ids(store, "failed") == [job.id]


async def any_text_may_be_the_reason(store: Store) -> None:
    job = await _ended(store, {}, Failed("a\0b", "c\0d"))
    assert await ids(store, "failed") == [job.id]
    assert str(job.failed_reason).startswith("a")


async def attempts_are_made_until_none_is_left(store: Store) -> None:
    await add(store, {"attempts": 3})
    for made in (1, 2, 3):
        (held,) = await claim(store, 1)
        assert (held.job.attempts_started, held.job.attempts_made) == (made, made - 1)
        await _finish(store, (held, Failed(f"no {made}", f"trace {made}")))
    job = await store.jobs.get(QUEUE, "1")
    assert job is not None
    assert (job.attempts_made, job.failed_reason) == (3, "no 3")
    assert job.stacktrace == ["trace 1", "trace 2", "trace 3"]
    assert await counts(store, "failed", "waiting") == (1, 0)


async def a_retried_job_goes_behind_the_others(store: Store) -> None:
    await add(store, {"attempts": 2}, {}, {"attempts": 2, "lifo": True})
    last, first = await claim(store, 2)
    await _finish(store, (first, Failed("no")), (last, Failed("no")))
    assert [held.job.id for held in await claim(store, 9)] == [last.job.id, "2", first.job.id]


async def backoff_delays_the_next_attempt(store: Store) -> None:
    job = await _ended(store, {"attempts": 2, "backoff": {"type": "fixed", "delay": 700}}, Failed("no"))
    assert (job.delay, job.attempts_made, await ids(store, "delayed")) == (700, 1, [job.id])
    assert await claim(store, 1, now=LATER + 699) == []
    assert len(await claim(store, 1, now=LATER + 700)) == 1


async def a_released_job_is_the_next_again(store: Store) -> None:
    await add(store, {}, {}, {"priority": 3}, {"priority": 3})
    held = await claim(store, 1)
    await _finish(store, (held[0], Released()))
    held = await claim(store, 3)
    assert [one.job.id for one in held] == ["1", "2", "3"]
    await _finish(store, (held[2], Released()))
    (again,) = await claim(store, 1)
    assert (again.job.id, again.job.attempts_made) == ("3", 0)


async def a_postponed_job_uses_up_no_attempt(store: Store) -> None:
    job = await _ended(store, {"attempts": 1}, Postponed(900))
    assert (job.attempts_made, job.delay, await ids(store, "delayed")) == (0, 900, [job.id])
    assert len(await claim(store, 1, now=LATER + 900)) == 1


async def only_a_job_with_children_may_wait_for_them(store: Store) -> None:
    await add(store, {})
    (held,) = await claim(store, 1)
    problems, _ = await store.jobs.finish(QUEUE, [Finished(held, AwaitingChildren())], None, LATER)
    assert isinstance(problems[0], NotInState)
    assert await ids(store, "active") == ["1"]


async def one_that_is_gone_spoils_nothing(store: Store) -> None:
    await add(store, {}, {})
    first, second = await claim(store, 2)
    await complete(store, [second])
    await store.job_moves.remove(QUEUE, second.job.id, False)
    ended = [Finished(one, Completed(b"1")) for one in (second, first)]
    problems, _ = await store.jobs.finish(QUEUE, ended, None, LATER)
    assert isinstance(problems[0], (JobNotFound, NotInState))
    assert (problems[1], await ids(store, "completed")) == (None, ["1"])


async def the_next_are_claimed_with_it(store: Store) -> None:
    await add(store, {}, {}, {}, {})
    await store.queue_limits.set_concurrency(QUEUE, 2)
    held = await claim(store, 2)
    problems, found = await store.jobs.finish(QUEUE, [Finished(one, Completed(b"1")) for one in held], _request(), NOW)
    assert problems == [None, None]
    assert isinstance(found, Claim)
    assert [one.job.id for one in found.jobs] == ["3", "4"]
    problems, found = await store.jobs.finish(QUEUE, [Finished(held[0], Completed(b"1"))], _request(), NOW)
    assert problems[0] is not None
    assert isinstance(found, Claim)
    assert (found.jobs, found.maxed) == ([], True)


async def true_keeps_none_and_a_number_so_many(store: Store) -> None:
    await add(store, {"removeOnComplete": True}, *({"removeOnComplete": 2} for _ in range(5)), {})
    first, *others, last = await claim(store, 9)
    await complete(store, [first])
    assert await store.jobs.get(QUEUE, "1") is None
    for number, one in enumerate(others):
        await complete(store, [one], now=NOW + number)
    assert await ids(store, "completed") == ["5", "6"]
    await complete(store, [last], now=NOW + 9)
    assert await ids(store, "completed") == ["5", "6", "7"]


async def an_age_removes_what_is_older(store: Store) -> None:
    await add(store, {}, {}, {"removeOnFail": {"age": 10}})
    first, second, third = await claim(store, 3)
    await fail(store, [first], now=NOW)
    await fail(store, [second], now=NOW + 5000)
    await fail(store, [third], now=NOW + 11_000)
    assert await ids(store, "failed") == ["2", "3"]


async def the_wish_of_the_worker_counts_where_the_job_has_none(store: Store) -> None:
    await add(store, {}, {"removeOnComplete": False}, {"removeOnFail": False}, {})
    one, two, three, four = await claim(store, 4)
    ended = [Finished(held, Completed(b"1"), keep_completed=True) for held in (one, two)]
    ended += [Finished(held, Failed("no"), keep_failed={"count": 0}) for held in (three, four)]
    problems, _ = await store.jobs.finish(QUEUE, ended, None, LATER)
    assert problems == [None] * 4
    assert (await ids(store, "completed"), await ids(store, "failed")) == (["2"], ["3"])


async def ends_are_told(store: Store) -> None:
    await add(store, {}, {"attempts": 2}, {})
    held = await claim(store, 3)
    begin = await store.events.last_id(QUEUE)
    await _finish(store, (held[0], Completed(b'"x"')), (held[1], Failed("no")), (held[2], Failed("never")))
    told = {(event.name, event.fields.get("jobId")) for event in await store.events.since(QUEUE, begin, 99)}
    assert told == {("completed", "1"), ("waiting", "2"), ("failed", "3"), ("retries-exhausted", "3")}


async def the_last_end_tells_that_the_queue_is_drained(store: Store) -> None:
    await add(store, {}, {})
    first, second = await claim(store, 2)
    begin = await store.events.last_id(QUEUE)
    for held, told in ((first, ["completed"]), (second, ["completed", "completed", "drained"])):
        await complete(store, [held])
        assert [event.name for event in await store.events.since(QUEUE, begin, 99)] == told


async def _ended(store: Store, opts: dict[str, Any], outcome: Outcome) -> Job:
    """A job with these options after one run, which ended `LATER`."""
    (job_id,) = await add(store, opts)
    (held,) = await claim(store, 1)
    await _finish(store, (held, outcome))
    job = await store.jobs.get(QUEUE, job_id)
    assert job is not None
    return job


async def _finish(store: Store, *ends: tuple[ClaimedJob, Outcome]) -> None:
    problems, _ = await store.jobs.finish(QUEUE, [Finished(held, outcome) for held, outcome in ends], None, LATER)
    assert problems == [None] * len(ends)


def _request() -> ClaimRequest:
    return ClaimRequest(count=5, owner="next", serial=0, lock_ms=LOCK_MS)
