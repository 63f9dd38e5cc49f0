"""One engine for all acceptance tests; each test has a prefix, servers and an endpoint of its own."""

import itertools
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from redis import Redis

from corral.testing.engines import RunningEngine, start_engine
from corral.testing.server import RunningServer, running_server
from tests.acceptance.client import Client
from tests.acceptance.endpoint import EndpointServer

Serve = Callable[..., Awaitable[RunningServer]]

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("engine"), tcp=True) as running:
        yield running


@pytest.fixture(scope="session")
def redis(engine: RunningEngine) -> Iterator[Redis]:
    """The engine behind corral's back."""
    with Redis(unix_socket_path=str(engine.socket_path), decode_responses=True) as client:
        yield client


@pytest.fixture
def prefix() -> str:
    """Leads every key of this test; workers are in `prefix:meta` and `prefix:stream`."""
    return f"t{next(_numbers)}"


@pytest.fixture
async def serve(engine: RunningEngine, prefix: str) -> AsyncIterator[Serve]:
    """Starts a server, by default on the common engine; settings are those of `Settings`."""
    async with AsyncExitStack() as stack:

        async def start(redis_url: str | None = None, **settings: Any) -> RunningServer:
            own: dict[str, Any] = {
                "queue_prefix": prefix,
                "worker_metadata_key": f"{prefix}:meta",
                "worker_metadata_stream": f"{prefix}:stream",
                "shutdown_timeout": 0.1,
                "grace": 0.1,
            }
            running = running_server(redis_url or engine.url, **(own | settings))
            return await stack.enter_async_context(running)

        yield start


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
