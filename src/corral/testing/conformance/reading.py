"""get, in_states, lock_token, progress and logs: looking at jobs, and what a running job writes about itself."""

from collections.abc import Awaitable
from time import time
from typing import Any

from corral.model.errors import InvalidInput, JobNotFound
from corral.model.job import NewJob
from corral.store.store import Store
from corral.testing.conformance.given import NOW, QUEUE, add, claim, complete, ids, value

STATES = ("waiting", "prioritized", "delayed", "active", "completed", "failed", "waiting-children")


async def a_job_is_shown_whole(store: Store) -> None:
    data = b'{"text":"\xc3\xa4 \\u0001","list":[1,2.5,true,null]}'
    opts = {"attempts": 4, "jobId": "j", "priority": 3, "backoff": {"type": "fixed", "delay": 5}, "keepLogs": 2}
    await store.jobs.add(QUEUE, [NewJob("named", data, opts)], NOW)
    job = await store.jobs.get(QUEUE, "j")
    assert job is not None
    assert (job.id, job.name, value(job.data), job.opts) == ("j", "named", value(data), opts)
    assert (job.timestamp, job.priority, job.attempts_made, job.attempts_started) == (NOW, 3, 0, 0)
    assert (value(job.progress), value(job.returnvalue), job.stacktrace) == (0, None, [])
    assert job.queue_qualified_name == f"{store.prefix}:{QUEUE}"
    for name in ("none", "meta", ""):
        assert await store.jobs.get(QUEUE, name) is None


async def a_state_is_read_from_either_end(store: Store) -> None:
    await add(store, *[{} for _ in range(4)])
    windows = {
        (0, -1): "1234",
        (0, 0): "1",
        (1, 2): "23",
        (3, 9): "4",
        (4, 9): "",
        (2, 1): "",
        (-2, -1): "34",
        (0, -2): "123",
    }
    for (start, end), expected in windows.items():
        for asc in (True, False):
            found = await store.jobs.in_states(QUEUE, ["waiting"], start, end, asc)
            whole = "1234" if asc else "4321"
            assert [job.id for job in found] == [whole[int(id) - 1] for id in expected], (start, end, asc)


async def states_come_one_after_the_other(store: Store) -> None:
    await add(store, {}, {"priority": 2}, {"priority": 1}, {"delay": 9}, {"delay": 5})
    found = await store.jobs.in_states(QUEUE, ["delayed", "waiting", "prioritized", "completed"], 0, -1, True)
    assert [job.id for job in found] == ["5", "4", "1", "3", "2"]
    first = await store.jobs.in_states(QUEUE, ["delayed", "prioritized"], 0, 0, False)
    assert [job.id for job in first] == ["4", "2"]
    assert await store.jobs.in_states(QUEUE, [], 0, -1, True) == []


async def what_ended_is_listed_by_its_end(store: Store) -> None:
    await add(store, {}, {}, {})
    held = await claim(store, 3)
    for after, one in enumerate((held[1], held[2], held[0])):
        await complete(store, [one], now=NOW + after)
    assert await ids(store, "completed") == ["2", "3", "1"]


async def a_lock_is_held_until_its_time_is_over(store: Store) -> None:
    (job,) = await add(store, {})
    assert await store.jobs.lock_token(QUEUE, job) is None
    (held,) = await claim(store, 1, now=int(time() * 1000))
    assert await store.jobs.lock_token(QUEUE, job) == held.token
    await complete(store, [held])
    assert await store.jobs.lock_token(QUEUE, job) is None
    assert await store.jobs.lock_token(QUEUE, "none") is None


async def progress_is_any_value(store: Store) -> None:
    (job,) = await add(store, {})
    for progress in (b"50", b'{"done":[1,"\xc3\xa4"]}', b'"half"', b"null", b"0.5"):
        await store.jobs.set_progress(QUEUE, job, progress)
        found = await store.jobs.get(QUEUE, job)
        assert found is not None
        assert value(found.progress) == value(progress)


async def a_log_keeps_its_last_rows(store: Store) -> None:
    (job,) = await add(store, {})
    counts = [await store.jobs.add_log(QUEUE, job, row, 3) for row in ("a", "b", "c", "d", "\u00e4\n")]
    assert counts == [1, 2, 3, 3, 3]
    assert await store.jobs.add_log(QUEUE, job, "f", None) == 4
    rows = ["c", "d", "\u00e4\n", "f"]
    assert await store.jobs.logs(QUEUE, job, 0, -1, True) == (rows, 4)
    assert await store.jobs.logs(QUEUE, job, 0, -1, False) == (rows[::-1], 4)
    assert await store.jobs.logs(QUEUE, job, 1, 2, True) == (rows[1:3], 4)
    assert await store.jobs.logs(QUEUE, job, 0, 1, False) == (["f", "\u00e4\n"], 4)
    assert await store.jobs.logs(QUEUE, job, 9, 12, True) == ([], 4)
    assert await store.jobs.logs(QUEUE, "none", 0, -1, True) == ([], 0)


async def what_is_no_job_has_no_progress_and_no_log(store: Store) -> None:
    questions: list[Awaitable[Any]] = [
        store.jobs.set_progress(QUEUE, "none", b"1"),
        store.jobs.add_log(QUEUE, "none", "row", None),
    ]
    for question in questions:
        try:
            await question
        except JobNotFound:
            continue
        raise AssertionError("it is no job")
    assert await store.jobs.logs(QUEUE, "none", 0, -1, True) == ([], 0)


async def what_cannot_be_stored_changes_nothing(store: Store) -> None:
    """An engine may refuse a value, but then nothing of it is kept."""
    (job,) = await add(store, {})
    for odd in (b'{"nul":"\\u0000"}', b'"\\ud800"', b"1e400"):
        for change in (store.jobs.set_progress, store.job_details.set_data):
            try:
                await change(QUEUE, job, odd)
            except InvalidInput:
                found = await store.jobs.get(QUEUE, job)
                assert found is not None
                assert (value(found.data), value(found.progress)) == ({"n": 0}, 0)
