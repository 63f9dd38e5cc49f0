"""One engine for the tests of workers, and stores that close themselves."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.fault_proxy import FaultProxy
from corral.worker.worker import Worker
from tests.worker.kit import Run, Told, new_worker

OpenStore = Callable[[str], Awaitable[RedisStore]]
StartWorker = Callable[..., Worker]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine")) as running:
        yield running


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[RunningEngine]:
    """An engine that the test may kill; what it has acknowledged is on disk."""
    with start_engine(tmp_path / "engine", tcp=True, durability="fsync") as running:
        yield running


@pytest.fixture
async def open_store() -> AsyncIterator[OpenStore]:
    """Opens a store by URL."""
    async with AsyncExitStack() as stack:

        async def start(url: str) -> RedisStore:
            store = RedisStore(Address.from_url(url))
            await store.start()
            stack.push_async_callback(store.close)
            await store.ready(30)
            return store

        yield start


@pytest.fixture
async def store(open_store: OpenStore, engine: RunningEngine) -> RedisStore:
    return await open_store(engine.url)


@pytest.fixture
async def proxy(engine: RunningEngine) -> AsyncIterator[FaultProxy]:
    """A faulty network before the common engine."""
    async with FaultProxy(engine.socket_path) as between:
        yield between


@pytest.fixture
def queue() -> str:
    return f"queue{next(_numbers)}"


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
async def start_worker(told: Told) -> AsyncIterator[StartWorker]:
    """Starts a worker that ends with the test; settings are those of `WorkerSettings`."""
    async with AsyncExitStack() as stack:

        def start(store: RedisStore, queue: str, call: Run, **settings: Any) -> Worker:
            worker = new_worker(store, queue, call, told, **settings)
            worker.start()
            stack.push_async_callback(worker.stop, 0)
            return worker

        yield start
