"""corral inside another program: `start_proxy` and `clean_proxy`."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis as AsyncRedis

import corral
from corral.observe import log
from corral.testing.engines import RunningEngine, free_port
from corral.testing.waiting import until
from corral.wiring.process import Process
from tests.acceptance.client import Client
from tests.acceptance.conftest import behind
from tests.acceptance.endpoint import EndpointServer

StartProxy = Callable[..., Awaitable[Process]]


@pytest.fixture
async def start_proxy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[StartProxy]:
    """`corral.start_proxy` in an empty folder and environment; what it started is stopped."""
    monkeypatch.chdir(tmp_path)
    for name in ("AUTH_TOKENS", "AUTH_KEYS", "REDIS_URL", "DATABASE_URL", "PORT", "HOST", "QUEUE_PREFIX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(log.voice, "logger", log.voice.logger)
    async with AsyncExitStack() as stack:

        async def start(*args: Any, **options: Any) -> Process:
            process = await corral.start_proxy(*args, **options)
            stack.push_async_callback(process.stop, 0.1)
            return process

        yield start


async def test_p78_port_and_connections(
    own_engine: RunningEngine, start_proxy: StartProxy, endpoint: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "secret")
    monkeypatch.setenv("HOST", "127.0.0.1")
    port = free_port()
    connection = {"host": "127.0.0.1", "port": own_engine.port}
    workers_connection = {**connection, "maxRetriesPerRequest": None}
    process = await start_proxy(port, connection, workers_connection, {"queue_prefix": "shop"})
    assert process.port == port
    client = Client(port, "secret")
    await client.register("orders", endpoint.url)
    [job] = await client.add("orders", {"name": "n", "data": 1})
    assert job["queueQualifiedName"] == "shop:orders"
    await endpoint.next()


async def test_p78_connection_and_keys(
    own_engine: RunningEngine, start_proxy: StartProxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", str(port := free_port()))
    monkeypatch.setenv("HOST", "127.0.0.1")
    async with AsyncRedis.from_url(own_engine.url) as connection:
        process = await start_proxy(connection, ["one", "two"])
    assert process.port == port
    statuses = {key: (await Client(port, key).call("GET", "/workers")).status for key in ("one", "two", "three")}
    assert statuses == {"one": 200, "two": 200, "three": 401}


async def test_p78_without_workers(
    own_engine: RunningEngine, start_proxy: StartProxy, endpoint: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "secret")
    monkeypatch.setenv("HOST", "127.0.0.1")
    process = await start_proxy(0, own_engine.url, None, {"skipInitWorkers": True})
    client = Client(process.port, "secret")
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    other = await start_proxy(0, own_engine.url)
    await until(lambda: other.worker_queues == ["orders"])
    assert process.worker_queues == []
    await endpoint.next()


async def test_p78_clean_proxy_forgets_every_worker(
    own_engine: RunningEngine, start_proxy: StartProxy, endpoint: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "secret")
    monkeypatch.setenv("HOST", "127.0.0.1")
    process = await start_proxy(0, own_engine.url)
    client = Client(process.port, "secret")
    await asyncio.gather(*(client.register(f"orders-{n}", endpoint.url) for n in range(3)))
    await client.add("orders", {"name": "n", "data": 1})
    await process.stop(0.1)
    await corral.clean_proxy(own_engine.url)
    with behind(own_engine) as redis:
        assert not redis.exists("bmqp:w:meta", "bmpq:w:stream")
        assert redis.exists("bull:orders:wait")


async def test_p78_on_postgres(
    database: str, start_proxy: StartProxy, endpoint: EndpointServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTH_TOKENS", "secret")
    monkeypatch.setenv("HOST", "127.0.0.1")
    monkeypatch.setenv("REDIS_URL", "redis://localhost:1")
    process = await start_proxy(0, database, database)
    client = Client(process.port, "secret")
    await client.register("orders", endpoint.url)
    await client.add("orders", {"name": "n", "data": 1})
    await endpoint.next()
    await process.stop(0.1)
    await corral.clean_proxy(database)
    again = await start_proxy(database, ["secret"])
    assert (await Client(again.port, "secret").call("GET", "/workers")).json() == {}
    with pytest.raises(ValueError, match="same place"):
        await corral.start_proxy(0, database, f"{database}2")
