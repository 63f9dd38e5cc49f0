"""What every test may rely on."""

import gc
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from corral.testing.postgres import RunningPostgres, start_postgres
from tests.emptied import Emptied, emptied_on

collect_ignore = ["interop"] if os.environ.get("CORRAL_NO_NODE") else []

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


def pytest_configure() -> None:
    gc.disable()


def pytest_collection_finish() -> None:
    """What is loaded by now stays; looking for cycles in it, again and again, took an eighth of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)
    gc.enable()


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    """A server for all tests that need none of their own."""
    with start_postgres() as running:
        yield running


@pytest.fixture(scope="session")
def emptied(postgres: RunningPostgres) -> Iterator[Emptied]:
    """A database for all tests that leave its schemas and its statistics as they are."""
    with emptied_on(postgres) as database:
        yield database


@pytest.fixture
def database(emptied: Emptied) -> Iterator[str]:
    """The URL of a database with both schemas, in which nothing is but what the test puts there."""
    yield emptied.url
    emptied.wipe()
