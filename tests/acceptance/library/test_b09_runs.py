"""B09-B12, B25: delays, attempts, channels, and what a run can do to its job."""

import asyncio
import threading
import time

import msgspec
import pytest

from corral import Context, JobDefinition, Metadata, Worker
from corral.library.cancelling import Notes, sweep
from corral.model.errors import InvalidInput, JobFailed, JobNotFound
from corral.model.outcome import Completed
from corral.store.jobs import ClaimRequest, Finished
from corral.testing.library import FakeClock
from corral.testing.waiting import until
from tests.acceptance.library.conftest import NewContext
from tests.acceptance.library.kit import DEADLINE, Desk, Events, Recorder


async def test_b09_a_delay_is_a_default_or_for_one_job(new_context: NewContext) -> None:
    clock = FakeClock()
    context, recorder = new_context(clock=clock), Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work, delay_secs=5)
    await ping.register()
    async with Worker(context, concurrency=10):
        await ping.enqueue("five")
        await ping.enqueue("thirty", delay_secs=30)
        await ping.enqueue("none", delay_secs=0)
        assert await recorder.reach(1) == ["none"]
        clock.advance(5)
        assert await recorder.reach(2) == ["none", "five"]
        clock.advance(24.9)
        clock.advance(0.1)
        assert await recorder.reach(3) == ["none", "five", "thirty"]


async def test_b10_after_its_attempts_a_job_expires(context: Context, events: Events) -> None:
    recorder = Recorder(fail=lambda payload: True)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work, num_attempts=3, timeout_secs=0)
    await ping.register()
    job_id = await ping.enqueue(1)  # a worker may be quicker than the word of it
    async with Worker(context):
        with pytest.raises(JobFailed, match="no 1"):
            await ping.wait(job_id, seconds=DEADLINE)
        await events.reach("WORKER_JOB_EXPIRE")
    run = ["WORKER_JOB_DEQUEUE", "WORKER_JOB_RUN", "WORKER_JOB_RUN_ERROR"]
    assert events.types == ["JOB_DEFINITION_JOB_ENQUEUE", *run, *run, *run, "WORKER_JOB_EXPIRE"]
    assert [one.attempt for one in recorder.metadata] == [1, 2, 3]


async def test_b10_without_attempts_a_job_expires_unrun(context: Context, events: Events) -> None:
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    await ping.enqueue(1, num_attempts=0)
    async with Worker(context):
        await events.reach("WORKER_JOB_EXPIRE")
    assert events.types == ["JOB_DEFINITION_JOB_ENQUEUE", "WORKER_JOB_DEQUEUE", "WORKER_JOB_EXPIRE"]
    assert recorder.payloads == []


async def test_b11_timeout_secs_is_the_wait_before_a_retry(new_context: NewContext) -> None:
    clock = FakeClock()
    context, recorder = new_context(clock=clock), Recorder(fail=lambda payload: True)
    events = Events(context)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work, num_attempts=2)
    await ping.register()
    async with Worker(context):
        job_id = await ping.enqueue(1)
        await recorder.reach(1)
        store = await context.store()
        await until(lambda: _state(context, job_id, "delayed"), DEADLINE)
        clock.advance(299)
        assert await store.job_details.state("PING", job_id) == "delayed"
        clock.advance(1)
        await events.reach("WORKER_JOB_EXPIRE")
    assert recorder.payloads == [1, 1]


async def test_b11_a_wait_of_0_gives_no_job_to_two_workers(context: Context) -> None:
    desk = Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work, num_attempts=5, timeout_secs=0)
    await ping.register()
    async with Worker(context, concurrency=4), Worker(context, concurrency=4):
        await ping.enqueue(1)
        for _ in range(5):
            _, ending = await desk.take()
            ending.set_exception(ValueError("again"))
    assert desk.most_at_once == 1


async def test_b12_workers_serve_the_channels_they_are_told(context: Context) -> None:
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    low = JobDefinition(name="LOW", context=context, work_function=recorder.work, channel="low")
    await ping.register()
    await low.register()
    await ping.enqueue("no channel")
    await low.enqueue("low by default")
    await low.enqueue("high", channel="high")
    await ping.enqueue("high too", channel="high")
    async with Worker(context, channels=[]), Worker(context, channels=["high"]):
        assert sorted(await recorder.reach(2)) == ["high", "high too"]
    async with Worker(context, channels=["low", "none"]):
        assert (await recorder.reach(3))[2:] == ["low by default"]
    async with Worker(context) as everything:
        assert (await recorder.reach(4))[3:] == ["no channel"]
        await low.enqueue("new", channel="new")
        assert (await recorder.reach(5))[4:] == ["new"]
        assert everything.queues == ["PING", "LOW", "LOW@low", "LOW@high", "PING@high", "LOW@new"] or sorted(
            everything.queues
        ) == sorted(["PING", "LOW", "LOW@low", "LOW@high", "PING@high", "LOW@new"])


async def test_b12_a_channel_of_another_process_is_found_within_a_poll(new_context: NewContext) -> None:
    here, there, recorder = new_context(), new_context(), Recorder()
    ping = JobDefinition(name="PING", context=here, work_function=recorder.work)
    await ping.register()
    async with Worker(here, poll_secs=0.02):
        await JobDefinition(name="PING", context=there, work_function=recorder.work).enqueue(1, channel="far")
        assert await recorder.reach(1) == [1]


async def test_b25_mark_as_failed_ends_a_job_whatever_attempts_are_left(context: Context, events: Events) -> None:
    async def work(payload: str, metadata: Metadata) -> None:
        metadata.mark_as_failed(payload)

    ping = JobDefinition(name="PING", context=context, work_function=work, num_attempts=5, timeout_secs=0)
    await ping.register()
    async with Worker(context):
        with pytest.raises(JobFailed, match="hopeless"):
            await ping.wait(await ping.enqueue("hopeless"), seconds=DEADLINE)
        await events.reach("WORKER_JOB_EXPIRE")
    assert len(events.of("WORKER_JOB_RUN")) == 1


async def test_b25_progress_and_log_are_stored(context: Context) -> None:
    async def work(payload: None, metadata: Metadata) -> None:
        await metadata.progress({"half": True})
        await metadata.log("one")
        metadata.log("two")  # not awaited: stored before the job ends all the same

    def in_a_thread(payload: None, metadata: Metadata) -> str:
        metadata.progress(50)
        metadata.log("from a thread")
        return threading.current_thread().name

    first = JobDefinition(name="FIRST", context=context, work_function=work)
    second = JobDefinition(name="SECOND", context=context, work_function=in_a_thread)
    await context.register_all()
    store = await context.store()
    async with Worker(context):
        one, two = await first.enqueue(None), await second.enqueue(None)
        await first.wait(one, seconds=DEADLINE)
        assert (await second.wait(two, seconds=DEADLINE)).startswith("corral")
    assert await store.jobs.logs("FIRST", one, 0, -1, True) == (["one", "two"], 2)
    assert await store.jobs.logs("SECOND", two, 0, -1, True) == (["from a thread"], 1)
    found = await store.jobs.get("FIRST", one)
    assert found is not None
    assert msgspec.json.decode(found.progress) == {"half": True}


async def test_an_execution_timeout_ends_the_run(context: Context) -> None:
    async def hang(payload: float, metadata: Metadata) -> str:
        if payload:
            await metadata.extend(payload)
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.2)
        return "slow"

    ping = JobDefinition(name="PING", context=context, work_function=hang, execution_timeout_secs=0.05)
    await ping.register()
    async with Worker(context, concurrency=2):
        with pytest.raises(JobFailed, match="execution time-out"):
            await ping.wait(await ping.enqueue(0.0), seconds=DEADLINE)
        assert await ping.wait(await ping.enqueue(5.0), seconds=DEADLINE) == "slow"


async def test_a_running_job_is_cancelled_from_another_process(new_context: NewContext) -> None:
    here, there, desk = new_context(), new_context(), Desk()
    events = Events(here)
    ping = JobDefinition(name="PING", context=here, work_function=desk.work, num_attempts=9)
    far = JobDefinition(name="PING", context=there, work_function=desk.work)
    await ping.register()
    async with Worker(here):
        job_id = await far.enqueue(1)
        metadata, _ = await desk.take()
        assert await far.cancel(job_id)
        with pytest.raises(JobFailed, match="cancelled"):
            await far.wait(job_id, seconds=DEADLINE)
        assert metadata.cancelled
        assert await far.cancel(job_id) is False
        await events.reach("WORKER_JOB_EXPIRE")
    assert len(events.of("WORKER_JOB_RUN_ERROR")) == 1


async def test_a_job_is_cancelled_also_where_it_begins_after_the_look(context: Context) -> None:
    """A worker that runs other jobs may look while one that is cancelled is still on its way to it."""
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    store = await context.store()
    job_id, notes = await ping.enqueue(1), Notes(store)
    await store.jobs.claim("PING", ClaimRequest(1, "worker", 0, lock_ms=60_000), context.clock())
    assert await ping.cancel(job_id)
    for _ in range(2):
        assert [(note.queue, note.job_id) for note in await notes.look()] == [("PING", job_id)]
    await notes.forget([("PING", job_id)])
    assert await notes.look() == []


async def test_a_job_that_ends_before_its_cancellation_is_seen_takes_it_along(context: Context) -> None:
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    store, now = await context.store(), context.clock()
    ids = [await ping.enqueue(1), await ping.enqueue(2)]
    claimed, _ = (await store.jobs.claim("PING", ClaimRequest(2, "worker", 0, lock_ms=60_000), now)).jobs
    assert [await ping.cancel(job_id) for job_id in ids] == [True, True]
    await store.jobs.finish("PING", [Finished(claimed, Completed(b"1"))], None, now)
    await sweep(store, now)
    assert [note.job_id for note in await Notes(store).look()] == ids[1:]


async def test_a_waiting_job_that_is_cancelled_is_gone(context: Context) -> None:
    ping = JobDefinition(name="PING", context=context, work_function=Recorder().work)
    job_id = await ping.enqueue(1, delay_secs=60)
    assert await ping.cancel(job_id)
    with pytest.raises(JobNotFound):
        await ping.cancel(job_id)


async def test_a_sync_function_in_a_thread_can_see_that_it_is_cancelled(context: Context) -> None:
    ended = threading.Event()

    def work(payload: None, metadata: Metadata) -> None:
        deadline = time.monotonic() + DEADLINE
        while not metadata.cancelled and time.monotonic() < deadline:
            ended.wait(0.001)
        ended.set()

    ping = JobDefinition(name="PING", context=context, work_function=work)
    await ping.register()
    async with Worker(context):
        job_id = await ping.enqueue(None)
        await until(lambda: _state(context, job_id, "active"), DEADLINE)
        await ping.cancel(job_id)
        with pytest.raises(JobFailed, match="cancelled"):
            await ping.wait(job_id, seconds=DEADLINE)
        assert await until(ended.is_set, DEADLINE)


def square(number: int) -> int:
    return number * number


async def test_a_function_may_run_in_a_process_of_its_own(context: Context) -> None:
    ping = JobDefinition(name="SQUARE", context=context, work_function=square, executor="process")
    await ping.register()
    async with Worker(context):
        assert await ping.wait(await ping.enqueue(12), seconds=30) == 144
    with pytest.raises(InvalidInput, match="process pool"):
        JobDefinition(name="ASYNC", context=context, work_function=Recorder().work, executor="process")


async def test_one_slot_serves_all_queues_in_turn(context: Context) -> None:
    recorder = Recorder()
    for name in ("ONE", "TWO", "THREE"):
        definition = JobDefinition(name=name, context=context, work_function=recorder.work)
        await definition.register()
        await definition.enqueue_many([f"{name}-{i}" for i in range(50)])
    async with Worker(context, concurrency=1):
        await recorder.reach(150)
    first = [payload.partition("-")[0] for payload in recorder.payloads[:60]]
    assert min(first.count(name) for name in ("ONE", "TWO", "THREE")) > 5, first


async def _state(context: Context, job_id: str, state: str) -> bool:
    return await (await context.store()).job_details.state("PING", job_id) == state
