"""Limits over all workers of a queue, over HTTP and the queue socket."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest

from corral.testing.server import RunningServer
from tests.acceptance.client import Client
from tests.acceptance.sockets import ProxySocket, opened

Q = "/v1/queues/mail"


@pytest.fixture
async def mail(server: RunningServer) -> AsyncIterator[ProxySocket]:
    """The queue socket of the queue `mail`."""
    async with opened(server, "/queues/mail") as socket:
        yield socket


async def get(client: Client, path: str) -> Any:
    reply = await client.call("GET", f"{Q}/{path}")
    assert reply.status == 200
    return reply.json()


async def put(client: Client, path: str, body: Any) -> int:
    return (await client.call("PUT", f"{Q}/{path}", body)).status


async def remove(client: Client, path: str) -> int:
    return (await client.call("DELETE", f"{Q}/{path}")).status


async def test_concurrency(client: Client, mail: ProxySocket) -> None:
    assert await get(client, "concurrency") == {"concurrency": None}
    assert await mail.ok("getGlobalConcurrency") is None
    assert await put(client, "concurrency", {"concurrency": 3}) == 204
    assert await get(client, "concurrency") == {"concurrency": 3}
    await mail.ok("setGlobalConcurrency", 5)
    assert await mail.ok("getGlobalConcurrency") == 5
    assert await remove(client, "concurrency") == 204
    assert await remove(client, "concurrency") == 204
    await mail.ok("removeGlobalConcurrency")
    assert await get(client, "concurrency") == {"concurrency": None}


async def test_concurrency_holds_over_all_workers(client: Client, mail: ProxySocket, server: RunningServer) -> None:
    await mail.ok("setGlobalConcurrency", 1)
    async with (
        opened(server, "/queues/mail/process/5") as first,
        opened(server, "/queues/mail/process/5") as second,
    ):
        await client.add("mail", *({"name": "n", "data": {"x": 1}} for _ in range(2)))
        for _ in range(2):
            worker, id = await one_of(first, second)
            assert await mail.ok("isMaxed") is True
            assert (await mail.ok("getJobCounts", "active"))["active"] == 1
            await worker.answer(id, result=1)


async def one_of(*workers: ProxySocket) -> tuple[ProxySocket, int]:
    """The worker that is given the next job, and the message id of that."""
    asking = {asyncio.create_task(worker.job()): worker for worker in workers}
    done, pending = await asyncio.wait(asking, return_when=asyncio.FIRST_COMPLETED)
    for task in pending:
        task.cancel()
    await asyncio.gather(*pending, return_exceptions=True)
    (task,) = done
    return asking[task], task.result()[0]


async def test_rate_limit(client: Client, mail: ProxySocket) -> None:
    assert await get(client, "rate-limit") is None
    assert await mail.ok("getGlobalRateLimit") is None
    assert await put(client, "rate-limit", {"max": 10, "duration": 1000}) == 204
    assert await get(client, "rate-limit") == {"max": 10, "duration": 1000}
    await mail.ok("setGlobalRateLimit", 20, 500)
    assert await mail.ok("getGlobalRateLimit") == {"max": 20, "duration": 500}
    assert await remove(client, "rate-limit") == 204
    await mail.ok("removeGlobalRateLimit")
    assert await get(client, "rate-limit") is None


async def test_throttle(client: Client, mail: ProxySocket) -> None:
    assert await get(client, "throttle") == {"ttl": 0}
    await mail.ok("setGlobalRateLimit", 20, 500)
    assert await put(client, "throttle", {"ttl": 60_000}) == 204
    assert 50_000 < (await get(client, "throttle"))["ttl"] <= 60_000
    assert 50_000 < await mail.ok("getRateLimitTtl") <= 60_000
    assert await remove(client, "throttle") == 204
    assert await mail.ok("getRateLimitTtl") == 0
    await mail.ok("rateLimit", 70_000)
    assert 60_000 < (await get(client, "throttle?maxJobs=5"))["ttl"] <= 70_000
    await mail.ok("removeRateLimitKey")
    assert await get(client, "throttle") == {"ttl": 0}


async def test_a_throttled_queue_holds_its_jobs_back(client: Client, mail: ProxySocket, server: RunningServer) -> None:
    await mail.ok("setGlobalRateLimit", 20, 500)
    begun = time.monotonic()
    await mail.ok("rateLimit", 300)
    async with opened(server, "/queues/mail/process/5") as worker:
        await client.add("mail", {"name": "n", "data": {"x": 1}})
        id, _ = await worker.job()
        assert time.monotonic() - begun >= 0.3
        await worker.answer(id, result=1)


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("concurrency", {}), ("concurrency", {"concurrency": 0}), ("concurrency", {"concurrency": 1.5}),
        ("concurrency", {"concurrency": 2**53}), ("concurrency", {"concurrency": None}), ("concurrency", 3),
        ("rate-limit", {"max": 1}), ("rate-limit", {"max": 0, "duration": 1}),
        ("rate-limit", {"max": 1, "duration": 0}),
        ("throttle", {}), ("throttle", {"ttl": 0}), ("throttle", {"ttl": 10**30}), ("throttle", {"ttl": 1, "x": 1}),
    ],
)  # fmt: skip
@pytest.mark.one_engine
async def test_what_is_no_limit_is_refused(client: Client, path: str, body: Any) -> None:
    reply = await client.call("PUT", f"{Q}/{path}", body)
    assert (reply.status, reply.headers["content-type"]) == (400, "application/problem+json")
    assert reply.json()["errors"][0]["pointer"].startswith("#")


@pytest.mark.parametrize("args", [[0], [-1], ["3"], [None], [], [1, 2]])
async def test_the_socket_refuses_it_too(mail: ProxySocket, args: list[Any]) -> None:
    assert "err" in await mail.call("setGlobalConcurrency", *args)
    assert await mail.ok("getGlobalConcurrency") is None


async def test_the_longest_times_are_taken(client: Client) -> None:
    assert await put(client, "throttle", {"ttl": 2**53 - 1}) == 204
    assert await put(client, "rate-limit", {"max": 2**53 - 1, "duration": 2**53 - 1}) == 204
    assert (await get(client, "rate-limit"))["max"] == 2**53 - 1
