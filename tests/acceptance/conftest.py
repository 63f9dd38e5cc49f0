"""One engine of each kind for all acceptance tests; each test has a prefix, servers and an endpoint of its own.

A test runs on every kind of engine, unless it looks behind corral's back or brings an engine along.
"""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from corral.testing.engines import RunningEngine, start_engine
from corral.testing.server import TOKEN, RunningServer, running_server
from corral.wiring.process import Process
from corral.wiring.sources import load
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer

Serve = Callable[..., Awaitable[RunningServer]]
ServeVariables = Callable[..., Awaitable[Process]]

_numbers = itertools.count(1)
_REDIS_ALONE = {"redis", "engine", "own_engine", "serve_variables"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "engine_url" in metafunc.fixturenames:
        alone = _REDIS_ALONE.intersection(metafunc.fixturenames) or metafunc.definition.get_closest_marker("one_engine")
        metafunc.parametrize("engine_url", ["redis"] if alone else ["redis", "postgres"], indirect=True)


def behind(engine: RunningEngine, db: int = 0) -> Redis:
    """The engine behind corral's back."""
    path = str(engine.socket_path)
    return Redis(unix_socket_path=path, db=db, decode_responses=True, encoding_errors="surrogateescape")


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine"), tcp=True) as running:
        yield running


@pytest.fixture(scope="session")
def redis(engine: RunningEngine) -> Iterator[Redis]:
    """The common engine behind corral's back."""
    with behind(engine) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """Leads every key of this test; workers are in `prefix:meta` and `prefix:stream`."""
    return f"t{next(_numbers)}"


@pytest.fixture
def engine_url(request: pytest.FixtureRequest) -> str:
    """The URL of an engine in which nothing is but what the test puts there, under its prefix."""
    if request.param == "redis":
        engine: RunningEngine = request.getfixturevalue("engine")
        return engine.url
    url: str = request.getfixturevalue("database")
    return url


@pytest.fixture
async def serve(engine_url: str, prefix: str) -> AsyncIterator[Serve]:
    """Starts a server, by default on the common engine; settings are those of `Settings`."""
    async with AsyncExitStack() as stack:

        async def start(url: str | None = None, **settings: Any) -> RunningServer:
            own: dict[str, Any] = {
                "queue_prefix": prefix,
                "worker_metadata_key": f"{prefix}:meta",
                "worker_metadata_stream": f"{prefix}:stream",
                "shutdown_timeout": 0.1,
                "grace": 0.1,
                "pool_size": 3,
            }
            running = running_server(url or engine_url, **(own | settings))
            return await stack.enter_async_context(running)

        yield start


@pytest.fixture
async def serve_variables(prefix: str, tmp_path: Path) -> AsyncIterator[ServeVariables]:
    """Starts a server from environment variables alone, as `corral serve` reads them."""
    async with AsyncExitStack() as stack:

        async def start(**environ: str) -> Process:
            own = {"HOST": "127.0.0.1", "PORT": "0", "QUEUE_PREFIX": prefix, "AUTH_TOKENS": TOKEN}
            process = Process(load({}, own | environ, tmp_path).settings)
            await process.start()
            stack.push_async_callback(process.stop, 0.1)
            return process

        yield start


@pytest.fixture
def own_engine(tmp_path: Path) -> Iterator[RunningEngine]:
    """An engine that the test may kill."""
    with start_engine(tmp_path / "engine", tcp=True) as running:
        yield running


@pytest.fixture
async def server(serve: Serve) -> RunningServer:
    return await serve()


@pytest.fixture
async def client(server: RunningServer) -> Client:
    """Calls `server` with its token."""
    return Client(server.port)


@pytest.fixture
async def endpoint() -> AsyncIterator[EndpointServer]:
    """Answers every call with `{"ok": true}` until its `script` is changed."""
    async with EndpointServer() as server:
        yield server
