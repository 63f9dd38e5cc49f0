"""Waiting for the end of a job: nothing is missed, whoever comes first, and one reader serves all."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from corral.lifecycle.results import Results
from corral.lifecycle.watch import Feeds
from corral.model.errors import JobNotFound
from corral.model.job import ClaimedJob, NewJob
from corral.model.result import JobResult
from corral.stores.redis.store import RedisStore
from corral.testing.conformance import given
from corral.testing.fault_proxy import FaultProxy
from tests.worker.conftest import OpenStore
from tests.worker.kit import add, now_ms

LONG = 20.0


@pytest.fixture
async def results(store: RedisStore) -> AsyncIterator[Results]:
    feeds = Feeds(store.events)
    results = Results(store, feeds)
    yield results
    await results.close()
    await feeds.close()


async def _readers(store: RedisStore, queue: str) -> int:
    clients: bytes = await store.connection.send("CLIENT", "LIST")
    return clients.count(f"name=bull:{queue}:qe ".encode())


async def _claim(store: RedisStore, queue: str, count: int = 1) -> list[ClaimedJob]:
    return await given.claim(store, count, now=now_ms(), queue=queue)


async def _waiting(results: Results, queue: str, count: int) -> list["asyncio.Task[JobResult]"]:
    """Those who wait for jobs 1, 2, ... and have looked."""
    tasks = [asyncio.create_task(results.wait(queue, str(i + 1), LONG)) for i in range(count)]
    await _all_have_looked(results, queue)
    return tasks


async def _all_have_looked(results: Results, queue: str) -> None:
    """Whoever came before has an answer before this one, which comes at once."""
    with pytest.raises(JobNotFound):
        await results.wait(queue, "nobody", LONG)


async def test_a_job_that_ended_before_is_told_at_once(store: RedisStore, queue: str, results: Results) -> None:
    await add(store, queue, 2)
    done, broken = await _claim(store, queue, 2)
    await given.complete(store, [done], queue=queue)
    await given.fail(store, [broken], queue=queue)
    for seconds in (0, LONG):
        completed = await results.wait(queue, done.job.id, seconds)
        assert (completed.state, bytes(completed.returnvalue)) == ("completed", b'"done"')  # type: ignore[arg-type]
        failed = await results.wait(queue, broken.job.id, seconds)
        assert (failed.state, failed.failed_reason) == ("failed", "broken")


async def test_whoever_waits_is_told_by_the_event(store: RedisStore, queue: str, results: Results) -> None:
    await add(store, queue, 2)
    waiting = await _waiting(results, queue, 2)
    done, broken = await _claim(store, queue, 2)
    await given.complete(store, [done], queue=queue)
    await given.fail(store, [broken], queue=queue)
    completed, failed = [await asyncio.wait_for(one, 30) for one in waiting]
    assert (completed.state, bytes(completed.returnvalue)) == ("completed", b'"done"')  # type: ignore[arg-type]
    assert (failed.state, failed.failed_reason) == ("failed", "broken")


async def test_the_state_is_told_when_the_time_is_up(store: RedisStore, queue: str, results: Results) -> None:
    await add(store, queue)
    assert await results.wait(queue, "1", 0) == JobResult("1", "waiting")
    await _claim(store, queue)
    assert await results.wait(queue, "1", 0.05) == JobResult("1", "active")


async def test_a_job_that_ends_between_two_looks_has_its_result(
    store: RedisStore, queue: str, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    await add(store, queue)
    held = await _claim(store, queue)
    look = store.job_details.state

    async def too_late(queue: str, job_id: str) -> str:
        await given.complete(store, held, queue=queue)
        return await look(queue, job_id)

    monkeypatch.setattr(store.job_details, "state", too_late)
    found = await results.wait(queue, "1", 0)
    assert (found.state, bytes(found.returnvalue)) == ("completed", b'"done"')  # type: ignore[arg-type]


async def test_a_job_that_leaves_nothing_has_a_result_for_those_who_wait(
    store: RedisStore, queue: str, results: Results
) -> None:
    await store.jobs.add(queue, [NewJob("j", b"{}", {"attempts": 0, "removeOnComplete": True})], now_ms())
    (waiting,) = await _waiting(results, queue, 1)
    await given.complete(store, await _claim(store, queue), queue=queue)
    assert (await asyncio.wait_for(waiting, 30)).state == "completed"
    with pytest.raises(JobNotFound):
        await results.wait(queue, "1", LONG)


async def test_nor_is_it_missed_between_listening_and_looking(
    store: RedisStore, queue: str, results: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.jobs.add(queue, [NewJob("j", b"{}", {"attempts": 0, "removeOnComplete": True})], now_ms())
    held = await _claim(store, queue)
    look = store.job_details.result

    async def too_late(queue: str, job_id: str) -> JobResult | None:
        await given.complete(store, held, queue=queue)
        return await look(queue, job_id)

    monkeypatch.setattr(store.job_details, "result", too_late)
    monkeypatch.setattr("corral.lifecycle.results._WORD", LONG)
    assert (await results.wait(queue, "1", LONG)).state == "completed"


async def test_a_job_that_is_removed_ends_the_wait(store: RedisStore, queue: str, results: Results) -> None:
    await add(store, queue)
    (waiting,) = await _waiting(results, queue, 1)
    await store.job_moves.remove(queue, "1", True)
    with pytest.raises(JobNotFound):
        await asyncio.wait_for(waiting, 30)


async def test_a_thousand_share_one_reader(store: RedisStore, queue: str, results: Results) -> None:
    await add(store, queue, 1000)
    waiting = await _waiting(results, queue, 1000)
    assert await _readers(store, queue) == 1
    await given.complete(store, await _claim(store, queue, 1000), queue=queue)
    async with asyncio.timeout(10):
        assert [one.id for one in await asyncio.gather(*waiting)] == [str(i) for i in range(1, 1001)]


async def test_nothing_is_missed_between_looking_and_listening(store: RedisStore, queue: str, results: Results) -> None:
    """The jobs end while the waits begin."""
    await add(store, queue, 100)
    held = await _claim(store, queue, 100)

    async def end() -> None:
        for one in held:
            await given.complete(store, [one], queue=queue)

    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(end())
        waits = [group.create_task(results.wait(queue, one.job.id, LONG)) for one in held]
    assert {one.result().state for one in waits} == {"completed"}


async def test_a_wait_outlives_a_lost_connection(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    feeds = Feeds(far.events)
    results = Results(far, feeds)
    await add(store, queue)
    (waiting,) = await _waiting(results, queue, 1)
    proxy.drop()
    await given.complete(store, await _claim(store, queue), queue=queue)
    assert (await asyncio.wait_for(waiting, 30)).state == "completed"
    await results.close()
    await feeds.close()


async def test_closing_tells_all_who_wait(store: RedisStore, queue: str) -> None:
    feeds = Feeds(store.events)
    results = Results(store, feeds)
    await add(store, queue)
    waiting = [asyncio.create_task(results.wait(queue, "1", LONG)) for _ in range(3)]
    await _all_have_looked(results, queue)
    await results.close()
    async with asyncio.timeout(10):
        assert {one.state for one in await asyncio.gather(*waiting)} == {"waiting"}
        assert (await results.wait(queue, "1", LONG)).state == "waiting"
    await feeds.close()


async def test_closing_while_nobody_hears_yet(
    store: RedisStore, open_store: OpenStore, proxy: FaultProxy, queue: str
) -> None:
    far = await open_store(f"redis://{proxy.host}:{proxy.port}")
    feeds = Feeds(far.events)
    results = Results(far, feeds)
    await add(store, queue)
    proxy.keep_answers()
    waiting = asyncio.create_task(results.wait(queue, "1", LONG))
    await store.ping()
    closing = asyncio.create_task(results.close())
    await store.ping()
    proxy.thaw()
    await closing
    async with asyncio.timeout(10):
        assert (await waiting).state == "waiting"
    await feeds.close()
