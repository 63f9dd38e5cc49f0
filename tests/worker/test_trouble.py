"""What a worker does when the engine is away, refuses or loses an answer, and when a runner misbehaves."""

import asyncio

import pytest

from corral.lifecycle import intake, renew
from corral.model.errors import LockLost, StoreBusy
from corral.model.job import ClaimedJob
from corral.model.outcome import Failed, Outcome
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine
from corral.testing.fault_proxy import FaultProxy
from corral.testing.waiting import until
from tests.worker.conftest import OpenStore, StartWorker
from tests.worker.kit import DONE, Desk, Told, add, counts, reach

SHORT = {"lock_ms": 300, "stalled_ms": 100, "max_stalled": 100}


async def test_jobs_of_a_claim_whose_answer_was_lost_are_rescued(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, start_worker: StartWorker, told: Told
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    ids = await add(store, queue, 5)
    proxy.keep_answers()
    desk = Desk(hold=False)
    start_worker(far, queue, desk, concurrency=5, **SHORT)
    await reach(store, queue, active=5)
    proxy.drop()  # with the answer on the way
    proxy.thaw()
    assert desk.seen == []
    await reach(store, queue, completed=5)
    assert sorted(desk.seen) == ids
    assert sorted(told.of("stalled")) == [("stalled", queue, job) for job in ids]


async def test_an_answer_to_finish_that_was_lost_does_not_run_the_job_again(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, start_worker: StartWorker
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    desk = Desk()
    start_worker(far, queue, desk)
    await add(store, queue)
    _, end = await desk.take()
    proxy.keep_answers()
    end.set_result(DONE)
    await reach(store, queue, completed=1)
    proxy.drop()
    proxy.thaw()
    desk.hold = False
    await add(store, queue)
    await reach(store, queue, completed=2)
    assert len(desk.seen) == 2


async def test_an_outcome_found_while_the_engine_is_away_is_stored_when_it_is_back(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    store = await open_store(own_engine.url)
    await add(store, queue, 3)
    desk = Desk()
    worker = start_worker(store, queue, desk, concurrency=3)
    ends = [(await desk.take())[1] for _ in range(3)]
    own_engine.kill()
    ends[0].set_result(DONE)
    ends[1].set_result(Failed("no"))
    await until(lambda: not store.is_ready)
    ends[2].set_result(DONE)
    assert worker.busy == 3
    own_engine.restart()
    await reach(store, queue, completed=2, failed=1)
    assert len(desk.seen) == 3
    assert told.all == []


async def test_a_job_whose_lock_ran_out_while_the_engine_was_away_runs_once_more(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    store = await open_store(own_engine.url)
    [job] = await add(store, queue)
    desk = Desk()
    start_worker(store, queue, desk, **SHORT)
    claimed, end = await desk.take()
    own_engine.freeze()
    until_the_lock_is_out = asyncio.get_running_loop().time() + SHORT["lock_ms"] / 1000
    end.set_result(DONE)
    await until(lambda: asyncio.get_running_loop().time() > until_the_lock_is_out)
    own_engine.kill()
    own_engine.restart()
    desk.hold = False
    await reach(store, queue, completed=1)
    assert desk.seen == [job, job]
    [(_, _, lost, why)] = told.of("not_stored")
    assert lost == claimed.job.id
    assert isinstance(why, LockLost)
    assert told.of("lock_lost") == []


async def test_an_engine_out_of_memory_is_waited_for(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    store = await open_store(own_engine.url)
    await add(store, queue, 2)
    desk = Desk()
    start_worker(store, queue, desk)
    _, end = await desk.take()
    await store.connection.send("CONFIG", "SET", "maxmemory", "1mb")
    for opts in ({}, {"delay": 1}):
        with pytest.raises(StoreBusy, match="OOM"):
            await add(store, queue, 2, **opts)
    end.set_result(DONE)
    await until(lambda: told.of("refused"))
    await reach(store, queue, waiting=1, completed=1)  # ending a job frees memory, which an engine allows
    await store.connection.send("CONFIG", "SET", "maxmemory", "0")
    desk.hold = False
    await reach(store, queue, completed=2)
    assert len(desk.seen) == 2


async def test_outcomes_that_the_engine_refuses_for_now_are_kept(
    own_engine: RunningEngine, open_store: OpenStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    store = await open_store(own_engine.url)
    await add(store, queue, 3)
    desk = Desk()
    worker = start_worker(store, queue, desk, concurrency=2)
    ends = [(await desk.take())[1] for _ in range(2)]
    await store.connection.send("REPLICAOF", "127.0.0.1", "1")  # where nobody answers
    ends[0].set_result(DONE)
    ends[1].set_result(Failed("no"))
    await until(lambda: told.of("refused"))
    assert all(isinstance(why, StoreBusy) and "READONLY" in str(why) for _, _, why in told.of("refused"))
    assert await counts(store, queue) == {"waiting": 1, "active": 2}
    assert worker.busy == 2
    await store.connection.send("REPLICAOF", "NO", "ONE")
    desk.hold = False
    await reach(store, queue, completed=2, failed=1)
    assert len(desk.seen) == 3
    assert not told.of("not_stored")


async def test_an_outcome_that_cannot_be_sent_holds_up_neither_the_others_nor_the_next_job(
    store: RedisStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    ids = await add(store, queue, 4)
    desk = Desk()
    start_worker(store, queue, desk, concurrency=3, lock_ms=60_000)
    ends = [(await desk.take())[1] for _ in range(3)]
    ends[0].set_result(Failed("half a pair: \ud800"))
    ends[1].set_result(Failed("no"))
    ends[2].set_result(DONE)
    last, end = await desk.take()
    assert last.job.id == ids[3]
    end.set_result(DONE)
    await reach(store, queue, active=1, failed=1, completed=2)
    assert [lost for _, _, lost, _ in told.of("not_stored")] == [ids[0]]


async def test_a_waiter_that_the_engine_refuses_is_tried_again(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LONGEST", 300.0)
    await store.connection.send("SET", f"bull:{queue}:marker", "in the way")
    desk = Desk(hold=False)
    start_worker(store, queue, desk)
    await until(lambda: _complaints(store))
    await store.connection.send("DEL", f"bull:{queue}:marker")
    await add(store, queue)
    await reach(store, queue, completed=1)


async def _complaints(store: RedisStore) -> bool:
    """Whether the engine has answered somebody that a key is of the wrong type."""
    return b"errorstat_WRONGTYPE" in await store.connection.send("INFO", "errorstats")


async def test_a_cancelled_run_gives_its_place_and_its_job_free(
    store: RedisStore, queue: str, start_worker: StartWorker
) -> None:
    cancelled: list[str] = []

    async def call(claimed: ClaimedJob) -> Outcome:
        if not cancelled:
            cancelled.append(claimed.job.id)
            raise asyncio.CancelledError
        return DONE

    [job] = await add(store, queue)
    worker = start_worker(store, queue, call, **SHORT)
    await reach(store, queue, completed=1)
    assert cancelled == [job]
    await until(lambda: worker.busy == 0)


async def test_a_runner_that_raises_fails_its_job(store: RedisStore, queue: str, start_worker: StartWorker) -> None:
    async def call(claimed: ClaimedJob) -> Outcome:
        raise ValueError("of what use is this")

    [job] = await add(store, queue, attempts=2)
    start_worker(store, queue, call)
    await reach(store, queue, failed=1)
    failed = await store.jobs.get(queue, job)
    assert failed is not None
    assert (failed.failed_reason, failed.attempts_made) == ("of what use is this", 2)


async def test_a_long_job_keeps_its_lock(
    store: RedisStore, queue: str, start_worker: StartWorker, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(renew, "_PART", 0.002)
    desk = Desk()
    start_worker(store, queue, desk, lock_ms=60_000, stalled_ms=100)
    [job] = await add(store, queue)
    _, end = await desk.take()
    lock = f"bull:{queue}:{job}:lock"

    async def renewed() -> bool:
        left: int = await store.connection.send("PTTL", lock)
        return left > 30_000

    for _ in range(3):
        await store.connection.send("PEXPIRE", lock, 30_000)
        await until(renewed)
    end.set_result(DONE)
    await reach(store, queue, completed=1)
    assert desk.seen == [job]
    assert told.all == []


async def test_a_broken_connection_does_not_stop_the_work(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, start_worker: StartWorker
) -> None:
    """What the answer to a claim was lost of is rescued."""
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    desk = Desk(hold=False)
    start_worker(far, queue, desk, concurrency=5, lock_ms=500, stalled_ms=100, max_stalled=100)
    await add(store, queue)
    await reach(store, queue, completed=1)
    proxy.drop()
    await add(store, queue, 20)
    await reach(store, queue, completed=21)
