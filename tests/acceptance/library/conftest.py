"""Contexts on every engine that the library works on; each test has jobs of its own."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from corral import Context
from corral.testing.engines import RunningEngine, start_engine
from tests.acceptance.library.kit import Events

NewContext = Callable[..., Context]

_numbers = itertools.count(1)
ENGINES = ("redis", "postgres")


@pytest.fixture(scope="session")
def redis_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("library")) as running:
        yield running


@pytest.fixture(params=ENGINES)
def library_place(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Where the contexts of this test keep their jobs."""
    prefix = f"lib{next(_numbers)}"
    if request.param == "redis":
        engine: RunningEngine = request.getfixturevalue("redis_engine")
        return {"dsn": engine.url, "prefix": prefix}
    return {"dsn": request.getfixturevalue("database"), "prefix": prefix}


@pytest.fixture
async def new_context(library_place: dict[str, Any]) -> AsyncIterator[NewContext]:
    """Makes contexts that share their jobs and close with the test; options are those of `Context`."""
    async with AsyncExitStack() as stack:

        def make(**options: Any) -> Context:
            context = Context(**library_place, **options)
            stack.push_async_callback(context.close)
            return context

        yield make


@pytest.fixture
def context(new_context: NewContext) -> Context:
    return new_context()


@pytest.fixture
def events(context: Context) -> Events:
    """What `context` tells its handlers."""
    return Events(context)
