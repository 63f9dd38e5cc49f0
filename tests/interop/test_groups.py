"""Groups hold when Node works the jobs: those in line are nothing that it sees as ready."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from corral.lifecycle.sweep import Sweeper
from corral.model.job import NewJob
from corral.store.store import Store
from corral.testing.conformance.given import claim, complete
from corral.testing.waiting import until
from tests.interop.bull import QUEUE, Bull
from tests.worker.kit import now_ms

GROUPS, JOBS = 5, 40
WATCH = """
    const group = job.opts.group.id;
    kept.running ??= {}; kept.order ??= {}; kept.overlaps ??= [];
    if (kept.running[group]) kept.overlaps.push([kept.running[group], job.id]);
    kept.running[group] = job.id;
    (kept.order[group] ??= []).push(Number(job.id));
    await new Promise((done) => setTimeout(done, 1));
    delete kept.running[group];
"""


@pytest.fixture
async def sweeping(ours: Store) -> AsyncIterator[None]:
    task = asyncio.get_running_loop().create_task(Sweeper(ours.groups, QUEUE, now_ms).run())
    yield
    task.cancel()


def job(number: int, **opts: object) -> NewJob:
    return NewJob("job", b"{}", {"attempts": 0, "group": {"id": f"g{number % GROUPS}"}, **opts})


@pytest.mark.usefixtures("sweeping")
async def test_a_node_worker_never_has_two_of_a_group(bull: Bull, ours: Store) -> None:
    await ours.jobs.add(QUEUE, [job(number) for number in range(JOBS)], now_ms())
    await bull.work(WATCH, concurrency=20)
    await until(lambda: _ended(bull, JOBS), 30)
    assert (await bull.counts())["completed"] == JOBS
    assert await bull.run("return kept.overlaps") == []
    order = await bull.run("return kept.order")
    assert order == {f"g{group}": list(range(group + 1, JOBS + 1, GROUPS)) for group in range(GROUPS)}


@pytest.mark.usefixtures("sweeping")
async def test_failures_retries_and_jobs_that_are_not_kept(bull: Bull, ours: Store) -> None:
    retried = {"attempts": 2, "backoff": {"type": "fixed", "delay": 5}}
    for opts in (retried, {"removeOnComplete": True}, {}, {"delay": 50}):
        await ours.jobs.add(QUEUE, [job(number, **opts) for number in range(GROUPS)], now_ms())
    await bull.work(WATCH + "if (job.opts.attempts === 2 && job.attemptsMade < 1) throw new Error('not now');")
    await until(lambda: _ended(bull, 3 * GROUPS), 30)
    assert await bull.run("return kept.overlaps") == []
    assert sum(len(runs) for runs in (await bull.run("return kept.order")).values()) == 5 * GROUPS


async def test_jobs_in_line_are_not_ready(bull: Bull, ours: Store) -> None:
    first, second = await ours.jobs.add(QUEUE, [job(0), job(0)], now_ms())
    assert (await bull.counts())["waiting"] == 1
    assert await bull.run("return [await mail.getJobState(a), await mail.getJobState(b)]", a=first, b=second) == [
        "waiting",
        "waiting-children",
    ]


async def test_corral_holds_jobs_to_their_group_that_node_has_made_wait(bull: Bull, ours: Store) -> None:
    await ours.jobs.add(QUEUE, [job(0)], now_ms())
    added = await bull.add("job", {}, group={"id": "g0"})
    first = await claim(ours, 5, queue=QUEUE, now=now_ms())
    assert [one.job.id for one in first] == ["1"]
    assert await claim(ours, 5, queue=QUEUE, now=now_ms()) == []
    await complete(ours, first, queue=QUEUE, now=now_ms())
    assert [one.job.id for one in await claim(ours, 5, queue=QUEUE, now=now_ms())] == [added]


@pytest.mark.parametrize("priority", [0, 5])
async def test_a_place_passes_over_jobs_that_node_has_removed(bull: Bull, ours: Store, priority: int) -> None:
    opts = {"priority": priority} if priority else {}
    ids = await ours.jobs.add(QUEUE, [job(number % 3, **opts) for number in range(12)], now_ms())
    removed = [ids[n] for n in (3, 4, 6)]
    await bull.run("for (const id of removed) await (await mail.getJob(id)).remove()", removed=removed)
    for expected in ([0, 1, 2], [5, 7, 9], [8, 10], [11], []):
        held = await claim(ours, 9, queue=QUEUE, now=now_ms())
        assert {one.job.id for one in held} == {ids[n] for n in expected}
        await complete(ours, held, queue=QUEUE, now=now_ms())
    assert (await bull.counts())["waiting-children"] == 0


async def test_a_priority_that_node_gives_in_line_counts(bull: Bull, ours: Store) -> None:
    first, second = await ours.jobs.add(QUEUE, [job(0), job(0)], now_ms())
    (other,) = await ours.jobs.add(QUEUE, [job(1, priority=3)], now_ms())
    await bull.run("await (await mail.getJob(id)).changePriority({priority: 9})", id=second)
    for expected in ([first], [other, second]):
        held = await claim(ours, len(expected), queue=QUEUE, now=now_ms())
        assert [one.job.id for one in held] == expected
        await complete(ours, held, queue=QUEUE, now=now_ms())


async def _ended(bull: Bull, jobs: int) -> bool:
    counts = await bull.counts()
    return counts["completed"] + counts["failed"] >= jobs
