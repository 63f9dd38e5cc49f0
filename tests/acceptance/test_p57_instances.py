"""Several servers, one after the other or side by side, work what is registered."""

import asyncio

import pytest
from redis import Redis

from corral.lifecycle import intake
from corral.testing.engines import RunningEngine
from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve
from tests.acceptance.endpoint import EndpointServer, hold, response
from tests.acceptance.following import owner, works


async def test_p57_workers_are_restored_after_a_restart(serve: Serve, endpoint: EndpointServer, prefix: str) -> None:
    async with EndpointServer() as other:
        first = await serve()
        client = Client(first.port)
        await client.register("orders", endpoint.url, opts={"concurrency": 2})
        await client.register("others", other.url)
        await first.process.stop(0.1)
        second = await serve()
        await works(second, "orders", "others")
        client = Client(second.port)
        for queue in ("orders", "others"):
            await client.add(queue, {"name": "n", "data": 1})
        await endpoint.next()
        await other.next()


async def test_p57_workers_survive_a_restart_of_the_engine(
    own_engine: RunningEngine, serve: Serve, endpoint: EndpointServer
) -> None:
    client = Client((await serve(own_engine.url)).port)
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    await endpoint.next()
    own_engine.restart()

    async def added() -> bool:
        reply = await client.call("POST", "/queues/orders/jobs", [{"name": "n", "data": 1}])
        return reply.status == 200

    await until(added)
    await endpoint.next()


async def test_p58_two_instances_converge(serve: Serve, endpoint: EndpointServer) -> None:
    one, two = await serve(), await serve()
    await Client(one.port).register("orders", endpoint.url)
    await Client(two.port).register("others", endpoint.url)
    for server in (one, two):
        await works(server, "orders", "others")
        assert (await Client(server.port).call("GET", "/workers")).json() == dict.fromkeys(
            ("orders", "others"), endpoint.url
        )
    assert (await Client(two.port).call("DELETE", "/workers/orders")).text == "OK"
    for server in (one, two):
        await works(server, "others")


async def test_p58_two_instances_share_the_jobs_and_both_follow_an_update(
    serve: Serve, endpoint: EndpointServer
) -> None:
    endpoint.script = hold
    one, two = [await serve(shutdown_timeout=20) for _ in range(2)]
    client = Client(one.port)
    await client.register("orders", endpoint.url)
    for server in (one, two):
        await works(server, "orders")
    await client.add("orders", *[{"name": "n", "data": 1}] * 4)
    running = await endpoint.take(2)
    assert len({call.token.rpartition(":")[0] for call in running}) == 2
    await Client(two.port).register("orders", endpoint.url, opts={"concurrency": 1, "maxStalledCount": 2})
    waiting = await endpoint.take(2)
    assert len({call.token.rpartition(":")[0] for call in running + waiting}) == 4
    for call in running + waiting:
        call.respond(response({}))
    for number in range(4):
        await client.finished("orders", str(number + 1))


async def test_p58_changes_that_were_trimmed_from_the_stream_are_not_missed(
    serve: Serve, endpoint: EndpointServer
) -> None:
    one, two = [await serve(max_len_worker_metadata_stream=1) for _ in range(2)]
    client = Client(one.port)
    queues = [f"orders-{number}" for number in range(30)]
    await asyncio.gather(*(client.register(queue, endpoint.url) for queue in queues))
    for server in (one, two):
        await works(server, *queues)


async def test_p58_a_worker_that_ends_takes_no_sign_of_work_with_it(
    serve: Serve, endpoint: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The replaced worker still runs a job, and had been waiting for more the longest; nobody looks without a sign."""
    monkeypatch.setattr(intake, "_LONGEST", 300.0)
    endpoint.script = hold
    client = Client((await serve(shutdown_timeout=20)).port)
    await client.register("orders", endpoint.url, opts={"concurrency": 2})
    await client.add("orders", {"name": "n", "data": 1})
    call = await endpoint.next()
    await client.register("orders", endpoint.url, opts={"concurrency": 3})
    for _ in range(3):
        await client.add("orders", {"name": "n", "data": 1})
        await endpoint.next()
    call.respond(response({}))


@pytest.mark.parametrize("count", [20, 200])
async def test_p59_parallel_registrations_all_start(serve: Serve, endpoint: EndpointServer, count: int) -> None:
    servers = [await serve(), await serve()]
    queues = [f"orders-{number}" for number in range(count)]
    clients = [Client(server.port) for server in servers]
    await asyncio.gather(*(clients[n % 2].register(queue, endpoint.url) for n, queue in enumerate(queues)))
    for server in servers:
        await works(server, *queues)
    await asyncio.gather(*(_added(clients[0], queue) for queue in queues))
    calls = await endpoint.take(count)
    assert {call.job["name"] for call in calls} == set(queues)


async def _added(client: Client, queue: str) -> None:
    """Insists while the server says that it is too busy: hundreds of workers that begin keep a slow engine so."""

    async def so() -> bool:
        body = [{"name": queue, "data": 1, "opts": {"jobId": "once"}}]
        reply = await client.call("POST", f"/queues/{queue}/jobs", body)
        assert reply.status in (200, 503), reply
        return reply.status == 200

    await until(so)


async def test_p60_the_same_configuration_again_restarts_nothing(
    client: Client, server: RunningServer, endpoint: EndpointServer, redis: Redis, prefix: str
) -> None:
    await client.register("orders", endpoint.url, opts={"concurrency": 2})
    first = await owner(client, endpoint)
    for _ in range(3):
        await client.register("orders", endpoint.url, opts={"concurrency": 2})
    await client.register("marker", endpoint.url)
    await works(server, "orders", "marker")
    assert await owner(client, endpoint) == first
    assert redis.xlen(f"{prefix}:stream") == 5
