"""Registered workers as they are stored, in the original's own format, and servers that share them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from redis import Redis

from corral.testing.server import RunningServer
from corral.testing.waiting import until, until_blocking
from tests.acceptance.client import Client
from tests.acceptance.conftest import Serve, ServeVariables
from tests.acceptance.endpoint import EndpointServer
from tests.acceptance.following import owner, works
from tests.acceptance.keys import snapshot
from tests.stores.redis.engine import Engine

URL = "http://127.0.0.1:1/job"


def worker(queue: str, url: str = URL, **opts: Any) -> dict[str, Any]:
    return {"queue": queue, "endpoint": {"url": url, "method": "POST"}, "opts": opts}


class Original:
    """What a bullmq-proxy beside corral does to the engine."""

    def __init__(self, redis: Redis, prefix: str) -> None:
        self._redis = redis
        self._records, self._stream = f"{prefix}:meta", f"{prefix}:stream"

    def put(self, queue: str | bytes, record: str | bytes) -> None:
        self._redis.hset(self._records, queue, record)
        self.announce(queue)

    def remove(self, queue: str) -> None:
        self._redis.hdel(self._records, queue)
        self.announce(queue)

    def announce(self, queue: str | bytes) -> None:
        self._redis.xadd(self._stream, {"worker": queue}, maxlen=100, approximate=False)


@pytest.fixture
def original(redis: Redis, prefix: str) -> Original:
    return Original(redis, prefix)


async def test_p56_what_is_stored_is_what_the_original_stores(client: Client, redis: Redis, prefix: str) -> None:
    record = {
        "endpoint": {"timeout": 500, "method": "put", "headers": {"x-e": "é"}, "url": URL},
        "queue": "my orders",
        "opts": {"removeOnFail": True, "limiter": {"duration": 1000, "max": 10}, "concurrency": 5},
    }
    assert (await client.call("POST", "/workers", json.dumps(record, indent=2).encode())).text == "OK"
    stored = json.dumps(record, separators=(",", ":"), ensure_ascii=False)
    kept = snapshot(redis, prefix)
    assert kept[f"{prefix}:meta"] == {"my orders": stored}
    assert [entry for _, entry in kept[f"{prefix}:stream"]] == [{"worker": "my orders"}]


async def test_p56_a_removal_is_announced_once(client: Client, redis: Redis, prefix: str) -> None:
    await client.register("orders", URL)
    for _ in range(3):
        await client.call("DELETE", "/workers/orders")
    kept = snapshot(redis, prefix)
    assert f"{prefix}:meta" not in kept
    assert [entry for _, entry in kept[f"{prefix}:stream"]] == [{"worker": "orders"}] * 2


async def test_p56_workers_of_the_original_are_followed(
    client: Client, server: RunningServer, endpoint: EndpointServer, original: Original
) -> None:
    original.put("orders", json.dumps(worker("orders", endpoint.url)))
    await works(server, "orders")
    assert (await client.call("GET", "/workers")).json() == {"orders": endpoint.url}
    first = await owner(client, endpoint)
    original.put("orders", json.dumps(worker("orders", endpoint.url, concurrency=3)))

    async def replaced() -> bool:
        return await owner(client, endpoint) != first

    await until(replaced)
    original.remove("orders")
    await works(server)


@pytest.mark.parametrize(
    "record",
    [
        json.dumps(worker("orders", concurrency=0)),
        json.dumps(worker("orders", concurrency=-1, maxStalledCount=-1, limiter={"max": 0})),
        json.dumps({"queue": "orders", "endpoint": {"url": URL}, "opts": None}),
        json.dumps(worker("another")),
        json.dumps(worker("orders", removeOnComplete="x", limiter=[])),
        json.dumps({"queue": "orders", "endpoint": {"url": "http://[", "method": "B AD", "headers": {"a\n": "b"}}}),
        json.dumps({"queue": "orders", "endpoint": {"url": URL, "method": 5, "headers": 5, "timeout": "x"}}),
    ],
)
async def test_p45_p56_odd_workers_of_the_original_run(
    client: Client, server: RunningServer, original: Original, record: str
) -> None:
    await client.add("orders", {"name": "n", "data": 1})
    original.put("orders", record)
    await works(server, "orders")
    assert (await client.finished("orders", "1"))["failedReason"]


NO_TARGET = [b"{}", b'{"endpoint":5}', b'{"endpoint":{}}', b'{"endpoint":{"url":5}}']
JUNK = [b"", b"junk", b"null", b"5", b"[]", b"\xff", b"[" * 9000, *NO_TARGET]


async def test_p45_p56_junk_does_no_harm(
    serve: Serve, redis: Redis, prefix: str, original: Original, endpoint: EndpointServer
) -> None:
    running = await serve()
    for number, record in enumerate(JUNK):
        original.put(f"junk-{number}", record)
    for name in (b"\xfe", b"or:ders", b"", b" "):
        original.put(name, json.dumps(worker("orders")))
    redis.xadd(f"{prefix}:stream", {b"\xfe": b"\xff", b"worker": b"else"})
    for server in (running, await serve()):
        client = Client(server.port)
        queue = f"orders-{server.port}"
        await client.register(queue, endpoint.url)
        await client.add(queue, {"name": "n", "data": 1})
        await endpoint.next()
        listed = await client.call("GET", "/workers")
        assert (listed.status, listed.json()[queue]) == (200, endpoint.url)
    assert (await client.call("DELETE", "/workers/junk-1")).text == "OK"


@pytest.mark.parametrize("key", ["meta", "stream"])
async def test_p56_a_key_of_the_wrong_type_does_not_stop_the_server(
    serve: Serve, redis: Redis, prefix: str, key: str, endpoint: EndpointServer
) -> None:
    redis.set(f"{prefix}:{key}", "junk")
    client = Client((await serve()).port)
    assert len(await client.add("orders", {"name": "n", "data": 1})) == 1
    redis.delete(f"{prefix}:{key}")
    await client.register("orders", endpoint.url)
    await endpoint.next()


@pytest.fixture
def cluster() -> Iterator[Engine]:
    """One node that has every slot: keys of one command or script must share theirs."""
    engine = Engine()
    engine.start("--cluster-enabled", "yes")
    with Redis(unix_socket_path=engine.socket) as admin:
        admin.execute_command("CLUSTER", "ADDSLOTSRANGE", 0, 16383)
        until_blocking(lambda: b"cluster_state:ok" in admin.execute_command("CLUSTER", "INFO"))
    yield engine
    engine.remove()


async def test_p56_hash_and_stream_may_live_on_different_nodes_of_a_cluster(
    cluster: Engine, serve_variables: ServeVariables, endpoint: EndpointServer
) -> None:
    process = await serve_variables(REDIS_SOCKET=cluster.socket, QUEUE_PREFIX="{b}")
    client = Client(process.port)

    async def ready() -> bool:
        return (await client.call("GET", "/health/ready")).status == 200

    await until(ready)
    await client.register("orders", endpoint.url)
    delayed = {"name": "n", "data": 1, "opts": {"delay": 1}}
    await client.add("orders", delayed, {"name": "n", "data": 1})
    await endpoint.take(2)
    assert (await client.call("DELETE", "/workers/orders")).text == "OK"
    await until(lambda: not process.worker_queues)
