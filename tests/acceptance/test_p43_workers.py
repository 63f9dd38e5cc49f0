"""Registering, listing and removing the HTTP workers of queues."""

import asyncio
import json
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer, hold
from tests.acceptance.keys import snapshot

URL = "http://127.0.0.1:1/job"


def worker(**changes: Any) -> dict[str, Any]:
    """A registration; a change to None leaves the field out."""
    body = {"queue": "orders", "endpoint": {"url": URL, "method": "POST"}, **changes}
    return {name: value for name, value in body.items() if value is not None}


def target(**changes: Any) -> dict[str, Any]:
    fields = {"url": URL, "method": "POST", **changes}
    return worker(endpoint={name: value for name, value in fields.items() if value is not None})


def opts(**options: Any) -> dict[str, Any]:
    return worker(opts=options)


async def test_p43_a_registered_worker_gets_the_jobs(client: Client, endpoint: EndpointServer) -> None:
    reply = await client.call("POST", "/workers", worker(endpoint={"url": endpoint.url, "method": "POST"}))
    assert (reply.status, reply.text, reply.headers["content-type"]) == (200, "OK", "text/plain;charset=utf-8")
    await client.add("orders", {"name": "n", "data": 1})
    await endpoint.next()
    assert (await client.finished("orders", "1"))["returnvalue"] == {"ok": True}


async def test_p43_registering_again_replaces_the_worker(
    client: Client, endpoint: EndpointServer, server: RunningServer
) -> None:
    async with EndpointServer() as successor:
        await client.register("orders", endpoint.url)
        await client.add("orders", {"name": "first", "data": 1})
        await endpoint.next()
        await client.register("orders", successor.url)
        assert (await client.call("GET", "/workers")).json() == {"orders": successor.url}

        async def reaches_successor() -> bool:
            await client.add("orders", {"name": "n", "data": 1})
            return not successor.calls.empty()

        await until(reaches_successor)
        assert server.process.worker_queues == ["orders"]


async def test_p43_a_replaced_worker_ends_its_jobs_and_blocks_nobody(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "slow", "data": 1})
    await endpoint.next()
    async with EndpointServer() as successor, EndpointServer() as other:
        await client.register("orders", successor.url)
        await client.register("others", other.url)
        await client.add("orders", {"name": "n", "data": 1})
        await client.add("others", {"name": "n", "data": 1})
        assert (await successor.next()).job["id"] == "2"
        await other.next()


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "queue is required"),
        ([], "queue is required"),
        ("x", "queue is required"),
        (worker(queue=None), "queue is required"),
        (worker(queue="", endpoint=0, x=1), "queue is required"),
        (worker(endpoint=None, x=1), "endpoint is required"),
        (worker(x=1, queue="a"), "Invalid field: x"),
        (worker(queue="ab", endpoint={}), "queue name must be at least 3 characters long"),
        (worker(queue="a" * 101, endpoint={}), "queue name must be at most 100 characters long"),
        (worker(queue="a:b:c", endpoint={}), "Queue name cannot contain :"),
        (worker(endpoint={}), "url is required"),
        (target(url=None, method=None), "url is required"),
        (target(url="nope", method=None), "method is required"),
        (target(url="nope", method="GET"), "Invalid URL"),
        (target(url="ftp://x.y/"), "Invalid URL"),
        (target(url="http://"), "Invalid URL"),
        (target(url="/job"), "Invalid URL"),
        (target(url=["http://x.y"]), "Invalid URL"),
        (target(method="GET", x=1), "Invalid HTTP method GET"),
        (target(method="DELETE"), "Invalid HTTP method DELETE"),
        (target(method="PO ST"), "Invalid HTTP method PO ST"),
        (target(x=1, timeout=-1), "Invalid field: x"),
        (target(timeout=-1), "Invalid timeout"),
        (target(timeout=1.5), "Invalid timeout"),
        (target(timeout="3000"), "Invalid timeout"),
        (target(timeout=True), "Invalid timeout"),
        (opts(x=1, concurrency="1"), "Invalid field: x"),
        (opts(lockDuration=1), "Invalid field: lockDuration"),
        (opts(connection={}), "Invalid field: connection"),
        (opts(limiter={"duration": 1}), "Invalid limiter.max"),
        (opts(limiter={"max": 0, "duration": 1}), "Invalid limiter.max"),
        (opts(limiter={"max": "1", "duration": 1}), "Invalid limiter.max"),
        (opts(limiter={"max": 1}), "Invalid limiter.duration"),
        (opts(limiter={"max": 1, "duration": 0}), "Invalid limiter.duration"),
        (opts(limiter={"max": 1, "duration": 1.5}, maxStalledCount=-1), "Invalid limiter.duration"),
        (opts(maxStalledCount=-1, concurrency=-1), "Invalid maxStalledCount"),
        (opts(maxStalledCount="1"), "Invalid maxStalledCount"),
        (opts(concurrency=-1, removeOnComplete={"x": 1}), "Invalid concurrency"),
        (opts(concurrency=1.5), "Invalid concurrency"),
        (opts(concurrency="5"), "Invalid concurrency"),
        (opts(removeOnComplete={"x": 1}), "Invalid field: removeOnComplete.x"),
        (opts(removeOnComplete={"count": -1}), "Invalid removeOnComplete.count"),
        (opts(removeOnComplete={"count": 1, "age": "2"}), "Invalid removeOnComplete.age"),
        (opts(removeOnFail={"x": 1}), "Invalid field: removeOnFail.x"),
        (opts(removeOnFail={"count": 1.5}), "Invalid removeOnFail.count"),
        (opts(removeOnFail={"age": -1}), "Invalid removeOnFail.age"),
    ],
)
async def test_p44_texts_and_their_order(client: Client, redis: Redis, prefix: str, body: Any, text: str) -> None:
    reply = await client.call("POST", "/workers", body)
    assert (reply.status, reply.text) == (400, text)
    assert not snapshot(redis, prefix)


@pytest.mark.parametrize("body", [b"", b"null", b"{", b"\xff", b"[" * 9000, b'{"queue":"orders"'])
async def test_p44_malformed_bodies_are_400(client: Client, redis: Redis, prefix: str, body: bytes) -> None:
    for path in ("/workers", "/endpoints/orders"):
        assert (await client.call("POST", path, body)).status == 400
    assert not snapshot(redis, prefix)


@pytest.mark.parametrize(
    "body",
    [
        target(method="put", headers={}, timeout=0),
        target(method="Patch", url="https://user:pass@example.invalid:8443/a?b=c", headers=None),
        worker(opts={}),
        worker(opts=[]),
        opts(maxStalledCount=0, limiter=None, removeOnComplete=True, removeOnFail=5),
        opts(removeOnComplete={"count": 0, "age": 0}, removeOnFail={}),
        opts(concurrency=5, limiter={"max": 10, "duration": 1000}, removeOnComplete={"count": 1, "age": 2}),
    ],
)
async def test_p44_bodies_that_pass(client: Client, server: RunningServer, body: Any) -> None:
    assert (await client.call("POST", "/workers", body)).text == "OK"
    await until(lambda: server.process.worker_queues == ["orders"])


async def test_p45_a_concurrency_of_0_is_refused(client: Client, redis: Redis, prefix: str) -> None:
    for body, path in (
        (opts(concurrency=0), "/workers"),
        ({"url": URL, "opts": {"concurrency": 0}}, "/endpoints/orders"),
    ):
        reply = await client.call("POST", path, body)
        assert (reply.status, reply.text) == (400, "Invalid concurrency")
    assert not snapshot(redis, prefix)


async def test_p46_the_workers_are_a_map_of_urls(client: Client, endpoint: EndpointServer) -> None:
    reply = await client.call("GET", "/workers")
    assert (reply.status, reply.text, reply.headers["content-type"]) == (200, "{}", "text/plain;charset=utf-8")
    await client.register("orders", f"{endpoint.url}?a=b")
    await client.register("my bills", URL)
    assert (await client.call("GET", "/workers")).json() == {"orders": f"{endpoint.url}?a=b", "my bills": URL}


async def test_p47_a_removed_worker_gets_no_jobs(
    client: Client, endpoint: EndpointServer, server: RunningServer
) -> None:
    await client.register("orders", endpoint.url)
    await until(lambda: server.process.worker_queues)
    reply = await client.call("DELETE", "/workers/orders")
    assert (reply.status, reply.text) == (200, "OK")
    await until(lambda: not server.process.worker_queues)
    await client.add("orders", {"name": "n", "data": 1})
    for queue in ("orders", "nobody", "ab", "%20"):
        reply = await client.call("DELETE", f"/workers/{queue}")
        assert (reply.status, reply.text) == (404, "Worker not found")

    async def waits() -> bool:
        return bool((await client.counts("orders", "waiting"))["waiting"] == 1)

    await until(waits)  # a claim that was on its way gives it back
    assert not endpoint.seen


async def test_p47_removing_again_while_the_last_job_runs(client: Client, endpoint: EndpointServer) -> None:
    endpoint.script = hold
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    await endpoint.next()
    replies = await asyncio.gather(*(client.call("DELETE", "/workers/orders") for _ in range(5)))
    assert sorted(reply.status for reply in replies) == [200, 404, 404, 404, 404]
    assert (await client.call("DELETE", "/workers/orders")).status == 404


async def test_p48_endpoints_as_the_readme_has_them(client: Client, endpoint: EndpointServer) -> None:
    limits = {"concurrency": 2, "rateLimit": {"max": 1000, "duration": 1000}}
    reply = await client.call("POST", "/endpoints/my%20orders", {"url": endpoint.url, "opts": limits})
    assert (reply.status, reply.text) == (200, "OK")
    for path in ("/endpoints", "/workers"):
        assert (await client.call("GET", path)).json() == {"my orders": endpoint.url}
    await client.add("my%20orders", {"name": "n", "data": 1})
    assert (await endpoint.next()).method == "POST"
    assert (await client.call("DELETE", "/endpoints/my%20orders")).text == "OK"
    reply = await client.call("DELETE", "/endpoints/my%20orders")
    assert (reply.status, reply.text) == (404, "Worker not found")


async def test_p48_the_rate_limit_is_the_limiter(client: Client, redis: Redis, prefix: str) -> None:
    body = {"url": URL, "method": "put", "headers": {"x-a": "b"}, "opts": {"rateLimit": {"max": 1, "duration": 2}}}
    assert (await client.call("POST", "/endpoints/orders", body)).text == "OK"
    stored = {
        "queue": "orders",
        "endpoint": {"url": URL, "method": "put", "headers": {"x-a": "b"}},
        "opts": {"limiter": {"max": 1, "duration": 2}},
    }
    assert snapshot(redis, f"{prefix}:meta")[f"{prefix}:meta"] == {"orders": json.dumps(stored, separators=(",", ":"))}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        ({}, "url is required"),
        ({"url": "nope"}, "Invalid URL"),
        ({"url": URL, "method": "GET"}, "Invalid HTTP method GET"),
        ({"url": URL, "x": 1}, "Invalid field: x"),
        ({"url": URL, "opts": {"rateLimit": {"max": 0}}}, "Invalid limiter.max"),
        ({"url": URL, "opts": {"x": 0}}, "Invalid field: x"),
    ],
)
async def test_p48_texts(client: Client, body: Any, text: str) -> None:
    reply = await client.call("POST", "/endpoints/orders", body)
    assert (reply.status, reply.text) == (400, text)
    assert (await client.call("POST", "/endpoints/ab", {"url": URL})).status == 400
