"""B18-B24, B26: repeats, deletion, events, and stopping."""

import asyncio
import re
from typing import Any

import pytest

from corral import Context, JobDefinition, Orchestrator, Worker
from corral.library.events import Event
from corral.model.errors import InvalidInput, StoreUnavailable
from corral.testing.library import FakeClock, wait_until_idle
from corral.testing.waiting import until
from corral.wiring import opening
from tests.acceptance.library.conftest import NewContext
from tests.acceptance.library.kit import DEADLINE, Desk, Events, Recorder

SCHEDULE = "ORCHESTRATOR_JOB_SCHEDULE"


async def nothing(payload: None) -> None: ...


async def test_b18_a_repeat_runs_at_once_and_then_by_its_period(new_context: NewContext) -> None:
    clock, seen = FakeClock(), Recorder()
    context = new_context(clock=clock)
    events = Events(context)

    async def work(payload: None) -> None:
        await seen.work(payload, None)  # type: ignore[arg-type]

    await JobDefinition(name="TICK", context=context, work_function=work, repeat_secs=60).register()
    async with Orchestrator(context), Worker(context):
        assert await seen.reach(1) == [None]
        clock.advance(59.9)
        clock.advance(0.1)
        await seen.reach(2)
        clock.advance(60 * 7 + 5)  # seven were missed: they are one
        await seen.reach(3)
        clock.advance(55)
        await seen.reach(4)
        await wait_until_idle(context)
    assert len(seen.payloads) == 4
    assert len(events.of(SCHEDULE)) == 4
    told = [one for one in events.types if not one.startswith("WORKER")]  # a worker may be quicker than the word of it
    assert told[:2] == [SCHEDULE, "JOB_DEFINITION_JOB_ENQUEUE"]


async def test_b18_a_period_may_be_shorter_than_the_time_between_two_polls(context: Context, events: Events) -> None:
    await JobDefinition(name="TICK", context=context, work_function=nothing, repeat_secs=0.02).register()
    async with Orchestrator(context, job_schedule_poll_secs=3600):
        await events.reach(SCHEDULE, 3)


async def test_b19_many_orchestrators_fire_once(new_context: NewContext) -> None:
    clock, all_events, seen = FakeClock(), [], Recorder()
    contexts = [new_context(clock=clock) for _ in range(4)]

    async def work(payload: None) -> None:
        await seen.work(payload, None)  # type: ignore[arg-type]

    for context in contexts:
        all_events.append(Events(context))
        await JobDefinition(name="TICK", context=context, work_function=work, repeat_secs=1).register()
    orchestrators = [Orchestrator(context) for context in contexts]
    async with Worker(contexts[0], concurrency=10):
        for turn in range(1, 20):
            await seen.reach(turn)
            clock.advance(1)
        await seen.reach(20)
        await until(lambda: sum(len(events.of(SCHEDULE)) for events in all_events) == 20, DEADLINE)
        await wait_until_idle(contexts[0])
    for orchestrator in orchestrators:
        await orchestrator.stop()
    assert len(seen.payloads) == 20


async def test_b20_another_period_counts_from_the_last_run(new_context: NewContext) -> None:
    clock = FakeClock()

    async def register(**repeat: Any) -> tuple[Context, Events]:
        context = new_context(clock=clock)
        events = Events(context)
        await JobDefinition(name="TICK", context=context, work_function=nothing, **repeat).register()
        await JobDefinition(name="TOCK", context=context, work_function=nothing, repeat_secs=1000).register()
        return context, events

    first, events = await register(repeat_secs=1000)
    async with Orchestrator(first):
        await events.reach(SCHEDULE, 2)
    assert {event.job_name for event in events.of(SCHEDULE)} == {"TICK", "TOCK"}
    second, events = await register(repeat_secs=10)
    async with Orchestrator(second):
        clock.advance(10)
        (event,) = await events.reach(SCHEDULE)
    assert event.job_name == "TICK"
    third, events = await register()
    async with Orchestrator(third):
        clock.advance(990)
        (event,) = await events.reach(SCHEDULE)
    assert event.job_name == "TOCK"


async def test_b20_a_cron_pattern_fires_when_it_says(new_context: NewContext) -> None:
    clock = FakeClock(1_700_000_040_000)  # 22:14:00 UTC
    context = new_context(clock=clock)
    events = Events(context)
    await JobDefinition(name="TICK", context=context, work_function=nothing, cron="*/15 * * * *").register()
    async with Orchestrator(context):
        clock.advance(59)
        assert events.of(SCHEDULE) == []
        clock.advance(1)
        await events.reach(SCHEDULE)
    with pytest.raises(InvalidInput):
        await JobDefinition(name="BAD", context=context, work_function=nothing, cron="nonsense").register()
    assert "BAD" not in context.registered


async def test_b21_jobs_are_deleted_after_their_time(new_context: NewContext) -> None:
    clock, recorder = FakeClock(), Recorder(fail=lambda payload: payload == "bad")
    context = new_context(clock=clock, job_post_finalize_delete_secs=3600)
    events = Events(context)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    async with Worker(context, concurrency=3):
        ids = [await ping.enqueue("good"), await ping.enqueue("bad"), await ping.enqueue("far", channel="far")]
        own = await ping.enqueue("grouped", job_group="mine")
        await recorder.reach(4)
        await wait_until_idle(context)
    store = await context.store()
    async with Orchestrator(context, job_delete_poll_secs=0.02):
        clock.advance(3599)
        await wait_until_idle(context)
        assert await store.jobs.get("PING", ids[0]) is not None
        clock.advance(1)
        deleted = await events.reach("ORCHESTRATOR_JOB_DELETE", 4)
        groups = await events.reach("ORCHESTRATOR_JOB_GROUP_DELETE", 4)
    assert {(event.queue, event.job_id) for event in deleted} == {
        ("PING", ids[0]),
        ("PING", ids[1]),
        ("PING@far", ids[2]),
        ("PING", own),
    }
    assert "mine" in {event.job_group for event in groups}
    told = {one.job_group for one in recorder.metadata}
    assert {event.job_group for event in groups} == told
    assert await store.jobs.get("PING", ids[0]) is None


async def test_b22_all_events_come_with_their_fields(new_context: NewContext) -> None:
    clock, recorder = FakeClock(), Recorder(fail=lambda payload: payload == "bad")
    context = new_context(clock=clock, job_post_finalize_delete_secs=10)
    events = Events(context)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    good, bad = await ping.enqueue("good"), await ping.enqueue("bad")
    async with Worker(context) as worker:
        await events.reach("WORKER_JOB_EXPIRE")
    await JobDefinition(name="TICK", context=context, work_function=nothing, repeat_secs=60).register()
    async with Orchestrator(context, job_delete_poll_secs=0.02):
        clock.advance(10)
        await events.reach("ORCHESTRATOR_JOB_GROUP_DELETE", 2)
        await events.reach(SCHEDULE)
    run = ["WORKER_JOB_DEQUEUE", "WORKER_JOB_RUN"]
    assert _types(events, good) == [
        "JOB_DEFINITION_JOB_ENQUEUE", *run, "WORKER_JOB_RUN_SUCCESS", "ORCHESTRATOR_JOB_DELETE",
    ]  # fmt: skip
    assert _types(events, bad) == [
        "JOB_DEFINITION_JOB_ENQUEUE", *run, "WORKER_JOB_RUN_ERROR", "WORKER_JOB_EXPIRE", "ORCHESTRATOR_JOB_DELETE",
    ]  # fmt: skip
    (error,) = events.of("WORKER_JOB_RUN_ERROR")
    assert isinstance(error.error, ValueError)
    assert error.duration >= 0
    assert {getattr(event, "worker_id", worker.id) for event in events.all} == {worker.id}
    assert {event.job_name for event in events.of(SCHEDULE)} == {"TICK"}


async def test_b23_a_handler_that_fails_stops_nothing(context: Context, caplog: pytest.LogCaptureFixture) -> None:
    heard: list[Event] = []

    def broken(event: Event) -> None:
        raise RuntimeError("broken handler")

    async def broken_too(event: Event) -> None:
        raise RuntimeError("broken async handler")

    async def late(event: Event) -> None:
        heard.append(event)

    for handler in (broken, broken_too, late):
        context.add_event_handler(handler)
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.register()
    async with Worker(context):
        assert await ping.wait(await ping.enqueue(1), seconds=DEADLINE) == "did 1"
        await until(lambda: len(heard) == 4, DEADLINE)
    assert re.search("Unexpected error in the event handler .*: broken handler", caplog.text)
    assert "broken async handler" in caplog.text


async def test_b24_stop_lets_running_jobs_end(context: Context) -> None:
    desk = Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work)
    await ping.register()
    worker = Worker(context, concurrency=1)
    first, second = await ping.enqueue(1), await ping.enqueue(2)
    _, ending = await desk.take()
    stopping = asyncio.create_task(worker.stop())
    await until(lambda: worker.stopping.is_set(), DEADLINE)
    assert not stopping.done()
    ending.set_result("late")
    await stopping
    assert await ping.wait(first, seconds=0) == "late"
    store = await context.store()
    assert await store.job_details.state("PING", second) == "waiting"
    assert await ping.enqueue(3)  # the context goes on


async def test_b24_a_stop_may_have_a_limit(context: Context) -> None:
    desk = Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work)
    await ping.register()
    worker = Worker(context)
    job_id = await ping.enqueue(1)
    await desk.take()
    await worker.stop(0)
    assert await (await context.store()).job_details.state("PING", job_id) == "active"


async def test_b24_a_context_that_closes_stops_its_daemons(new_context: NewContext) -> None:
    context = new_context()
    await context.store()
    worker, orchestrator = Worker(context), Orchestrator(context)
    await context.close()
    assert worker.stopping.is_set()
    assert orchestrator.stopping.is_set()


async def test_b26_poll_settings_count(new_context: NewContext) -> None:
    here, there = new_context(), new_context()
    events = Events(here)
    await JobDefinition(name="TICK", context=here, work_function=nothing, repeat_secs=3600).register()
    async with Orchestrator(here, job_schedule_poll_secs=0.02):
        await events.reach(SCHEDULE)
        await JobDefinition(name="TICK", context=there, work_function=nothing, repeat_secs=0.05).register()
        await events.reach(SCHEDULE, 3)


async def test_an_engine_that_is_not_there_is_told_of(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InvalidInput, match="redis://"):
        await Context(dsn="mysql://localhost").store()
    monkeypatch.setattr(opening, "READY_SECONDS", 0.1)
    with pytest.raises(StoreUnavailable):
        await Context(dsn="redis://127.0.0.1:1").store()


def _types(events: Events, job_id: str) -> list[str]:
    return [event.event_type for event in events.all if getattr(event, "job_id", None) == job_id]
