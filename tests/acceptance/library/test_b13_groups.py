"""B13-B17, X42, X43: job groups as the library has them."""

import asyncio
import os
import signal
import sys
from typing import Any

from corral import Context, JobDefinition, Worker
from corral.testing.library import FakeClock, wait_until_idle
from corral.testing.waiting import until
from tests.acceptance.library.conftest import NewContext
from tests.acceptance.library.kit import DEADLINE, Desk, Recorder

HOLDER = """
import asyncio, sys
from corral import Context, JobDefinition, Worker

async def hold(payload: int) -> None:
    print("held", flush=True)
    await asyncio.Event().wait()

async def main() -> None:
    context = Context(dsn=sys.argv[1], prefix=sys.argv[2], job_group_unlock_secs=0.5)
    await JobDefinition(name="PING", context=context, work_function=hold).register()
    await Worker(context).run()

asyncio.run(main())
"""


async def test_b13_jobs_of_a_group_run_one_at_a_time_and_in_order(new_context: NewContext) -> None:
    """Over the workers of two contexts, which share nothing but the engine."""
    running: set[str] = set()
    seen: dict[str, list[int]] = {}
    overlaps: list[str] = []

    async def work(payload: tuple[str, int]) -> None:
        group, number = payload
        if group in running:
            overlaps.append(group)
        running.add(group)
        await asyncio.wait([asyncio.get_running_loop().create_future()], timeout=0.002)
        seen.setdefault(group, []).append(number)
        running.discard(group)

    contexts = [new_context(), new_context()]
    definitions = [
        JobDefinition(name="PING", context=context, work_function=work, job_group_generator=lambda payload: payload[0])
        for context in contexts
    ]
    for definition in definitions:
        await definition.register()
    await definitions[0].enqueue_many([(f"group{i % 5}", i) for i in range(60)])
    async with Worker(contexts[0], concurrency=8), Worker(contexts[1], concurrency=8):
        await wait_until_idle(contexts[0], seconds=30)
        await until(lambda: sum(map(len, seen.values())) == 60, 30)
    assert overlaps == []
    assert all(numbers == sorted(numbers) for numbers in seen.values())


async def test_b13_different_groups_run_at_once_and_a_limit_may_be_higher(context: Context) -> None:
    desk = Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work, group_concurrency=2)
    await ping.register()
    for group in ("a", "a", "a", "b"):
        await ping.enqueue(group, job_group=group)
    async with Worker(context, concurrency=10):
        runs = [await desk.take() for _ in range(3)]
        assert sorted(desk.payloads) == ["a", "a", "b"]
        next(ending for metadata, ending in runs if metadata.job_group == "a").set_result(None)
        _, last = await desk.take()
        for _, ending in runs:
            if not ending.done():
                ending.set_result(None)
        last.set_result(None)


async def test_b14_a_generator_names_the_group_and_a_call_another(context: Context) -> None:
    recorder = Recorder()
    ping = JobDefinition(
        name="PING", context=context, work_function=recorder.work, job_group_generator=lambda payload: f"of {payload}"
    )
    await ping.register()
    async with Worker(context):
        await ping.enqueue("one")
        await ping.enqueue("two", job_group="own")
        await recorder.reach(2)
    assert {one.job_group for one in recorder.metadata} == {"of one", "own"}


async def test_b15_a_group_is_free_after_success_error_and_stop(context: Context) -> None:
    desk = Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work)
    await ping.register()
    for number in range(4):
        await ping.enqueue(number, job_group="g")
    worker = Worker(context, concurrency=4)
    _, ending = await desk.take()
    ending.set_result(None)
    _, ending = await desk.take()
    ending.set_exception(ValueError("no"))
    _, ending = await desk.take()
    stopping = asyncio.create_task(worker.stop())
    await until(worker.stopping.is_set, DEADLINE)
    ending.set_result(None)
    await stopping
    async with Worker(context):
        _, ending = await desk.take()
        ending.set_result(None)
    assert desk.payloads == [0, 1, 2, 3]
    assert desk.most_at_once == 1


async def test_b15_a_group_is_free_while_a_job_waits_for_its_retry(new_context: NewContext) -> None:
    clock, recorder = FakeClock(), Recorder(fail=lambda payload: payload == "first")
    context = new_context(clock=clock)
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work, num_attempts=2, timeout_secs=60)
    await ping.register()
    await ping.enqueue("first", job_group="g")
    await ping.enqueue("second", job_group="g")
    async with Worker(context):
        assert await recorder.reach(2) == ["first", "second"]
        clock.advance(60)
        assert await recorder.reach(3) == ["first", "second", "first"]


async def test_b16_a_crash_keeps_a_group_no_longer_than_its_lock(
    new_context: NewContext, library_place: dict[str, Any]
) -> None:
    """X42: at the latest after job_group_unlock_secs, and as soon as the dead owner's lock has run out."""
    context = new_context(job_group_unlock_secs=0.5)
    recorder = Recorder()
    ping = JobDefinition(name="PING", context=context, work_function=recorder.work)
    await ping.enqueue(1, job_group="g")
    await ping.enqueue(2, job_group="g")
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", HOLDER, library_place["dsn"], library_place["prefix"], stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(30):
        assert await process.stdout.readline() == b"held\n"
    os.kill(process.pid, signal.SIGKILL)
    await process.wait()
    await ping.register()
    async with Worker(context):
        await until(lambda: 2 in recorder.payloads, DEADLINE)
    assert list(dict.fromkeys(recorder.payloads)) == [1, 2]  # with so short a lock 1 may have to run again


async def test_b17_a_job_that_outlives_the_unlock_time_keeps_its_group(new_context: NewContext) -> None:
    """X43: while its lock is renewed nobody else gets in."""
    context, desk = new_context(job_group_unlock_secs=2), Desk()
    ping = JobDefinition(name="PING", context=context, work_function=desk.work)
    await ping.register()
    await ping.enqueue(1, job_group="g")
    await ping.enqueue(2, job_group="g")
    async with Worker(context), Worker(context):
        _, first = await desk.take()
        await asyncio.wait([first], timeout=2.5)
        assert desk.payloads == [1]
        first.set_result(None)
        _, second = await desk.take()
        second.set_result(None)
    assert desk.most_at_once == 1
