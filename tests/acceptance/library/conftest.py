"""Contexts on every engine that the library works on; each test has jobs of its own."""

import itertools
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest

from corral import Context
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.postgres import RunningPostgres, start_postgres
from tests.acceptance.library.kit import Events

NewContext = Callable[..., Context]

_numbers = itertools.count(1)
ENGINES = ("redis", "postgres")


@pytest.fixture(scope="session")
def redis_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    with start_engine(tmp_path_factory.mktemp("library")) as running:
        yield running


@pytest.fixture(scope="session")
def postgres_template() -> Iterator[RunningPostgres]:
    with start_postgres() as running:
        yield running


@pytest.fixture(params=ENGINES)
def library_place(request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """Where the contexts of this test keep their jobs."""
    name = f"lib{next(_numbers)}"
    if request.param == "redis":
        engine: RunningEngine = request.getfixturevalue("redis_engine")
        yield {"dsn": engine.url, "prefix": name}
        return
    postgres: RunningPostgres = request.getfixturevalue("postgres_template")
    yield {"dsn": postgres.create_migrated(name), "prefix": name}
    postgres.drop(name)


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
