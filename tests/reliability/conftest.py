"""Engines and endpoints for tests that break things."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from corral.testing.engines import RunningEngine, start_engine
from corral.testing.fault_proxy import FaultProxy
from tests.acceptance.endpoint import EndpointServer
from tests.reliability.counting import CountingEndpoint


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[RunningEngine]:
    """An engine that the test may kill; what it has acknowledged is on disk."""
    with start_engine(tmp_path / "engine", tcp=True, durability="fsync") as running:
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
