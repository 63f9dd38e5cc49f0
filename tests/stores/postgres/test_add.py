"""Adds that share a statement stay separate in what becomes of them."""

import asyncio
from collections.abc import Callable

import pytest

from corral.model.errors import InvalidInput, JobNotFound
from corral.model.job import JobOptions, NewJob
from corral.stores.postgres.gather import Gather
from corral.stores.postgres.store import PostgresStore
from tests.stores.postgres.conftest import Connect

NOW = 1_795_000_000_000
QUEUE = "adds"


def new(data: bytes = b"1", **opts: object) -> NewJob:
    options: JobOptions = {"attempts": 0, **opts}
    return NewJob("job", data, options)


async def test_what_postgres_cannot_hold_fails_its_own_caller(store: PostgresStore) -> None:
    bad = [b'"a\\u0000"', b"1e400000", b'{"a":' * 9000 + b"1" + b"}" * 9000]
    asked = [store.jobs.add(QUEUE, [new(data), new()], NOW) for data in (b"1", bad[0], b"2", bad[1], bad[2], b"3")]
    answers = await asyncio.gather(*asked, return_exceptions=True)
    refused = [isinstance(answer, InvalidInput) for answer in answers]
    assert refused == [False, True, False, True, refused[4], False]
    stored = sum(len(answer) for answer in answers if isinstance(answer, list))
    assert await store.queues.counts(QUEUE, ["waiting"]) == {"waiting": stored}


async def test_a_missing_parent_undoes_all_of_its_call(store: PostgresStore) -> None:
    orphan = new(parent={"id": "nobody", "queue": f"bull:{QUEUE}"})
    with pytest.raises(JobNotFound):
        await store.jobs.add(QUEUE, [new(), orphan, new(jobId="mine")], NOW)
    assert await store.queues.counts(QUEUE, ["waiting"]) == {"waiting": 0}
    assert await store.jobs.get(QUEUE, "mine") is None


async def test_a_repetition_among_others_keeps_their_order(store: PostgresStore) -> None:
    ids = await store.jobs.add(QUEUE, [new(), new(repeat={"every": 10**9}), new(deduplication={"id": "d"})], NOW)
    assert (len(ids), ids[1][:7]) == (3, "repeat:")
    assert all([await store.jobs.get(QUEUE, job_id) for job_id in ids])


async def test_crossing_batches_of_known_ids_do_not_lock_each_other_out(store: PostgresStore) -> None:
    names = [f"id{i}" for i in range(50)]
    asked = [
        store.jobs.add(
            f"{QUEUE}{turn % 2}", [new(jobId=name) for name in (names if turn % 4 < 2 else names[::-1])], NOW
        )
        for turn in range(20)
    ]
    async with asyncio.timeout(30):
        answers = await asyncio.gather(*asked)
    assert all(sorted(answer) == sorted(names) for answer in answers)
    assert await store.queues.counts(f"{QUEUE}0", ["waiting"]) == {"waiting": 50}


async def test_large_adds_do_not_wait_for_each_other(store: PostgresStore, connect: Connect) -> None:
    session, onlooker = await connect(), await connect()
    await store.jobs.add(QUEUE, [new()], NOW)  # the first of all makes the sequence of ids
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'bullmq.job'::regclass"
    async with asyncio.timeout(30), asyncio.TaskGroup() as adds, session.transaction():
        await session.execute("LOCK TABLE bullmq.job IN SHARE MODE")
        for _ in range(3):
            adds.create_task(store.jobs.add(QUEUE, [new()] * 1000, NOW))
        while await onlooker.fetchval(waiting) < 3:
            continue
    assert await store.queues.counts(QUEUE, ["waiting"]) == {"waiting": 3001}


async def test_attempts_beyond_the_column_are_kept_in_the_options(store: PostgresStore) -> None:
    (job_id,) = await store.jobs.add(QUEUE, [new(attempts=2**53 - 1)], NOW)
    job = await store.jobs.get(QUEUE, job_id)
    assert job is not None
    assert job.opts["attempts"] == 2**53 - 1


async def test_what_is_asked_during_a_statement_goes_with_the_next() -> None:
    sent: list[list[int]] = []
    doors = [asyncio.Event() for _ in range(9)]

    async def send(items: object) -> list[int | Exception]:
        batch = list(items)  # type: ignore[call-overload]
        sent.append(batch)
        await doors[len(sent) - 1].wait()
        return [ValueError(str(item)) if item % 10 == 0 else -item for item in batch]

    gather: Gather[int, int] = Gather(send)
    first = [gather.ask(item) for item in (1, 2)]
    await _turns(lambda: len(sent) == 1)
    late = [gather.ask(item) for item in (3, 10, 5)]
    late[2].cancel()
    doors[0].set()
    await _turns(lambda: len(sent) == 2)
    assert await asyncio.gather(*first) == [-1, -2]
    doors[1].set()
    assert await late[0] == -3
    with pytest.raises(ValueError, match="10"):
        await late[1]
    assert sent == [[1, 2], [3, 10, 5]]
    await _turns(lambda: gather.is_idle)


async def _turns(condition: Callable[[], bool]) -> None:
    """Let the loop go round until it is so."""
    async with asyncio.timeout(30):
        while not condition():
            await asyncio.get_running_loop().run_in_executor(None, int)
