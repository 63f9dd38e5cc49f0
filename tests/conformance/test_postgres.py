"""The Postgres engine keeps every promise of the store."""

import itertools
from collections.abc import AsyncIterator, Iterator

import pytest

from corral.stores.postgres.schema import Schema
from corral.stores.postgres.store import PostgresStore
from corral.testing.conformance import Case, cases
from corral.testing.postgres import RunningPostgres, start_postgres

_CASES = cases()
_numbers = itertools.count(1)


@pytest.fixture(scope="module")
def postgres() -> Iterator[RunningPostgres]:
    with start_postgres() as running:
        yield running


@pytest.fixture
async def store(postgres: RunningPostgres) -> AsyncIterator[PostgresStore]:
    database = f"c{next(_numbers)}"
    store = PostgresStore(postgres.create_migrated(database), Schema.named())
    await store.start()
    await store.ready(5)
    yield store
    await store.close()
    postgres.drop(database)


@pytest.mark.parametrize("case", _CASES.values(), ids=_CASES.keys())
async def test_the_promise(case: Case, store: PostgresStore) -> None:
    await case(store)
