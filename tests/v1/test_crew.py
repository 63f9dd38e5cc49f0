"""Workers: listing all kinds, their statistics, pausing and resuming."""

import asyncio
from typing import Any

import websockets
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer


async def register(client: Client, endpoint: EndpointServer, queue: str, **opts: Any) -> None:
    body = {"queue": queue, "endpoint": {"url": endpoint.url, "method": "POST"}, "opts": opts}
    assert (await client.call("POST", "/workers", body)).status == 200


async def add(client: Client, queue: str, count: int) -> None:
    body = [{"name": "n", "data": {"x": 1}}] * count
    assert (await client.call("POST", f"/queues/{queue}/jobs", body)).status == 200


async def workers(client: Client, path: str = "/v1/workers") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await client.call("GET", path)).json()["workers"]
    return found


async def completed(client: Client, queue: str) -> int:
    reply = await client.call("GET", f"/queues/{queue}/jobs?statuses=completed&length=0")
    count: int = reply.json()["counts"]["completed"]
    return count


async def test_an_endpoint_with_its_statistics(client: Client, endpoint: EndpointServer) -> None:
    await register(client, endpoint, "calls", concurrency=3)
    await add(client, "calls", 5)

    async def done() -> bool:
        found = await workers(client, "/v1/queues/calls/workers")
        return bool(found) and found[0]["stats"].get("completed") == 5

    await until(done)
    [worker] = await workers(client, "/v1/queues/calls/workers")
    assert (worker["kind"], worker["url"], worker["concurrency"]) == ("endpoint", endpoint.url, 3)
    assert worker["stats"]["failed"] == worker["stats"]["inFlight"] == 0
    assert worker["stats"]["p95"] >= worker["stats"]["p50"] >= 0


async def test_a_paused_endpoint_claims_nothing_also_after_a_restart(serve: Serve, endpoint: EndpointServer) -> None:
    first = await serve()
    client = Client(first.port)
    await register(client, endpoint, "halt")
    await until(lambda: first.process.worker_queues == ["halt"])
    assert (await client.call("POST", "/v1/queues/halt/workers/pause")).status == 204
    await until(lambda: _paused(client, "halt"))
    await add(client, "halt", 2)
    second = await serve()
    await until(lambda: second.process.worker_queues == ["halt"])
    await until(lambda: _paused(Client(second.port), "halt"))
    assert await completed(client, "halt") == 0
    assert (await client.call("POST", "/v1/queues/halt/workers/resume")).status == 204
    await until(lambda: _all_completed(client, "halt", 2))


async def _paused(client: Client, queue: str) -> bool:
    return all(worker.get("paused") for worker in await workers(client, f"/v1/queues/{queue}/workers"))


async def _all_completed(client: Client, queue: str, count: int) -> bool:
    return await completed(client, queue) == count


async def test_a_worker_that_is_not_registered_is_404(client: Client) -> None:
    reply = await client.call("POST", "/v1/queues/nobody/workers/pause")
    assert (reply.status, reply.json()["type"]) == (404, "/docs/problems#not-found")


async def test_sockets_and_the_jobs_they_run(client: Client, server: RunningServer) -> None:
    async with websockets.connect(f"{server.ws_url}/queues/sock/process/2?token={server.token}") as socket:
        await add(client, "sock", 2)
        async with asyncio.timeout(30):
            await socket.recv()
            await socket.recv()
        [worker] = await workers(client, "/v1/queues/sock/workers")
        assert (worker["kind"], sorted(worker["jobs"])) == ("socket", ["1", "2"])
        assert worker["stats"]["inFlight"] == 2

    async def gone() -> bool:
        return not await workers(client, "/v1/queues/sock/workers")

    await until(gone)


async def test_other_programs_and_other_processes(
    serve: Serve, endpoint: EndpointServer, redis: Redis, prefix: str
) -> None:
    first = await serve()
    client = Client(first.port)
    await register(client, endpoint, "shared")
    await until(lambda: first.process.worker_queues == ["shared"])
    name = "c2hhcmVk"  # shared
    redis.client_setname(f"{prefix}:{name}:w:node")
    try:
        found = await workers(client, "/v1/queues/shared/workers")
    finally:
        redis.client_setname("")
    assert sorted(worker["kind"] for worker in found) == ["bullmq", "endpoint"]
    assert next(worker["name"] for worker in found if worker["kind"] == "bullmq") == "node"
