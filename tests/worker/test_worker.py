"""What a worker does when nothing goes wrong, and how it stops."""

import asyncio

import pytest

from corral.lifecycle import intake
from corral.model.outcome import Failed
from corral.stores.redis.store import RedisStore
from corral.testing.fault_proxy import FaultProxy
from tests.worker.conftest import OpenStore, StartWorker
from tests.worker.kit import DONE, Desk, Told, add, counts, new_worker, reach


async def test_runs_every_job_once_and_never_more_than_its_concurrency(
    store: RedisStore, queue: str, start_worker: StartWorker
) -> None:
    desk = Desk(hold=False)
    ids = await add(store, queue, 500)
    start_worker(store, queue, desk, concurrency=20)
    await reach(store, queue, completed=500)
    assert sorted(desk.seen) == sorted(ids)
    assert desk.most_at_once == 20


async def test_takes_new_jobs_while_others_run(store: RedisStore, queue: str, start_worker: StartWorker) -> None:
    desk = Desk()
    start_worker(store, queue, desk, concurrency=2)
    [first] = await add(store, queue)
    slow, _ = await desk.take()
    [second] = await add(store, queue)
    fast, end = await desk.take()
    assert [slow.job.id, fast.job.id] == [first, second]
    end.set_result(DONE)
    await reach(store, queue, active=1, completed=1)


async def test_a_queue_with_a_concurrency_of_its_own_does_not_wait_for_the_next_look(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_WHILE_MAXED", 300.0)
    await store.connection.send("HSET", f"bull:{queue}:meta", "concurrency", 2)
    desk = Desk(hold=False)
    await add(store, queue, 30)
    start_worker(store, queue, desk, concurrency=10)
    await reach(store, queue, completed=30)
    assert desk.most_at_once == 2


async def test_failures_too_make_room_in_a_queue_with_a_concurrency_of_its_own(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_WHILE_MAXED", 300.0)
    await store.connection.send("HSET", f"bull:{queue}:meta", "concurrency", 1)
    await add(store, queue, 20)

    async def fail(claimed: object) -> Failed:
        return Failed("no")

    start_worker(store, queue, fail, concurrency=10)
    await reach(store, queue, failed=20)


async def test_a_rate_limit_holds_back_and_lets_go(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LONGEST", 300.0)
    desk = Desk(hold=False)
    await add(store, queue, 12)
    now = asyncio.get_running_loop().time
    begun = now()
    start_worker(store, queue, desk, concurrency=12, limiter=(3, 100))
    await reach(store, queue, completed=12)
    assert now() - begun >= 0.3


async def test_a_paused_queue_rests_and_goes_on_at_once(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LONGEST", 300.0)
    desk = Desk(hold=False)
    start_worker(store, queue, desk)
    await store.queues.pause(queue)
    await add(store, queue)
    assert await counts(store, queue) == {"waiting": 1}
    await store.queues.resume(queue)
    await reach(store, queue, completed=1)


async def test_a_delayed_job_starts_when_it_is_due(
    store: RedisStore, queue: str, start_worker: StartWorker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake, "_LONGEST", 300.0)
    desk = Desk(hold=False)
    start_worker(store, queue, desk)
    now = asyncio.get_running_loop().time
    begun = now()
    await add(store, queue, delay=60_000)
    await add(store, queue, delay=200)
    await reach(store, queue, completed=1, delayed=1)
    assert now() - begun >= 0.19


async def test_stop_waits_for_the_running_jobs_and_starts_no_other(
    store: RedisStore, queue: str, start_worker: StartWorker
) -> None:
    desk = Desk()
    await add(store, queue, 3)
    worker = start_worker(store, queue, desk, concurrency=2)
    ending = [(await desk.take())[1] for _ in range(2)]
    stopping = asyncio.create_task(worker.stop(5))
    for end in ending:
        end.set_result(DONE)
    await asyncio.wait_for(stopping, 20)
    assert await counts(store, queue) == {"waiting": 1, "completed": 2}
    assert worker.busy == 0


async def test_stop_leaves_a_job_that_does_not_end_to_be_rescued(
    store: RedisStore, queue: str, start_worker: StartWorker, told: Told
) -> None:
    desk = Desk()
    [job] = await add(store, queue)
    worker = start_worker(store, queue, desk, stalled_ms=100)
    await desk.take()
    tasks = asyncio.all_tasks()
    await asyncio.wait_for(worker.stop(0.05), 30)
    assert asyncio.all_tasks() < tasks
    assert await store.connection.send("DEL", f"bull:{queue}:{job}:lock") == 1  # as if its time were over
    again = Desk(hold=False)
    start_worker(store, queue, again, stalled_ms=100)
    await reach(store, queue, completed=1)
    assert again.seen == [job]
    assert told.of("stalled") == [("stalled", queue, job)]


async def test_jobs_that_arrive_after_stop_go_back_unharmed(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str, start_worker: StartWorker
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    await add(store, queue, 3)
    proxy.keep_answers()
    desk = Desk()
    worker = start_worker(far, queue, desk, concurrency=3)
    await reach(store, queue, active=3)  # the claim is done, and its answer on the way
    stopping = asyncio.create_task(worker.stop(30))
    await store.ping()  # by now it stops
    proxy.thaw()
    await stopping
    assert desk.seen == []
    assert await counts(store, queue) == {"waiting": 3}
    start_worker(store, queue, Desk(hold=False))
    await reach(store, queue, completed=3)
    job = await store.jobs.get(queue, "1")
    assert job is not None
    assert (job.attempts_made, job.stalled_counter) == (1, 0)


async def test_a_worker_that_never_started_stops(store: RedisStore, queue: str, told: Told) -> None:
    await new_worker(store, queue, Desk(), told).stop(1)


async def test_many_workers_share_a_queue(store: RedisStore, queue: str, start_worker: StartWorker) -> None:
    desk = Desk(hold=False)
    for _ in range(5):
        start_worker(store, queue, desk, concurrency=3)
    ids = await add(store, queue, 300)
    await reach(store, queue, completed=300)
    assert sorted(desk.seen) == sorted(ids)
