"""What the options of a worker do, and how its jobs are kept from others and from loss."""

import time
from typing import Any

import pytest
from redis import Redis

from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.keys import snapshot

NAME = {"name": "n", "data": {"x": 1}}


@pytest.mark.parametrize("concurrency", [1, 7])
async def test_p54_concurrency(client: Client, endpoint: EndpointServer, concurrency: int) -> None:
    endpoint.script = hold
    await client.add("orders", *[NAME] * 20)
    await client.register("orders", endpoint.url, opts={"concurrency": concurrency})
    running = await endpoint.take(concurrency)
    for _ in range(20 - concurrency):
        assert (await client.counts("orders", "active"))["active"] == concurrency
        running.pop(0).respond(response({}))
        running.append(await endpoint.next())
    for call in running:
        call.respond(response({}))
    for number in range(20):
        await client.finished("orders", str(number + 1))
    assert (endpoint.most_at_once, len(endpoint.seen)) == (concurrency, 20)


async def test_p54_limiter(client: Client, endpoint: EndpointServer) -> None:
    await client.add("orders", *[NAME] * 7)
    begun = time.monotonic()
    await client.register("orders", endpoint.url, opts={"concurrency": 9, "limiter": {"max": 3, "duration": 150}})
    await endpoint.take(4)
    assert time.monotonic() - begun >= 0.15
    await endpoint.take(3)
    assert time.monotonic() - begun >= 0.3


@pytest.mark.parametrize(
    ("keep", "left"),
    [(None, 3), (True, 0), (2, 2), ({"count": 1}, 1), ({"age": 900, "count": 2}, 2), ({}, 3)],
    ids=str,
)
async def test_p54_retention(client: Client, endpoint: EndpointServer, keep: Any, left: int) -> None:
    endpoint.script = lambda call: response({}) if int(call.job["id"]) % 2 else response(status="500 No")
    options = {} if keep is None else {"removeOnComplete": keep, "removeOnFail": keep}
    await client.register("orders", endpoint.url, opts=options)
    await client.add("orders", *[NAME] * 6)
    await endpoint.take(6)

    async def all_ended() -> bool:
        counts: dict[str, int] = await client.counts("orders")
        return counts["completed"] == counts["failed"] == left and not counts["active"]

    await until(all_ended)


async def test_p54_a_job_keeps_its_own_retention(client: Client, endpoint: EndpointServer) -> None:
    await client.register("orders", endpoint.url, opts={"removeOnComplete": True})
    await client.add("orders", NAME | {"opts": {"removeOnComplete": 5}})
    assert (await client.finished("orders", "1"))["id"] == "1"


@pytest.mark.parametrize(("allowed", "runs"), [(1, 2), (0, 1), (2, 3)])
async def test_p54_p55_stalled_jobs_run_again_as_often_as_allowed(
    serve: Serve, endpoint: EndpointServer, redis: Redis, prefix: str, allowed: int, runs: int
) -> None:
    """A lock that vanished stands for a worker that died."""
    server = await serve(lock_duration=60_000, stalled_interval=100)
    client = Client(server.port)
    endpoint.script = hold
    await client.register("orders", endpoint.url, opts={"concurrency": 9, "maxStalledCount": allowed})
    await client.add("orders", NAME)
    for _ in range(runs):
        await endpoint.next()
        redis.delete(f"{prefix}:orders:1:lock")
    ended = await client.finished("orders", "1")
    assert ended["failedReason"] == "job stalled more than allowable limit"
    assert len(endpoint.seen) == runs


async def test_p55_the_lock_of_a_long_call_is_renewed(
    serve: Serve, endpoint: EndpointServer, redis: Redis, prefix: str
) -> None:
    client = Client((await serve(lock_duration=4000, stalled_interval=250)).port)
    other = Client((await serve(lock_duration=4000, stalled_interval=250)).port)
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", NAME)
    call = await endpoint.next()
    lock = f"{prefix}:orders:1:lock"
    left = int(redis.pttl(lock))

    def renewed() -> bool:
        nonlocal left
        before, left = left, int(redis.pttl(lock))
        return left > before

    for _ in range(2):  # each comes at half of its life, so it has outlived the first one by then
        await until(renewed)
    assert redis.get(lock) == call.token
    reply = await client.call("POST", "/queues/orders/jobs/1/progress", 50, token=call.token)
    assert reply.status == 200
    call.respond(response({"slow": True}))
    ended = await other.finished("orders", "1")
    assert (ended["returnvalue"], ended["attemptsStarted"], ended["stalledCounter"]) == ({"slow": True}, 1, 0)
    assert len(endpoint.seen) == 1
    assert lock not in snapshot(redis, prefix)


async def test_p55_the_jobs_of_a_dead_worker_are_rescued(serve: Serve, endpoint: EndpointServer) -> None:
    """Both its processes are here; one lets go of its job by stopping without grace."""
    client = Client((await serve(workers=False)).port)
    await client.register("orders", endpoint.url)
    await client.add("orders", NAME)
    dying = await serve(lock_duration=1500, stalled_interval=2000)
    endpoint.script = hold
    first = await endpoint.next()
    await dying.process.stop(0)
    assert (await client.counts("orders", "active"))["active"] == 1
    await serve(stalled_interval=100)
    second = await endpoint.next()
    assert second.token != first.token
    second.respond(response({"rescued": True}))
    ended = await client.finished("orders", "1")
    assert (ended["returnvalue"], ended["attemptsStarted"], ended["stalledCounter"]) == ({"rescued": True}, 2, 1)
