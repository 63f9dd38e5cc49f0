"""Engines and endpoints for tests that break things."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.fault_proxy import FaultProxy
from corral.testing.postgres import RunningPostgres, start_postgres
from tests.acceptance.endpoint import EndpointServer
from tests.reliability.counting import CountingEndpoint


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    """An engine that the test may kill; what it has acknowledged is on disk."""
    with start_engine(tmp_path / "engine", tcp=True, durability="fsync") as running:
        yield running


@pytest.fixture
def durable() -> Iterator[RunningPostgres]:
    """A Postgres that the test may kill; what it has committed is on disk."""
    with start_postgres(durable=True) as running:
        yield running


@pytest.fixture
async def proxy(engine: RunningEngine) -> AsyncIterator[FaultProxy]:
    """A faulty network before `engine`."""
    async with FaultProxy(f"127.0.0.1:{engine.port}") as between:
        yield between


@pytest.fixture
async def counting() -> AsyncIterator[CountingEndpoint]:
    async with CountingEndpoint() as endpoint:
        yield endpoint


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointServer]:
    """An endpoint whose answers the test scripts."""
    async with EndpointServer() as server:
        yield server


Connect = Callable[..., Awaitable[RedisStore]]


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    """Opens a store of the test's own, past corral."""
    async with AsyncExitStack() as stack:

        async def start(url: str, prefix: str = "bull") -> RedisStore:
            store = RedisStore(Address.from_url(url), prefix=prefix)
            await store.start()
            stack.push_async_callback(store.close)
            await store.ready(30)
            return store

        yield start
