"""What can be asked and told about one job: its state, its result, its payload, its log."""

from collections.abc import Awaitable
from typing import Any

from corral.model.errors import JobNotFound
from corral.model.result import JobResult
from corral.store.store import Store
from corral.testing.conformance.given import QUEUE, add, claim, complete, fail, value


async def many_jobs_are_found_at_once(store: Store) -> None:
    first, second = await add(store, {}, {"delay": 5})
    found = await store.job_details.many(QUEUE, [second, "none", first, "wait", second])
    assert [one and one.id for one in found] == [second, None, first, None, second]
    assert await store.job_details.many(QUEUE, []) == []


async def each_state_has_its_name(store: Store) -> None:
    await add(store, {}, {}, {}, {"delay": 5}, {"priority": 1})
    done, broken, running = await claim(store, 3)
    await complete(store, [done])
    await fail(store, [broken])
    (waiting,) = await add(store, {})
    states = {job: await store.job_details.state(QUEUE, job) for job in ("4", "5", waiting)}
    assert states == {"4": "delayed", "5": "prioritized", waiting: "waiting"}
    ended = [await store.job_details.state(QUEUE, one.job.id) for one in (done, broken, running)]
    assert ended == ["completed", "failed", "active"]


async def a_job_has_a_result_once_it_has_ended(store: Store) -> None:
    await add(store, {}, {}, {})
    done, broken, running = await claim(store, 3)
    assert await store.job_details.result(QUEUE, done.job.id) is None
    await complete(store, [done])
    await fail(store, [broken])
    completed = await store.job_details.result(QUEUE, done.job.id)
    assert completed is not None
    assert (completed.state, bytes(completed.returnvalue)) == ("completed", b'"done"')  # type: ignore[arg-type]
    failed = JobResult(broken.job.id, "failed", failed_reason="broken")
    assert await store.job_details.result(QUEUE, broken.job.id) == failed
    assert await store.job_details.result(QUEUE, running.job.id) is None


async def the_payload_can_be_replaced(store: Store) -> None:
    (job,) = await add(store, {})
    await store.job_details.set_data(QUEUE, job, b'{"new":[1]}')
    (held,) = await claim(store, 1)
    assert value(held.job.data) == {"new": [1]}


async def the_payload_is_swapped_only_for_the_one_that_was_read(store: Store) -> None:
    (job,) = await add(store, {})
    assert await store.job_details.swap_data(QUEUE, job, b'{"n":0}', b"1")
    assert not await store.job_details.swap_data(QUEUE, job, b'{"n":0}', b"2")
    assert not await store.job_details.swap_data(QUEUE, "99", b"1", b"2")
    found = await store.jobs.get(QUEUE, job)
    assert found is not None
    assert bytes(found.data) == b"1"


async def the_log_can_be_cleared(store: Store) -> None:
    (job,) = await add(store, {})
    for row in ("a", "b", "c"):
        await store.jobs.add_log(QUEUE, job, row, None)
    await store.job_details.clear_logs(QUEUE, job, 2)
    assert await store.jobs.logs(QUEUE, job, 0, -1, True) == (["b", "c"], 2)
    await store.job_details.clear_logs(QUEUE, job, 0)
    assert await store.jobs.logs(QUEUE, job, 0, -1, True) == ([], 0)


async def what_is_no_job_has_none_of_it(store: Store) -> None:
    (job,) = await add(store, {})
    assert await store.job_details.exists(QUEUE, job)
    for name in ("99", "wait", "meta", ""):
        assert not await store.job_details.exists(QUEUE, name)
        for asked in _all_questions(store, name):
            try:
                await asked
            except JobNotFound:
                continue
            raise AssertionError(f"{name!r} is no job")


def _all_questions(store: Store, job: str) -> list[Awaitable[Any]]:
    details = store.job_details
    return [
        details.state(QUEUE, job),
        details.result(QUEUE, job),
        details.set_data(QUEUE, job, b"1"),
        details.clear_logs(QUEUE, job, 0),
        store.deduplication.release(QUEUE, job),
        store.children.values(QUEUE, job),
        store.children.ignored_failures(QUEUE, job),
        store.children.counts(QUEUE, job, ["processed"]),
        store.children.page(QUEUE, job, ["processed"], None, 10),
    ]
