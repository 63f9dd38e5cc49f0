"""One engine and one Node process for all interop tests; each test has a prefix, a store and a server of its own."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine, start_engine
from tests.acceptance.conftest import client, endpoint, serve, server  # noqa: F401 - fixtures, on the engine here
from tests.interop.bull import Bull
from tests.interop.child import Node

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine"), tcp=True) as running:
        yield running


@pytest.fixture(scope="session")
def redis(engine: RunningEngine) -> Iterator[Redis]:
    """The engine behind everybody's back; replies are bytes."""
    with Redis(unix_socket_path=str(engine.socket_path)) as raw:
        yield raw


@pytest.fixture(scope="session")
def node_process(engine: RunningEngine) -> Iterator[Node]:
    node = Node(str(engine.socket_path))
    yield node
    node.stop()


@pytest.fixture
async def node(node_process: Node) -> AsyncIterator[Node]:
    """What a test opens there is closed when it ends."""
    yield node_process
    await node_process.run("await closeAll()")


@pytest.fixture(params=[5, 6], ids=["bullmq5", "bullmq6"])
def bull(node: Node, prefix: str, request: pytest.FixtureRequest) -> Bull:
    """Node BullMQ, once in each version."""
    return Bull(node, prefix, request.param)


@pytest.fixture
def engine_url(engine: RunningEngine) -> str:
    """Where the servers keep their jobs."""
    return engine.url


@pytest.fixture
def prefix() -> str:
    """Leads every key of this test."""
    return f"i{next(_numbers)}"


@pytest.fixture
async def store(engine: RunningEngine, prefix: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(Address(path=str(engine.socket_path)), prefix=prefix)
    await store.start()
    await store.ready(5)
    yield store
    await store.close()
