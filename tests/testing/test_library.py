"""The kit for programs that use the library."""

from typing import cast

import pytest

from corral import Context, JobDefinition, Metadata, Worker
from corral.model.errors import InvalidInput, JobFailed
from corral.testing.library import FakeClock, InlineRun, run_inline, wait_until_idle

pytest_plugins = ["corral.testing.plugin"]


async def work(payload: list[int], metadata: Metadata) -> int:
    await metadata.progress(0.5)
    await metadata.log(f"attempt {metadata.attempt}")
    if not payload:
        metadata.mark_as_failed("nothing to add up")
    return sum(payload)


def definition(context: Context) -> JobDefinition[list[int], int]:
    return JobDefinition(name="SUM", context=context, work_function=work)


async def test_a_job_runs_inline() -> None:
    adding, run = definition(Context()), InlineRun()
    assert await run_inline(adding, [1, 2], attempt=2, run=run) == 3
    assert (run.progress, run.logs) == ([0.5], ["attempt 2"])
    with pytest.raises(JobFailed, match="nothing to add up"):
        await run_inline(adding, [])
    with pytest.raises(InvalidInput):
        await run_inline(adding, cast(list[int], ["one"]))


@pytest.mark.parametrize("engine", ["redis", "postgres"])
async def test_the_plugin_gives_a_context_on_each_engine(engine: str, request: pytest.FixtureRequest) -> None:
    context: Context = request.getfixturevalue(f"corral_{engine}_context")
    async with context:
        adding = definition(context)
        await adding.register()
        job_id = await adding.enqueue([1, 2, 3])
        with pytest.raises(TimeoutError):
            await wait_until_idle(context, seconds=0.05)
        async with Worker(context):
            await wait_until_idle(context)
        assert await adding.wait(job_id, seconds=0) == 6


@pytest.mark.parametrize("engine", ["redis", "postgres"])
async def test_a_job_that_goes_from_queue_to_queue_is_not_overlooked(
    engine: str, request: pytest.FixtureRequest
) -> None:
    context: Context = request.getfixturevalue(f"corral_{engine}_context")
    done: list[int] = []

    async def hop(left: int) -> None:
        if left:
            await hops[left % len(hops)].enqueue(left - 1)
        done.append(left)

    async with context:
        hops = [JobDefinition(name=f"HOP{n}", context=context, work_function=hop) for n in range(5)]
        await context.register_all()
        async with Worker(context):
            for turn in range(1, 21):
                await hops[0].enqueue(9)
                await wait_until_idle(context)
                assert len(done) == turn * 10


def test_a_clock_stands_still_until_it_is_moved(corral_clock: FakeClock) -> None:
    moved = []
    corral_clock.on_move(lambda: moved.append(corral_clock()))
    before = corral_clock()
    corral_clock.advance(1.5)
    assert corral_clock() - before == 1500
    assert moved == [before + 1500]
