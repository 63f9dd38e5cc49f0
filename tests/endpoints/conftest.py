"""The HTTP client is tested on both event loops that it may meet."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping

import pytest
import uvloop

from corral.endpoints.http import HttpPool

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def pytest_asyncio_loop_factories(config: pytest.Config, item: pytest.Item) -> Mapping[str, LoopFactory]:
    loops: dict[str, LoopFactory] = {"asyncio": asyncio.new_event_loop}
    if item.path.name.startswith(("test_http", "test_call")):
        loops["uvloop"] = uvloop.new_event_loop
    return loops


@pytest.fixture
async def pool() -> AsyncIterator[HttpPool]:
    async with HttpPool() as pool:
        yield pool
