"""What every test may rely on."""

import itertools
import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from corral.testing.postgres import RunningPostgres, start_postgres

_numbers = itertools.count(1)

collect_ignore = ["interop"] if os.environ.get("CORRAL_NO_NODE") else []

# How long an example takes says how busy the machine is, and nothing of what is tested.
settings.register_profile("untimed", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres() -> Iterator[RunningPostgres]:
    """A server for all tests that need none of their own."""
    with start_postgres() as running:
        yield running


@pytest.fixture(scope="module")
def database(postgres: RunningPostgres) -> Iterator[str]:
    """The URL of a database of the module's own, with both schemas; a test leaves it empty behind."""
    name = f"m{next(_numbers)}"
    yield postgres.create_migrated(name)
    postgres.drop(name)
