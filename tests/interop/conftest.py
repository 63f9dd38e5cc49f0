"""One engine of each kind and one Node process for all interop tests; each test has a prefix and servers of its own.

What Node does through `bull` is tried with both versions on Redis and with the sixth on Postgres, unless the test looks
behind corral's back. BullMQ's own newest migrations are run there, which go further than those that corral brings.
"""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest
from redis import Redis

from corral.store.store import Store
from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.stores.redis.address import Address
from corral.stores.redis.store import RedisStore
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.postgres import RunningPostgres
from tests.acceptance.conftest import client, endpoint, serve, server  # noqa: F401 - fixtures, on the engine here
from tests.emptied import Emptied, emptied_on
from tests.interop.bull import Bull
from tests.interop.child import Node

_numbers = itertools.count(1)
_REDIS_ALONE = {"redis", "store"}


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


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "kind" in metafunc.fixturenames:
        metafunc.parametrize("kind", _kinds(metafunc))


def _kinds(metafunc: pytest.Metafunc) -> tuple[str, ...]:
    chosen = metafunc.definition.get_closest_marker("kinds")
    if chosen is not None:
        return chosen.args
    if "bull" not in metafunc.fixturenames:
        return ("bullmq6",)
    on_redis = ("bullmq5", "bullmq6")
    return on_redis if _REDIS_ALONE.intersection(metafunc.fixturenames) else (*on_redis, "postgres")


@pytest.fixture(scope="session")
def emptied(postgres: RunningPostgres) -> Iterator[Emptied]:
    """Of these tests' own, because BullMQ migrates it."""
    with emptied_on(postgres) as database:
        yield database


@pytest.fixture
def engine_url(kind: str, request: pytest.FixtureRequest) -> str:
    """Where the servers keep their jobs."""
    if kind == "postgres":
        url: str = request.getfixturevalue("database")
    else:
        url = request.getfixturevalue("engine").url
    return url


@pytest.fixture
async def bull(node: Node, prefix: str, kind: str, engine_url: str) -> AsyncIterator[Bull]:
    """Node BullMQ in each version, and on each engine."""
    yield Bull(node, prefix, engine_url if kind == "postgres" else int(kind.removeprefix("bullmq")))
    await node.run("await closeAll()")  # while its database is as it was


@pytest.fixture
def prefix() -> str:
    """Leads every key of this test."""
    return f"i{next(_numbers)}"


@pytest.fixture
async def store(engine: RunningEngine, prefix: str) -> AsyncIterator[RedisStore]:
    store = RedisStore(Address(path=str(engine.socket_path)), prefix=prefix)
    await store.start()
    await store.ready(30)
    yield store
    await store.close()


@pytest.fixture
async def ours(kind: str, engine_url: str, engine: RunningEngine, prefix: str) -> AsyncIterator[Store]:
    """corral's own store of the jobs that `bull` works on, on each engine."""
    address = Address(path=str(engine.socket_path))
    store = PostgresStore(engine_url, Schema.named()) if kind == "postgres" else RedisStore(address, prefix=prefix)
    await store.start()
    await store.ready(30)
    yield store
    await store.close()
